// What the lock table answers: facts, in the order in which they became true. Types only.
import type { Command } from './command';

/** Who caused it. For a forced end only `locker` is there: the operator's name. */
export interface By {
  readonly locker: string;
  readonly id?: string;
  readonly requester?: string;
  readonly priority?: number;
}

/** Why a command was refused or a wait ended without a grant. */
export type DenialReason =
  | 'timeout' // the wait is over
  | 'deadlock' // on a circle of claims that wait for one another's holds (rule 9)
  | 'expired' // the lease of a standing claim ran out while it waited
  | 'session' // its session is gone
  | 'unknown' // no live claim has this id
  | 'changed' // the hold that the operator saw is no longer there
  | 'invalid' // an argument is not of its type or range; `detail` names it
  | 'too-long' // a name, value or grace is over its limit; `detail` names it
  | 'too-many' // more resources in one claim than allowed
  | 'full'; // the requester, or the table, has as many claims or resources as it may

/** Why a hold ended without its locker's release. */
export type LossReason = 'preempted' | 'expired' | 'forced' | 'session';

export interface GrantedEvent {
  readonly type: 'granted';
  readonly id: string;
  /** The claim's fencing token: the greatest of its holds' (rule 7). */
  readonly token: number;
  /** Monotonic ms at which the lease runs out; `Infinity` without one. */
  readonly expires: number;
  /** Held before, lost by preemption, and now had again. */
  readonly regained: boolean;
  /** The answer to a repeated claim or to an update: nothing changed hands. */
  readonly repeated: boolean;
}

export interface QueuedEvent {
  readonly type: 'queued';
  readonly id: string;
  readonly repeated: boolean;
}

export interface DeniedEvent {
  readonly type: 'denied';
  /** The claim; for `forceRelease` the resource. */
  readonly id: string;
  /** What was refused: a `claim` that is denied has ended; after any other the claim is as it was. */
  readonly command: Command['type'];
  readonly reason: DenialReason;
  /** Names the argument and its value, or the lockers on the circle. */
  readonly detail?: string;
  /** Who stood in the way, where somebody did. */
  readonly by?: By;
}

export interface RevokingEvent {
  readonly type: 'revoking';
  readonly id: string;
  /** Monotonic ms at which the hold ends at the latest; `Infinity` where its session is waited for. */
  readonly until: number;
  readonly by: By;
  readonly repeated: boolean;
}

export interface LostEvent {
  readonly type: 'lost';
  readonly id: string;
  readonly reason: LossReason;
  readonly by?: By;
}

/** A standing claim was preempted and waits again with its old seniority. */
export interface RequeuedEvent {
  readonly type: 'requeued';
  readonly id: string;
  readonly by: By;
}

export interface ReleasedEvent {
  readonly type: 'released';
  readonly id: string;
}

/** The resource's holder, priority, value, claims or waiters are not what they were; once per resource and step. */
export interface ChangedEvent {
  readonly type: 'changed';
  readonly resource: string;
}

export type LockEvent =
  | GrantedEvent
  | QueuedEvent
  | DeniedEvent
  | RevokingEvent
  | LostEvent
  | RequeuedEvent
  | ReleasedEvent
  | ChangedEvent;
