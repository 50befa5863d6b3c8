// A process in a simulated world: its clock, which is never quite right, and whether it runs at all. What falls due while
// it stands still piles up and happens when it goes on.
import type { Now } from '../../src/core';
import type { Clock, Timer } from '../../src/protocol/clock';
import type { Chance } from './chance';
import type { Timeline } from './timeline';

export interface MachineOptions {
  readonly timeline: Timeline;
  readonly chance: Chance;
  /** How many ms of its own pass in one ms. */
  readonly rate: number;
  /** Ms since 1970, as it believes. */
  readonly wall: number;
}

interface Waiting {
  readonly isTimer: boolean;
  readonly callback: () => void;
}

export class Machine implements Clock {
  readonly #timeline: Timeline;
  readonly #chance: Chance;
  readonly #rate: number;
  readonly #startedAt: number;
  #wall: number;
  /** True ms for which its monotonic clock stood still. */
  #slept = 0;
  #sleepingSince: number | undefined;
  #state: 'running' | 'frozen' | 'suspended' | 'dead' = 'running';
  #backlog: Waiting[] = [];

  constructor({ timeline, chance, rate, wall }: MachineOptions) {
    this.#timeline = timeline;
    this.#chance = chance;
    this.#rate = rate;
    this.#wall = wall;
    this.#startedAt = timeline.time;
  }

  get state(): 'running' | 'frozen' | 'suspended' | 'dead' {
    return this.#state;
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  now(): Now {
    const time = this.#sleepingSince ?? this.#timeline.time;
    const monotonic = (time - this.#slept - this.#startedAt) * this.#rate;
    const wall = this.#wall + (this.#timeline.time - this.#startedAt) * this.#rate;
    return { monotonic, wall: Math.floor(wall) };
  }

  /** As timers of Node: whole ms, at least one, never early. */
  setTimer(delayMs: number, callback: () => void): Timer {
    if (delayMs === Infinity) return { cancel: () => undefined };
    const due = this.now().monotonic + Math.max(1, Math.ceil(delayMs));
    let isOver = false;
    let timer: Timer;
    const fire = () => {
      if (isOver) return;
      if (this.now().monotonic < due) wait();
      else {
        isOver = true;
        callback();
      }
    };
    const wait = () => {
      // A little more, so that the sum of fractions is never a little less.
      const left = (due - this.now().monotonic) / this.#rate + 1e-6;
      timer = this.#timeline.setTimer(left, () => this.#enter({ isTimer: true, callback: fire }));
    };
    wait();
    return {
      cancel: () => {
        isOver = true;
        timer.cancel();
      },
    };
  }

  /** Happens in this process: now, or when it goes on, or never if it dies before. */
  run(callback: () => void): void {
    this.#enter({ isTimer: false, callback });
  }

  /** As SIGSTOP does: its clock runs on. */
  freeze(): void {
    if (this.#state === 'running') this.#state = 'frozen';
  }

  /** As a closed lid does: its monotonic clock stands still, the wall clock runs on. */
  suspend(): void {
    if (this.#state !== 'running') return;
    this.#state = 'suspended';
    this.#sleepingSince = this.#timeline.time;
  }

  resume(): void {
    if (this.#state !== 'frozen' && this.#state !== 'suspended') return;
    if (this.#sleepingSince !== undefined) this.#slept += this.#timeline.time - this.#sleepingSince;
    this.#sleepingSince = undefined;
    this.#state = 'running';
    const backlog = this.#inSomeOrder(this.#backlog);
    this.#backlog = [];
    for (const waiting of backlog) this.#timeline.setTimer(0, () => this.#enter(waiting));
  }

  kill(): void {
    this.#state = 'dead';
    this.#backlog = [];
  }

  /** Somebody, or a time server, sets the wall clock. */
  jumpWall(ms: number): void {
    this.#wall += ms;
  }

  #enter(waiting: Waiting): void {
    if (this.#state === 'running') waiting.callback();
    else if (this.#state !== 'dead') this.#backlog.push(waiting);
  }

  /** Whether it looks at its timers or at its sockets first depends on where it was stopped. */
  #inSomeOrder(backlog: readonly Waiting[]): readonly Waiting[] {
    const timers = backlog.filter(({ isTimer }) => isTimer);
    const messages = backlog.filter(({ isTimer }) => !isTimer);
    return this.#chance.happens(0.5) ? [...timers, ...messages] : [...messages, ...timers];
  }
}
