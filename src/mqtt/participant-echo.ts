// Whether all has been seen that the broker had by now: something of our own, published now, comes back after it.
import type { Timer } from '../protocol';
import type { ParticipantContext } from './participant-context';
import type { Transport, TransportMessage } from './transport';

export class EchoProbe {
  readonly #context: ParticipantContext;
  readonly #transport: Transport;
  readonly #topic: string;
  #count = 0;
  /** Those who wait, by the number that must come back. */
  readonly #waits = new Map<number, () => void>();
  #listening: Promise<void> | undefined;

  /** `topic` is one on which nobody else writes. */
  constructor(context: ParticipantContext, transport: Transport, topic: string) {
    this.#context = context;
    this.#transport = transport;
    this.#topic = topic;
  }

  /** Resolves when it has come back; without a connection, and when that takes too long, there is no more to be known. */
  async pass(): Promise<void> {
    const { clock, timing, instance } = this.#context;
    const number = ++this.#count;
    let timer: Timer | undefined;
    const over = new Promise<void>((resolve) => {
      this.#waits.set(number, resolve);
      timer = clock.setTimer(timing.echoWait, resolve);
    });
    this.#send(`${instance} ${number}`).catch(() => this.#heard(number));
    await over;
    timer?.cancel();
    this.#waits.delete(number);
  }

  /** Whether a message was one of these. */
  take({ topic, payload }: TransportMessage): boolean {
    if (topic !== this.#topic) return false;
    const own = `${this.#context.instance} `;
    const text = new TextDecoder().decode(payload);
    if (text.startsWith(own)) this.#heard(Number(text.slice(own.length)));
    return true;
  }

  /** The connection is gone. */
  leave(): void {
    this.#listening = undefined;
    this.#heard(this.#count);
  }

  async #send(text: string): Promise<void> {
    this.#listening ??= this.#transport.subscribe(this.#topic, 0);
    await this.#listening;
    await this.#transport.publish(this.#topic, text, { qos: 0, retain: false });
  }

  #heard(last: number): void {
    for (const [number, resolve] of this.#waits) if (number <= last) resolve();
  }
}
