// The real clocks, for Node and browsers: the one place of the library that reads them or sets a timer.
import type { Clock, Timer } from './clock';

/** What `setTimeout` can take; beyond it would fire at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => ({ monotonic: performance.now(), wall: Date.now() }),
  setTimer(delayMs, callback) {
    if (delayMs === Infinity) return { cancel: () => undefined };
    return new LongTimer(delayMs, callback);
  },
};

/** A timer of any length that does not keep the process alive. */
class LongTimer implements Timer {
  #timeout: ReturnType<typeof setTimeout> | undefined;

  constructor(delayMs: number, callback: () => void) {
    this.#wait(delayMs, callback);
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }

  #wait(leftMs: number, callback: () => void): void {
    const step = Math.min(leftMs, LONGEST_TIMEOUT_MS);
    const next = step < leftMs ? () => this.#wait(leftMs - step, callback) : callback;
    this.#timeout = setTimeout(next, step);
    const timeout: unknown = this.#timeout;
    if (isNodeTimer(timeout)) timeout.unref();
  }
}

function isNodeTimer(timer: unknown): timer is { unref(): void } {
  return typeof timer === 'object' && timer !== null && 'unref' in timer;
}
