// What the denials and losses of a protocol mean to whoever wanted the lock.
import type { Denied, LossReason, LostNotice, RefusalReason } from '../protocol';
import {
  LOCK_ALREADY_AQUIRED,
  LOCK_AQUIRE_TIMEOUT,
  LOCK_DEADLOCK,
  LOCK_DENIED,
  LOCK_FORCED_FREE,
  LOCK_LIMIT_REACHED,
  LOCK_RELEASED,
  LOCK_SESSION_LOST,
  LOCK_STOLEN_BY_HIGHER_PRIORITY,
  LOCK_TIMED_OUT,
  LOCK_UNAVAILABLE,
  LOCK_UNSUPPORTED,
  LockError,
  type LockErrorCode,
} from './errors';

/** What is not here is denied by a rule, or makes no sense. */
const CODES: Readonly<Partial<Record<RefusalReason | LossReason, LockErrorCode>>> = {
  timeout: LOCK_AQUIRE_TIMEOUT,
  preempted: LOCK_STOLEN_BY_HIGHER_PRIORITY,
  expired: LOCK_TIMED_OUT,
  forced: LOCK_FORCED_FREE,
  session: LOCK_SESSION_LOST,
  deadlock: LOCK_DEADLOCK,
  full: LOCK_LIMIT_REACHED,
  'too-long': LOCK_LIMIT_REACHED,
  'too-many': LOCK_LIMIT_REACHED,
  withdrawn: LOCK_RELEASED,
  unsupported: LOCK_UNSUPPORTED,
  unavailable: LOCK_UNAVAILABLE,
};

/** What a caller that did not get the lock is told; `waited` says whether it was willing to wait. */
export function errorOfDenial(denied: Denied, resources: readonly string[], waited = true): LockError {
  const { reason, by, detail } = denied;
  const code = reason === 'timeout' && !waited ? LOCK_ALREADY_AQUIRED : codeOf(reason);
  return new LockError(code, { resources, by, detail });
}

/** Why a lock is held no more. */
export function codeOfLoss({ reason }: LostNotice): LockErrorCode {
  return codeOf(reason);
}

function codeOf(reason: RefusalReason | LossReason): LockErrorCode {
  return CODES[reason] ?? LOCK_DENIED;
}
