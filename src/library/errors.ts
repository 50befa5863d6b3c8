// Why somebody does not have a lock (any more). The texts of the old codes are those of `priority-redlock` 0.3.
import type { By } from '../protocol';

/** The wait was over. */
export const LOCK_AQUIRE_TIMEOUT = 'Lock Aquire Timeout';
/** The lease ran out. */
export const LOCK_TIMED_OUT = 'Lock Timeout';
/** Its own locker has released it. */
export const LOCK_RELEASED = 'Lock Released';
/** Somebody else has it, and waiting for it was not, or no longer, wanted. */
export const LOCK_ALREADY_AQUIRED = 'Lock Already Aquired';
/** A higher priority took it. */
export const LOCK_STOLEN_BY_HIGHER_PRIORITY = 'Lock Stolen by Higher Priority';
/** An operator has freed the resource. */
export const LOCK_FORCED_FREE = 'Lock Forced Free';
/** The contact with whoever keeps the lock is gone. */
export const LOCK_SESSION_LOST = 'Lock Session Lost';
/** It was on a circle of claims that wait for what the others keep. */
export const LOCK_DEADLOCK = 'Lock Deadlock';
/** The caller's `signal` has ended the wait. */
export const LOCK_AQUIRE_ABORTED = 'Lock Aquire Aborted';
/** There are as many claims or resources as there may be, or a name or value is too long. */
export const LOCK_LIMIT_REACHED = 'Lock Limit Reached';
/** This protocol cannot do what was asked for. */
export const LOCK_UNSUPPORTED = 'Lock Unsupported';
/** Whoever keeps the locks cannot be reached. */
export const LOCK_UNAVAILABLE = 'Lock Unavailable';
/** A rule of whoever keeps the locks forbids it. */
export const LOCK_DENIED = 'Lock Denied';

export const LockErrorTypes = [
  LOCK_AQUIRE_TIMEOUT,
  LOCK_TIMED_OUT,
  LOCK_ALREADY_AQUIRED,
  LOCK_RELEASED,
  LOCK_STOLEN_BY_HIGHER_PRIORITY,
  LOCK_FORCED_FREE,
  LOCK_SESSION_LOST,
  LOCK_DEADLOCK,
  LOCK_AQUIRE_ABORTED,
  LOCK_LIMIT_REACHED,
  LOCK_UNSUPPORTED,
  LOCK_UNAVAILABLE,
  LOCK_DENIED,
] as const;

export type LockErrorCode = (typeof LockErrorTypes)[number];

export const LOCK_ERROR_NAME = 'Lock Error';

export interface LockErrorDetails {
  /** The resources in question. */
  readonly resources?: readonly string[] | undefined;
  /** Who caused it, where somebody did: for a freed one the operator's name as `locker`. */
  readonly by?: By | undefined;
  /** In words: the argument and its value, the rule, the lockers on the circle. */
  readonly detail?: string | undefined;
  readonly cause?: unknown;
}

/** A lock was not had, or is held no more. Made anew each time, so that its stack tells something. */
export class LockError<Code extends LockErrorCode = LockErrorCode> extends Error {
  override readonly name = LOCK_ERROR_NAME;
  /** One of the `LOCK_…` constants. */
  readonly code: Code;
  readonly resources: readonly string[];
  readonly by: By | undefined;

  constructor(code: Code, details: LockErrorDetails = {}) {
    const { cause } = details;
    super(describe(code, details), cause === undefined ? undefined : { cause });
    this.code = code;
    this.resources = details.resources ?? [];
    this.by = details.by;
  }
}

function describe(code: LockErrorCode, { resources = [], by, detail }: LockErrorDetails): string {
  const where = resources.length === 0 ? '' : ` (${resources.join(', ')})`;
  const who = by === undefined ? '' : `: ${describeCause(by)}`;
  return `${code}${where}${who}${detail === undefined ? '' : `: ${detail}`}`;
}

function describeCause({ locker, priority }: By): string {
  return priority === undefined ? `by ${locker}` : `by ${locker}, priority ${priority}`;
}

/** Whether this is a `LockError`, of whichever copy of this library or of the old one. */
export function isLockError(error: unknown): error is LockError {
  return error instanceof Error && error.name === LOCK_ERROR_NAME;
}
