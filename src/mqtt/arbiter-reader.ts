// Reads all that a broker retains under some filters, and learns by that whether we hear what we write. The end is marked
// by a retained message of our own: what one subscription brings comes in the order of its filters, on any broker.
import type { Timer } from '../protocol';
import type { Context, Timing } from './arbiter-context';
import type { Transport, TransportMessage } from './transport';

/** Retained payloads by topic. */
export type Found = ReadonlyMap<string, Uint8Array>;

/** What we wrote did not come back. */
class NotHeard extends Error {}

interface Reading {
  readonly found: Map<string, Uint8Array>;
  /** Topics that must bring `mark` before all is read. */
  readonly awaited: Set<string>;
  readonly mark: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** Monotonic ms at which something came last. */
  heardAt: number;
  timer: Timer | undefined;
}

/** What a reader needs to know. */
export type ReaderContext = Pick<Context, 'clock' | 'instance'> & {
  readonly timing: Pick<Timing, 'echoWait'>;
};

export class Reader {
  readonly #context: ReaderContext;
  readonly #transport: Transport;
  readonly #markTopic: string;
  #reading: Reading | undefined;
  #count = 0;

  /** `markTopic` is one on which nobody else writes. */
  constructor(context: ReaderContext, transport: Transport, markTopic: string) {
    this.#context = context;
    this.#transport = transport;
    this.#markTopic = markTopic;
  }

  /**
   * Subscribes, and resolves to what is retained. `echoes` are topics on which something not retained must come back
   * after that, because the filters cover them.
   * @throws {NotHeard} if something of ours does not come back in time.
   */
  async read(filters: readonly string[], echoes: readonly string[] = []): Promise<Found> {
    const markTopic = this.#markTopic;
    const mark = `${this.#context.instance} ${++this.#count}`;
    const found = new Map<string, Uint8Array>();
    await this.#transport.publish(markTopic, mark, { qos: 1, retain: true });
    const whole = this.#await({ found, mark, awaited: new Set([markTopic, ...echoes]) });
    await Promise.all([whole, this.#ask([...filters, markTopic], echoes, mark)]);
    await this.#transport.unsubscribe(markTopic);
    await this.#transport.publish(markTopic, '', { qos: 1, retain: true });
    return found;
  }

  async #ask(filters: readonly string[], echoes: readonly string[], mark: string): Promise<void> {
    try {
      // At QoS 0, because at QoS 1 a broker may drop what is more than its queue takes.
      await this.#transport.subscribe(filters, 0);
      for (const echo of echoes) await this.#transport.publish(echo, mark, { qos: 1, retain: false });
    } catch (error) {
      this.abort(error);
      throw error;
    }
  }

  /** Whether a message belonged to what is being read. */
  take({ topic, payload, retain }: TransportMessage): boolean {
    const reading = this.#reading;
    if (reading === undefined) return false;
    if (reading.awaited.has(topic) && new TextDecoder().decode(payload) === reading.mark) {
      reading.awaited.delete(topic);
      if (reading.awaited.size === 0) reading.resolve();
      return true;
    }
    if (!retain) return false;
    reading.found.set(topic, payload);
    reading.heardAt = this.#context.clock.now().monotonic;
    return true;
  }

  /** Has the broker forget a mark that is there though nobody reads: its store may be as it was in the midst of a reading. */
  clear(): void {
    // Without a connection it stands until there is one.
    this.#transport.publish(this.#markTopic, '', { qos: 1, retain: true }).catch(() => undefined);
  }

  /** The connection is gone. */
  abort(error: unknown): void {
    this.#reading?.reject(error);
  }

  #await(asked: Pick<Reading, 'found' | 'mark' | 'awaited'>): Promise<void> {
    let reading: Reading | undefined;
    const whole = new Promise<void>((resolve, reject) => {
      reading = { ...asked, resolve, reject, heardAt: this.#context.clock.now().monotonic, timer: undefined };
      this.#wait(reading);
    });
    this.#reading = reading;
    return whole.finally(() => {
      reading?.timer?.cancel();
      if (this.#reading === reading) this.#reading = undefined;
    });
  }

  /** A large store may take its time, as long as something comes of it. */
  #wait(reading: Reading): void {
    const { clock, timing } = this.#context;
    const left = reading.heardAt + timing.echoWait - clock.now().monotonic;
    const { awaited, reject } = reading;
    if (left <= 0) reject(new NotHeard(`nothing comes back from ${[...awaited].join(', ')}`));
    else reading.timer = clock.setTimer(left, () => this.#wait(reading));
  }
}
