// Tells the end of Node-RED from a deploy, which closes the same nodes: only before the end is the process told to end.
import type { EventEmitter } from 'node:events';
import { type Clock, systemClock } from '../../src/protocol';

/** What of a process is needed here. */
export type Ending = EventEmitter & Pick<NodeJS.Process, 'kill' | 'pid'>;

/** On these Node-RED ends. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2', 'SIGBREAK'] as const;
/** A signal after which nothing was closed for so long was not meant for the flows. */
const LATEST_CLOSE_MS = 15_000;

export class Shutdown {
  readonly #process: Ending;
  readonly #clock: Clock;
  /** Monotonic ms at which the process was told to end. */
  #toldAt = Number.NEGATIVE_INFINITY;
  #isWatching = false;

  constructor(whose: Ending, clock: Clock) {
    this.#process = whose;
    this.#clock = clock;
  }

  /** What is closed now will not be opened again. */
  get isUnderWay(): boolean {
    return this.#clock.now().monotonic - this.#toldAt < LATEST_CLOSE_MS;
  }

  /** Watches from now on, for as long as the process lives. */
  watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    // First of all: Node-RED closes its nodes before it returns from a signal.
    for (const signal of SIGNALS) this.#process.prependListener(signal, () => this.#hear(signal));
    // PM2 on Windows, where there are no signals. Where nobody listens yet, to listen would keep the process alive.
    if (this.#process.listenerCount('message') === 0) return;
    this.#process.prependListener('message', (message: unknown) => {
      if (message === 'shutdown') this.#note();
    });
  }

  #hear(signal: NodeJS.Signals): void {
    this.#note();
    if (this.#process.listenerCount(signal) > 1) return;
    // Where nobody else listens, a signal ends the process: our listening must not change that.
    this.#process.removeAllListeners(signal);
    this.#process.kill(this.#process.pid, signal);
  }

  #note(): void {
    this.#toldAt = this.#clock.now().monotonic;
  }
}

export const shutdown = new Shutdown(process, systemClock);
