// What has happened in a simulated history, as far as a reader of a failure wants to know: bounded, the latest is kept.

const MOST_LINES = 4_000;

export class Trace {
  #lines: string[] = [];
  readonly #time: () => number;

  /** `time` in ms. */
  constructor(time: () => number) {
    this.#time = time;
  }

  note(who: string, what: string): void {
    this.#lines.push(`${(this.#time() / 1_000).toFixed(3).padStart(9)}  ${who.padEnd(10)} ${what}`);
    if (this.#lines.length > 2 * MOST_LINES) this.#lines = this.#lines.slice(-MOST_LINES);
  }

  /** The last lines, at most so many. */
  last(count: number): readonly string[] {
    return this.#lines.slice(-count);
  }
}
