// How long to wait before trying again: longer each time, and never the same for everybody.

import type { Random } from '../protocol/clock';

export interface BackOffOptions {
  /** The first wait, in ms. */
  readonly first: number;
  /** The longest wait, in ms. */
  readonly longest: number;
  readonly random: Random;
}

export class BackOff {
  #failures = 0;
  readonly #options: BackOffOptions;

  constructor(options: BackOffOptions) {
    this.#options = options;
  }

  /** The wait before the next try, in ms: doubled each time, with up to half of it taken off by chance. */
  next(): number {
    const { first, longest, random } = this.#options;
    const wait = Math.min(longest, first * 2 ** this.#failures);
    // Enough to reach any longest wait, and never Infinity.
    this.#failures = Math.min(this.#failures + 1, 50);
    return wait * (1 - random() / 2);
  }

  /** It worked: the next failure is a first one. */
  reset(): void {
    this.#failures = 0;
  }
}
