// What comes while a broker's store is still being read: it is kept, and gone through in order afterwards.
import type { Log } from './arbiter-context';
import type { TransportMessage } from './transport';

/** So many messages are kept. */
const MOST_EARLY = 10_000;

export class EarlyMessages {
  readonly #log: Log;
  #kept: TransportMessage[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  keep(message: TransportMessage): void {
    if (this.#kept.length < MOST_EARLY) this.#kept.push(message);
    else this.#log.warn(`too many messages at once: the one on ${message.topic} is dropped`);
  }

  /** All of them, which are kept no longer. */
  take(): readonly TransportMessage[] {
    return this.#kept.splice(0);
  }
}
