// A timer for what is put off far more often than it comes to pass: putting it off costs nothing, since it looks at the
// clock again when it comes too early.
import type { Clock, Timer } from '../protocol';

export class LazyTimer {
  readonly #clock: Clock;
  readonly #callback: () => void;
  /** Monotonic ms, as is all here. */
  #due = Infinity;
  #timer: Timer | undefined;
  /** When the timer comes: never later than it is due. */
  #timerDue = Infinity;

  constructor(clock: Clock, callback: () => void) {
    this.#clock = clock;
    this.#callback = callback;
  }

  /** Something is due. */
  get isSet(): boolean {
    return this.#due !== Infinity;
  }

  /** Calls back once so many ms after `now`, and not at the moment that was set before. */
  set(now: number, delayMs: number): void {
    this.#due = now + delayMs;
    if (this.#due >= this.#timerDue) return;
    this.#timer?.cancel();
    this.#start(delayMs);
  }

  /** Nothing is due any more. */
  clear(): void {
    this.#due = Infinity;
  }

  /** Nothing is due any more, and nothing is left behind. */
  stop(): void {
    this.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerDue = Infinity;
  }

  #start(delayMs: number): void {
    this.#timerDue = this.#due;
    this.#timer = this.#clock.setTimer(delayMs, () => this.#look());
  }

  #look(): void {
    this.#timer = undefined;
    this.#timerDue = Infinity;
    if (!this.isSet) return;
    const left = this.#due - this.#clock.now().monotonic;
    if (left > 0) {
      this.#start(left);
      return;
    }
    this.clear();
    this.#callback();
  }
}
