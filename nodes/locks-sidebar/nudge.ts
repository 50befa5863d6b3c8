// Tells the editors that there is something to ask for: at most four times a second, however often something changes.
import type { Clock, Timer } from '../../src/protocol';

const PAUSE_MS = 250;

export class Nudge {
  readonly #clock: Clock;
  readonly #tell: () => void;
  #timer: Timer | undefined;
  /** Monotonic ms. */
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, tell: () => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** There is something new. */
  request(): void {
    if (this.#timer !== undefined) return;
    const since = this.#clock.now().monotonic - this.#toldAt;
    // Never at once: what comes of one message comes together.
    this.#timer = this.#clock.setTimer(Math.max(0, PAUSE_MS - since), () => {
      this.#timer = undefined;
      this.#toldAt = this.#clock.now().monotonic;
      this.#tell();
    });
  }
}
