// What every part of the arbiter is given: its names, its clock, the rules in force, and where to complain.
import type { Limits } from '../core';
import type { Clock } from '../protocol';
import type { Defaults } from './defaults';
import type { Levels } from './levels';
import type { Policy } from './policy';
import type { Topics } from './topics';

/** Settings that may change while claims are alive. */
export interface Rules {
  readonly levels: Levels;
  readonly policy: Policy;
  /** What a free resource shows. */
  readonly defaults: Defaults;
  /** Holder and value as plain text on topics of their own, for devices that cannot read JSON. */
  readonly plainText: boolean;
}

export interface Log {
  info(text: string): void;
  warn(text: string): void;
}

/** Lengths in ms. */
export interface Timing {
  /** How long the broker is waited for at the start before flows go on without it. */
  readonly startWait: number;
  /** How long an echo of what we write may take. */
  readonly echoWait: number;
  /** When to try again to write where we may not. */
  readonly retry: number;
  /** How long a free resource keeps its retained state. */
  readonly freeState: number;
}

export const DEFAULT_TIMING: Timing = {
  startWait: 5_000,
  echoWait: 10_000,
  retry: 60_000,
  freeState: 3_600_000,
};

/** Settings of an arbiter that stay as they are. */
export interface ArbiterSettings {
  /** Default `locks`. */
  readonly prefix?: string;
  /** The name of this runtime, the same after every restart. */
  readonly requester: string;
  /** Made anew at each process start. */
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly rules: Rules;
  readonly limits?: Partial<Limits>;
  readonly timing?: Partial<Timing>;
  /** Publishes the audit stream; default `true`. */
  readonly audit?: boolean;
}

export interface Context {
  readonly requester: string;
  readonly instance: string;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly log: Log;
  readonly timing: Timing;
  rules: Rules;
  /** The term number of this arbiter; 0 until it decides. */
  epoch: number;
}

const MAX_WALL_MS = 8.64e15;

/** ISO 8601 of the wall time at which a monotonic moment is due. */
export function isoAt(moment: number, now: { readonly monotonic: number; readonly wall: number }): string {
  return iso(now.wall + (moment - now.monotonic));
}

/** ISO 8601 of a wall time, cut to what a date can say. */
export function iso(wall: number): string {
  return new Date(Math.round(Math.max(-MAX_WALL_MS, Math.min(MAX_WALL_MS, wall)))).toISOString();
}
