// Notices that this process, or the whole machine, stood still: what was true before need not be true any more.
import type { Clock } from '../protocol';

export class Standstill {
  readonly #clock: Clock;
  readonly #longest: number;
  #last: ReturnType<Clock['now']>;

  /**
   * To be looked at once a `beat` (ms) at least. One beat more than that between two looks is a standstill, and so is a
   * wall clock that has gone on by as much while the monotonic one, as in a suspended machine, has not. One that was set
   * back may hide that.
   */
  constructor(clock: Clock, beat: number) {
    this.#clock = clock;
    this.#longest = beat;
    this.#last = clock.now();
  }

  /** Whether there was one since the last look. */
  look(): boolean {
    const now = this.#clock.now();
    const ran = now.monotonic - this.#last.monotonic;
    const passed = now.wall - this.#last.wall;
    this.#last = now;
    return ran > 2 * this.#longest || Math.abs(passed - ran) > this.#longest;
  }
}
