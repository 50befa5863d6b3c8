// A clock that stands still until a test turns it.
import type { Clock, Timer } from '../../src/protocol/clock';

interface Due {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

export class HandClock implements Clock {
  monotonic = 0;
  /** May be set to anything at any time: it moves with `monotonic`, but nothing is kept by it. */
  wall: number;
  #timers = new Set<Due>();
  #order = 0;

  constructor(wall = Date.UTC(2026, 0, 1, 12)) {
    this.wall = wall;
  }

  now() {
    return { monotonic: this.monotonic, wall: this.wall };
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    if (delayMs === Infinity) return { cancel: () => undefined };
    const due = { at: this.monotonic + Math.max(0, delayMs), order: this.#order++, callback };
    this.#timers.add(due);
    return { cancel: () => void this.#timers.delete(due) };
  }

  /** How many timers are set: a leak shows here. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Lets time pass: runs what falls due, in order, with everything that promises do in between. */
  async advance(ms: number): Promise<void> {
    const end = this.monotonic + ms;
    await promisesSettled();
    for (let due = this.#next(end); due !== undefined; due = this.#next(end)) {
      this.#moveTo(due.at);
      this.#timers.delete(due);
      due.callback();
      await promisesSettled();
    }
    this.#moveTo(end);
  }

  /** The process, or all of the machine, stands still: what falls due meanwhile runs late. */
  async standStill(ms: number): Promise<void> {
    this.wall += ms;
    this.monotonic += ms;
    await this.advance(0);
  }

  #next(end: number): Due | undefined {
    let next: Due | undefined;
    for (const due of this.#timers) {
      if (due.at > end) continue;
      if (next === undefined || due.at < next.at || (due.at === next.at && due.order < next.order))
        next = due;
    }
    return next;
  }

  #moveTo(at: number): void {
    // What is overdue runs now.
    if (at <= this.monotonic) return;
    this.wall += at - this.monotonic;
    this.monotonic = at;
  }
}

/** One turn of the event loop: every promise that can go on without time or I/O has gone on. */
export function promisesSettled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
