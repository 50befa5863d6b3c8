// What the library needs of a place where locks live: five functions. Anyone can write another one, and hold it to the
// same rules with the conformance suite. Types only.
import type { By, DenialReason, Json, LossReason } from '../core';
import type { Clock } from './clock';

/**
 * A place where locks live. What can be answered at once may be answered without a promise. No promise rejects: what
 * cannot be done is a denial. Lengths are in ms, moments in monotonic ms of `clock`.
 */
export interface LockingProtocol {
  /**
   * Asks for what a claim wants. It may wait for as long as the claim says; answers with the outcome when the claim is
   * held, or has ended without that, or with `undefined` and tells the outcome to the claim's listener. It is a *once*
   * claim: when it is preempted or its lease runs out, it is lost.
   */
  obtain(claim: Claim): Answer<Outcome | undefined>;

  /**
   * Ends a claim, waiting or held. A wait that is ended so is denied as `withdrawn`. `yield` says that the holder
   * has wound down after a revocation. Answers with a denial (`unknown`) if there was nothing to end.
   */
  release(claim: Claim, how: 'release' | 'yield'): Answer<Denied | undefined>;

  /** Changes a held claim in place, or starts its lease again; answers as `obtain` does. */
  extend(claim: Claim, change: ClaimChange): Answer<Outcome>;

  /**
   * Says whom to tell what happens to a claim. Called before `obtain`, so that nothing is missed; over when the claim has
   * ended. A lease that runs out is told here, too. The listener never throws and never waits, and hears nothing before
   * `obtain` has returned.
   */
  listen(claim: Claim, listener: ClaimListener): void;

  /**
   * Tells the present state of every resource with a claim on it that matches, then (once that was told) answers with
   * what stops it, and from then on tells each change. In a pattern, `+` stands for one level between `/` and a `#` at
   * the end for any number, as in MQTT; `%2B`, `%23` and `%25` stand for `+`, `#` and `%`.
   * @throws {RangeError} if it is no pattern.
   */
  watch(pattern: string, listener: (state: ResourceSnapshot) => void): Answer<StopWatching>;

  /** The clock by which leases are told; default: the real one. */
  readonly clock?: Clock;
}

/** At once, or later. */
export type Answer<T> = T | Promise<T>;

export type StopWatching = () => void;

/** One wish of one locker, as the library makes it. A claim is known by its id, not by this object. */
export interface Claim {
  readonly type: 'claim';
  /** The library makes a new one for each claim, unique in the world. */
  readonly id: string;
  /** One or more different names. Several are had all or nothing; a protocol that cannot denies them: `unsupported`. */
  readonly resources: readonly string[];
  readonly locker: string;
  /** Finite, higher wins. */
  readonly priority: number;
  readonly value: Json | undefined;
  /** The lease, from the grant on; > 0, `Infinity` for none. */
  readonly ttl: number;
  /** Bounds the wait; 0: only if it can be had now, `Infinity`: no bound. */
  readonly timeout: number;
  /** How long the holder may wind down when preempted; `undefined` is 0. */
  readonly grace: number | undefined;
  /** `false`: takes nothing from anybody. `undefined` is `true`. */
  readonly preempt: boolean | undefined;
  /** Ids of claims that the locker keeps while it waits: a circle of such waits is denied as a deadlock. */
  readonly holding: readonly string[] | undefined;
}

/** What is `undefined` stays as it is. */
export interface ClaimChange {
  readonly priority?: number | undefined;
  readonly value?: Json | undefined;
  /** Starts the lease again with this length. */
  readonly ttl?: number | undefined;
}

export type Outcome = Granted | Denied;

export interface Granted {
  readonly type: 'granted';
  /** The fencing token: greater than any that was given before for these resources. */
  readonly token: number;
  /** When the lease runs out, never later than where it is kept; `Infinity` without one. */
  readonly expires: number;
  /**
   * Where a hold is only as good as the contact with whoever keeps it: until when it can be trusted, asked anew each
   * time. Absent where holder and keeper are one process.
   */
  readonly trustedUntil?: () => number;
}

export interface Denied {
  readonly type: 'denied';
  readonly reason: RefusalReason;
  /** Names the argument and its value, the rule, or the lockers on the circle. */
  readonly detail?: string;
  /** Who stood in the way, where somebody did. */
  readonly by?: By;
}

export type RefusalReason =
  | DenialReason
  | 'withdrawn' // released while it waited
  | 'unsupported' // this protocol cannot do that
  | 'unavailable' // whoever keeps the locks cannot be reached
  | 'policy'; // a rule of whoever keeps the locks forbids it

export interface ClaimListener {
  hear(notice: Notice): void;
}

export type Notice = Outcome | RevokingNotice | LostNotice;

/** The holder has been told to stop. It holds until it yields or releases, at the latest until `until`. */
export interface RevokingNotice {
  readonly type: 'revoking';
  readonly until: number;
  readonly by: By;
}

/** It holds no more. */
export interface LostNotice {
  readonly type: 'lost';
  readonly reason: LossReason;
  readonly by?: By;
}

/** A resource as everybody may see it. Times here are wall ms since 1970, for people. */
export interface ResourceSnapshot {
  readonly resource: string;
  readonly state: 'free' | 'held' | 'revoking';
  /** The locker that holds it. */
  readonly holder: string | undefined;
  readonly priority: number | undefined;
  readonly value: Json | undefined;
  /** The token of the hold; 0 while free. */
  readonly token: number;
  readonly since: number | undefined;
  /** When the last of the hold's leases runs out; `Infinity` without one. */
  readonly expires: number;
  /** The first of those who wait, in order of rank. */
  readonly waiting: readonly WaiterSnapshot[];
  readonly waitingCount: number;
}

export interface WaiterSnapshot {
  readonly locker: string;
  readonly priority: number;
}

export type { By, DenialReason, Json, LossReason };
