// What can be seen of the lock table from outside: plain copies that nobody can change it through. Types only.
import type { Json } from './command';
import type { By } from './event';

/** A live claim. Times are monotonic ms. */
export interface ClaimView {
  readonly id: string;
  readonly resources: readonly string[];
  readonly locker: string;
  readonly requester: string;
  readonly session: string | undefined;
  readonly priority: number;
  readonly value: Json | undefined;
  readonly standing: boolean;
  readonly preempt: boolean;
  readonly ttl: number;
  readonly grace: number;
  readonly handover: number;
  readonly holding: readonly string[];
  readonly state: 'waiting' | 'held';
  /** Told to stop: still held, until it yields or `until` comes. */
  readonly revoking: boolean;
  /** Who had it told to stop. */
  readonly revokedBy: By | undefined;
  /** When the revocation ends at the latest; `undefined` while not revoking. */
  readonly until: number | undefined;
  /** When the lease runs out; `Infinity` without one, or while it does not count yet. */
  readonly expires: number;
  /** When the first wait is over; `Infinity` without a bound, or once it was granted. */
  readonly waitUntil: number;
  /** Order of arrival; smaller came earlier. Kept while it lives. */
  readonly order: number;
  /** When its value was written, among all writes of the table. */
  readonly written: number;
  /** The greatest of its holds' tokens; 0 while waiting. */
  readonly token: number;
  /** The token of each hold, in the order of `resources`; empty while waiting. */
  readonly tokens: readonly number[];
  /** Was granted at least once. */
  readonly grantedBefore: boolean;
}

export interface WaiterView {
  readonly id: string;
  readonly locker: string;
  readonly requester: string;
  readonly priority: number;
}

/** A resource that has at least one live claim. */
export interface ResourceView {
  readonly resource: string;
  readonly state: 'free' | 'held' | 'revoking';
  readonly locker: string | undefined;
  /** The hold's effective priority: the highest of its claims'. */
  readonly priority: number | undefined;
  /** The hold's value: that of the highest claim that has one, among equals the latest written. */
  readonly value: Json | undefined;
  /** The token of the hold; 0 while free. */
  readonly token: number;
  /** Wall ms at which the hold began. */
  readonly since: number | undefined;
  /** When the last of the hold's leases runs out, monotonic ms. */
  readonly expires: number;
  /** Ids of the claims that hold it, in the order of their grants. */
  readonly claims: readonly string[];
  /** The first waiters in order of rank, cut at what was asked for. */
  readonly waiting: readonly WaiterView[];
  readonly waitingCount: number;
}

/** Settings of a table; see DEFAULT_LIMITS. */
export interface Limits {
  readonly claimsPerRequester: number;
  readonly resourcesPerRequester: number;
  readonly resources: number;
  readonly resourcesPerClaim: number;
  readonly nameBytes: number;
  readonly valueBytes: number;
  readonly graceMs: number;
}

/** A claim as it was before a restart, given back to a new table. Times are monotonic ms of the new one. */
export interface RestoredClaim {
  readonly id: string;
  readonly resources: readonly string[];
  readonly locker: string;
  readonly requester?: string;
  readonly session?: string | undefined;
  readonly priority: number;
  readonly value?: Json | undefined;
  readonly standing: boolean;
  readonly preempt?: boolean;
  readonly ttl: number;
  readonly grace?: number;
  readonly handover?: number;
  readonly holding?: readonly string[];
  /** Arrival among the restored ones: smaller came earlier. */
  readonly order: number;
  readonly expires: number;
  readonly waitUntil?: number;
  readonly grantedBefore?: boolean;
  /** For a held claim: the token of each hold, in the order of `resources`. */
  readonly tokens?: readonly number[];
  /** For a held claim: wall ms at which each hold began, in the order of `resources`. */
  readonly since?: readonly number[];
  /** For a claim that was being revoked: when that ends. */
  readonly until?: number | undefined;
  readonly revokedBy?: By | undefined;
  /** When its value was written, among the restored ones. */
  readonly written?: number;
}
