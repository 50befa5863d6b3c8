// The clock and the chance that everything above the lock table is given, so that tests can turn them by hand.
import type { Now } from '../core';

/** A timer that was set; `cancel` may be called at any time, also twice. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  now(): Now;
  /** Calls back once after `delayMs` (any length, `Infinity` never); never keeps the process alive. */
  setTimer(delayMs: number, callback: () => void): Timer;
}

/** Chance: a number from 0 up to, but not, 1. */
export type Random = () => number;
