// Complaints about what others send: in the log, but at most once a minute about the same thing, and not about many at
// once, so that nobody can fill a disk with it.
import type { Clock } from '../protocol';
import type { Log } from './arbiter-context';

const PAUSE_MS = 60_000;
/** Of so many different things in a minute; the rest is only counted. */
const MOST_PER_PAUSE = 20;

export class Complaints {
  readonly #log: Log;
  readonly #clock: Clock;
  #since = -Infinity;
  readonly #told = new Set<string>();
  #untold = 0;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** `subject` is what must not be complained about again so soon: a topic. */
  warn(subject: string, text: string): void {
    this.#turnPage();
    if (this.#told.has(subject)) return;
    if (this.#told.size >= MOST_PER_PAUSE) {
      this.#untold++;
      return;
    }
    this.#told.add(subject);
    this.#log.warn(text);
  }

  #turnPage(): void {
    const now = this.#clock.now().monotonic;
    if (now < this.#since + PAUSE_MS) return;
    this.#since = now;
    this.#told.clear();
    if (this.#untold > 0) this.#log.warn(`${this.#untold} more messages could not be acted upon`);
    this.#untold = 0;
  }
}
