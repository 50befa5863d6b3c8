// The real clock of Node and of browsers. Its monotonic time goes on while the machine sleeps, as well as it can be
// told; its timers take any length and never keep a process alive.
import type { Now } from '../core';
import type { Clock, Timer } from './clock';

/** Where the time comes from. */
export interface TimeSources {
  /** Ms of a clock that never jumps, but may stand still while the machine sleeps. */
  readonly monotonic: () => number;
  /** Ms since 1970. */
  readonly wall: () => number;
  /** Seconds since the machine started, sleep included; absent where nothing tells. */
  readonly uptime?: (() => number) | undefined;
}

/** The wall clock is looked at this often: between two looks it goes on with the monotonic source, which is cheaper. */
const LOOK_MS = 50;
/** The wall clock drifts, and is corrected, by less than that between two looks. */
const SLEEP_MS = 2_000;
/** The wall clock of a machine that learns the date jumps by more than that, and no laptop sleeps so long. */
const LONGEST_SLEEP_MS = 30 * 86_400_000;
/** A timer looks at the clock this often, so that it is not late by a night's sleep. */
const LONGEST_TIMER_MS = 60_000;

export class SystemClock implements Clock {
  readonly #sources: TimeSources;
  /** What the wall clock, and the uptime, were ahead of the monotonic source when last looked at. */
  #wallLead: number;
  #uptimeLead: number;
  #nextLook = -Infinity;
  #sleptMs = 0;

  constructor(sources: TimeSources) {
    this.#sources = sources;
    const monotonic = sources.monotonic();
    this.#wallLead = sources.wall() - monotonic;
    this.#uptimeLead = this.#readUptime() - monotonic;
  }

  now(): Now {
    const monotonic = this.#sources.monotonic();
    if (monotonic >= this.#nextLook) this.#look(monotonic);
    return { monotonic: monotonic + this.#sleptMs, wall: Math.floor(monotonic + this.#wallLead) };
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const due = this.now().monotonic + delayMs;
    let handle: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      const leftMs = due - this.now().monotonic;
      if (leftMs <= 0) callback();
      else wait(leftMs);
    };
    const wait = (leftMs: number) => {
      handle = setTimeout(look, Math.min(Math.ceil(leftMs), LONGEST_TIMER_MS));
      letGo(handle);
    };
    if (due !== Infinity) wait(Math.max(0, delayMs));
    return { cancel: () => clearTimeout(handle) };
  }

  #look(monotonic: number): void {
    const wallLead = this.#sources.wall() - monotonic;
    const jump = wallLead - this.#wallLead;
    if (jump > SLEEP_MS || jump < -SLEEP_MS) this.#sleptMs += this.#sleepBehind(jump, monotonic);
    this.#wallLead = wallLead;
    this.#nextLook = monotonic + LOOK_MS;
  }

  /** The wall clock was set, or the machine has slept: only the uptime knows which. */
  #sleepBehind(jump: number, monotonic: number): number {
    if (this.#sources.uptime === undefined) return jump > 0 && jump < LONGEST_SLEEP_MS ? jump : 0;
    const slept = this.#readUptime() - monotonic - this.#uptimeLead;
    if (slept < SLEEP_MS) return 0;
    this.#uptimeLead += slept;
    return slept;
  }

  #readUptime(): number {
    return (this.#sources.uptime?.() ?? 0) * 1_000;
  }
}

/** Node's timers keep the process alive unless told not to; those of browsers are numbers. */
function letGo(handle: unknown): void {
  (handle as { unref?: () => void }).unref?.();
}

/** The part of Node that tells for how long the machine has been up, without an import that browsers would stumble over. */
interface Host {
  readonly process?: { getBuiltinModule?(name: 'node:os'): { uptime(): number } };
}

/** The clock of this machine. */
export const systemClock: Clock = new SystemClock({
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  uptime: (globalThis as Host).process?.getBuiltinModule?.('node:os').uptime,
});

/**
 * Lasts that many ms, or until the signal is aborted. Unlike the timers of the clock it keeps the process alive: somebody
 * waits for just this.
 */
export function sleep(lengthMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const handle = setTimeout(resolve, lengthMs);
    signal?.addEventListener('abort', () => {
      clearTimeout(handle);
      resolve();
    });
  });
}
