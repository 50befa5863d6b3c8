// A connection to the embedded broker without a socket, for the arbiter in the same process.
import type { Retained } from './journal-format';
import { subscribe } from './listeners';
import { topicMatcher } from './topic-filter';
import type { PublishOptions, Transport, TransportMessage } from './transport';

/** What the broker is to its in-process connections. */
export interface Hub {
  /** Resolves when the broker runs; never when it is stopped before. */
  readonly running: Promise<void>;
  /** Anybody but one in-process connection is there. */
  readonly hasAudience: boolean;
  /** Calls back when the broker has it, as it would acknowledge it to a client. */
  publish(message: Retained, retain: boolean, acknowledged: () => void): void;
  retainedUnder(filters: readonly string[]): Iterable<Retained>;
  /** Hands over every message as it is published, until the returned function is called. */
  join(connection: HubConnection): () => void;
}

export interface HubConnection {
  receive(topic: string, payload: Uint8Array): void;
  /** The broker has stopped. */
  end(reason: string): void;
}

export class EmbeddedTransport implements Transport, HubConnection {
  readonly #hub: Hub;
  #leave: (() => void) | undefined;
  /** Grows with each start and end: what belongs to an older one is of no interest. */
  #term = 0;
  readonly #filters = new Map<string, (topic: string) => boolean>();
  readonly #unacknowledged = new Set<(error: Error) => void>();
  readonly #messageListeners = new Set<(message: TransportMessage) => void>();
  readonly #connectionListeners = new Set<(connected: boolean, reason?: string) => void>();

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  get connected(): boolean {
    return this.#leave !== undefined;
  }

  get isHeard(): boolean {
    return this.#hub.hasAudience;
  }

  start(): void {
    const term = ++this.#term;
    void this.#hub.running.then(() => {
      if (term !== this.#term) return;
      this.#leave = this.#hub.join(this);
      for (const listener of [...this.#connectionListeners]) listener(true);
    });
  }

  async stop(): Promise<void> {
    this.#close('stopped');
  }

  end(reason: string): void {
    this.#close(reason);
    for (const listener of [...this.#connectionListeners]) listener(false, reason);
  }

  publish(topic: string, payload: string, { qos, retain }: PublishOptions): Promise<void> {
    if (!this.connected) return Promise.reject(new Error('not connected'));
    const message = { topic, payload: Buffer.from(payload), qos };
    return new Promise((resolve, reject) => {
      if (qos === 0) resolve();
      this.#unacknowledged.add(reject);
      this.#hub.publish(message, retain, () => {
        this.#unacknowledged.delete(reject);
        resolve();
      });
    });
  }

  /** What is retained has come before it resolves. */
  async subscribe(filters: string | readonly string[]): Promise<void> {
    if (!this.connected) throw new Error('not connected');
    const term = this.#term;
    // As over a socket: never before the caller goes on.
    await Promise.resolve();
    if (term !== this.#term) throw new Error('connection lost');
    const wanted = [filters].flat();
    for (const filter of wanted) this.#filters.set(filter, topicMatcher(filter));
    // A copy: whoever hears of them may publish at once.
    for (const { topic, payload } of [...this.#hub.retainedUnder(wanted)])
      this.#deliver(topic, payload, true);
  }

  async unsubscribe(filter: string): Promise<void> {
    if (!this.connected) throw new Error('not connected');
    this.#filters.delete(filter);
  }

  onMessage(listener: (message: TransportMessage) => void): () => void {
    return subscribe(this.#messageListeners, listener);
  }

  onConnection(listener: (connected: boolean, reason?: string) => void): () => void {
    return subscribe(this.#connectionListeners, listener);
  }

  receive(topic: string, payload: Uint8Array): void {
    for (const matches of this.#filters.values()) {
      if (!matches(topic)) continue;
      this.#deliver(topic, payload, false);
      return;
    }
  }

  #deliver(topic: string, payload: Uint8Array, retain: boolean): void {
    const message = { topic, payload, retain };
    for (const listener of [...this.#messageListeners]) listener(message);
  }

  #close(reason: string): void {
    this.#term += 1;
    this.#leave?.();
    this.#leave = undefined;
    this.#filters.clear();
    for (const reject of this.#unacknowledged) reject(new Error(`connection lost (${reason})`));
    this.#unacknowledged.clear();
  }
}
