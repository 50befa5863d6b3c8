// What every part of the arbiter is given: its names, its clock, the rules in force, and where to complain.
import { DEFAULT_LIMITS, type Json, type Limits } from '../core';
import type { Clock } from '../protocol';
import type { Defaults } from './defaults';
import type { Levels } from './levels';
import type { ArbiterMessage } from './messages';
import type { Policy } from './policy';
import { type Topics, topicsUnder } from './topics';

/** Settings that may change while claims are alive. */
export interface Rules {
  readonly levels: Levels;
  readonly policy: Policy;
  /** What a free resource shows. */
  readonly defaults: Defaults;
  /** Holder and value as plain text on topics of their own, for devices that cannot read JSON. */
  readonly plainText: boolean;
  /** The prefix under which Home Assistant is told of every resource; `undefined`: it is not. */
  readonly discovery?: string;
}

export interface Log {
  info(text: string): void;
  warn(text: string): void;
}

/** Lengths in ms. */
export interface Timing {
  /**
   * How long the broker is waited for at the start before flows go on without it. By default a session: until then,
   * participants may believe in what an earlier start has granted.
   */
  readonly startWait: number;
  /** How long an echo of what we write may take. */
  readonly echoWait: number;
  /** How long to wait at most before another try to write where we may not. */
  readonly retry: number;
  /** How long a free resource keeps its retained state. */
  readonly freeState: number;
  /** How long a session lives after its last beat. */
  readonly session: number;
  /** How often sessions and the arbiter say that they are alive. */
  readonly beat: number;
  /** How long an arbiter may be silent before another one takes over. */
  readonly failoverDelay: number;
  /** How long a holder in another process has to wind down before a resource moves, at least. */
  readonly handoverTimeout: number;
}

export const DEFAULT_TIMING: Timing = {
  startWait: 10_000,
  echoWait: 10_000,
  retry: 60_000,
  freeState: 3_600_000,
  session: 10_000,
  beat: 1_000,
  failoverDelay: 5_000,
  handoverTimeout: 1_000,
};

/** What this runtime was before its start. */
export interface Before {
  /** The instance that ran last under its name, where it is known to be dead. */
  readonly instance?: string;
  /** Other names that it had, under which it may have left claims. */
  readonly former?: readonly FormerName[];
}

/** What this runtime remembers of its prefix over its restarts. */
export interface Remembered {
  /** Others may believe in what was granted to them before this start; a store that is lost or old does not tell of it. */
  readonly othersMayHold: boolean;
  /** No token above it was given by this runtime: what was given without the broker no store tells of. */
  readonly tokenFloor: number;
}

export interface Memory extends Remembered {
  /** So it is from now on. */
  note(change: Partial<Remembered>): void;
}

/** For who remembers nothing. */
const NOTHING: Memory = { othersMayHold: false, tokenFloor: 0, note: () => undefined };

export interface FormerName {
  readonly name: string;
  /** The instance that had it last. */
  readonly instance: string;
}

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
  /** Known when it is started. */
  readonly before?: () => Before;
  /** Known when it is started. */
  readonly memory?: Memory;
}

export interface Context {
  readonly requester: string;
  readonly instance: string;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly log: Log;
  readonly timing: Timing;
  rules: Rules;
  /** Others may succeed this arbiter while its runtime lives. */
  readonly canBeSucceeded: boolean;
  /** The term number of this arbiter; before it decides, the last one that is known of. */
  epoch: number;
  /** The one with which it began: a store that has forgotten others lets it grow. */
  firstEpoch: number;
  readonly before: () => Before;
  readonly memory: Memory;
}

/** What an arbiter that can be succeeded is to know. */
export interface Term {
  /** The last one that was heard of. */
  readonly epoch: number;
  /** The highest one whose arbiter was heard alive on a connection that is still there; 0 if none was. */
  readonly witnessed: () => number;
  /** Calls back when that connection has shown to be there still, which is then; never if it is not. */
  readonly prove: (proven: () => void) => void;
  /** Monotonic ms until which the office is proved to be ours. */
  readonly validUntil: () => number;
}

/** Of all topics. */
export const DEFAULT_PREFIX = 'locks';

/** Throws a `RangeError` for a prefix that cannot be one. `lastEpoch`: the last that is known of. */
export function contextOf(settings: ArbiterSettings, canBeSucceeded: boolean, lastEpoch = 0): Context {
  const { prefix = DEFAULT_PREFIX, requester, instance, clock, log, rules, timing } = settings;
  const { before = () => ({}), memory = NOTHING } = settings;
  const topics = topicsUnder(prefix);
  return {
    ...{ requester, instance, before, memory, clock, log, rules, topics, canBeSucceeded },
    ...{ epoch: lastEpoch, firstEpoch: 0 },
    timing: { ...DEFAULT_TIMING, ...(timing?.session && { startWait: timing.session }), ...timing },
  };
}

/** The settings in force, as everybody may see them. */
export function settingsInForce(
  { rules, timing, canBeSucceeded }: Context,
  limits: Partial<Limits> = {},
): ArbiterMessage['settings'] {
  const { session, beat, failoverDelay, handoverTimeout, freeState } = timing;
  const settings = {
    levels: rules.levels.all,
    policy: rules.policy.rows,
    defaults: rules.defaults.all,
    discovery: rules.discovery,
    limits: { ...DEFAULT_LIMITS, ...limits },
    takeover: canBeSucceeded,
    ...{ session, beat, failoverDelay, handoverTimeout, freeState },
  };
  // As JSON has it: what is unlimited is absent.
  return JSON.parse(JSON.stringify(settings, (_, value: Json) => (value === Infinity ? undefined : value)));
}

const MAX_WALL_MS = 8.64e15;

/** ISO 8601 of the wall time at which a monotonic moment is due. */
export function isoAt(moment: number, now: { readonly monotonic: number; readonly wall: number }): string {
  return iso(now.wall + (moment - now.monotonic));
}

/** ISO 8601 of a wall time, cut to what a date can say. Spelled once for all that happens in one second. */
export function iso(wall: number): string {
  const ms = Math.round(Math.max(-MAX_WALL_MS, Math.min(MAX_WALL_MS, wall)));
  const second = Math.floor(ms / 1_000);
  if (second !== lastSecond) lastText = new Date(ms).toISOString().slice(0, -MS_LENGTH);
  lastSecond = second;
  return `${lastText}${String(ms - 1_000 * second).padStart(3, '0')}Z`;
}

/** Of `000Z`. */
const MS_LENGTH = 4;
let lastSecond = Number.NaN;
let lastText = '';
