// What can be asked of the lock table, and the two clocks that every question carries. Types only.

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * The time of a step, read from two clocks. Every deadline is kept by `monotonic`; `wall` is for display and for
 * tokens, so that a machine that learns the date late does not lose a lease.
 */
export interface Now {
  /** Milliseconds of a clock that never jumps. If it goes backwards, the table's time stands still. */
  readonly monotonic: number;
  /** Milliseconds since 1970, as the machine believes at the moment. */
  readonly wall: number;
}

/** One wish of one locker for one resource, or for several at once (all or nothing). */
export interface ClaimCommand {
  readonly type: 'claim';
  /** Names this claim while it lives; a repeated claim of a live id changes nothing (rule 10). */
  readonly id: string;
  /** One or more different resource names. */
  readonly resources: readonly string[];
  /** Who wants it: the same locker may hold a resource several times. */
  readonly locker: string;
  /** Whose limits the claim counts against; default `''`. */
  readonly requester?: string;
  /** When this session ends, the claim ends. */
  readonly session?: string;
  /** Finite, higher wins; default 0. */
  readonly priority?: number;
  /** What the locker wants the resource to be; `undefined` is a plain lock. */
  readonly value?: Json;
  /** Lease in ms, > 0, `Infinity` allowed and the default. Counts from the grant, for a standing claim from the claim. */
  readonly ttl?: number;
  /** Bounds the first wait, in ms, >= 0; default `Infinity`; 0 means only if it can be had now. */
  readonly timeout?: number;
  /** How long the holder may wind down when preempted, in ms; default 0. */
  readonly grace?: number;
  /** `false` makes the claim polite: it takes nothing from anybody. Default `true`. */
  readonly preempt?: boolean;
  /** A standing claim goes back to waiting when preempted instead of ending. Default `false` (a once claim). */
  readonly standing?: boolean;
  /** Ids of the claims that the locker keeps while it waits for this one; only such a claim can deadlock (rule 9). */
  readonly holding?: readonly string[];
  /** Where the holder must yield: how long, in ms, it is waited for at least when preempted; default 0, `Infinity` allowed. */
  readonly handover?: number;
}

/** Ends a claim of one's own, waiting or held. */
export interface ReleaseCommand {
  readonly type: 'release';
  readonly id: string;
}

/** Changes a live claim in place (rule 11). What is `undefined` stays as it is. */
export interface UpdateCommand {
  readonly type: 'update';
  readonly id: string;
  readonly priority?: number;
  readonly value?: Json;
  /** Starts the lease again, with the old length or with `ttl`. */
  readonly renew?: boolean;
  /** A new lease length in ms; only together with `renew`. */
  readonly ttl?: number;
}

/** The holder has wound down: a revoking claim gives its resources up before its grace is over. */
export interface YieldCommand {
  readonly type: 'yield';
  readonly id: string;
}

/** Ends the whole hold of a resource that the operator saw, standing claims too, for good (rule 12). */
export interface ForceReleaseCommand {
  readonly type: 'forceRelease';
  readonly resource: string;
  /** The resource's token as the operator saw it. */
  readonly token: number;
  /** Who did it, for the record. */
  readonly by: string;
}

/** Ends every claim of a session that is gone. */
export interface EndSessionCommand {
  readonly type: 'endSession';
  readonly session: string;
}

/** Lets time pass. */
export interface TickCommand {
  readonly type: 'tick';
}

export type Command =
  | ClaimCommand
  | ReleaseCommand
  | UpdateCommand
  | YieldCommand
  | ForceReleaseCommand
  | EndSessionCommand
  | TickCommand;
