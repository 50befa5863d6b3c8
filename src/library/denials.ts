// What the denials and losses of a protocol mean to whoever wanted the lock.
import type { Denied, LostNotice, RevokingNotice } from '../protocol';
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

/** What a caller that did not get the lock is told; `waited` says whether it was willing to wait. */
export function errorOfDenial(denied: Denied, resources: readonly string[], waited: boolean): LockError {
  const { by, detail } = denied;
  return new LockError(codeOfDenial(denied, waited), { resources, by, detail });
}

function codeOfDenial({ reason }: Denied, waited: boolean): LockErrorCode {
  switch (reason) {
    case 'timeout':
      return waited ? LOCK_AQUIRE_TIMEOUT : LOCK_ALREADY_AQUIRED;
    case 'deadlock':
      return LOCK_DEADLOCK;
    case 'expired':
      return LOCK_TIMED_OUT;
    case 'session':
      return LOCK_SESSION_LOST;
    case 'full':
    case 'too-long':
    case 'too-many':
      return LOCK_LIMIT_REACHED;
    case 'unsupported':
      return LOCK_UNSUPPORTED;
    case 'unavailable':
      return LOCK_UNAVAILABLE;
    case 'withdrawn':
      return LOCK_RELEASED;
    case 'policy':
    case 'unknown':
    case 'changed':
    case 'invalid':
      return LOCK_DENIED;
  }
}

/** Why a lock is held no more, or soon will not be. */
export function codeOfLoss(notice: LostNotice | RevokingNotice): LockErrorCode {
  if (notice.type === 'revoking') return LOCK_STOLEN_BY_HIGHER_PRIORITY;
  switch (notice.reason) {
    case 'preempted':
      return LOCK_STOLEN_BY_HIGHER_PRIORITY;
    case 'expired':
      return LOCK_TIMED_OUT;
    case 'forced':
      return LOCK_FORCED_FREE;
    case 'session':
      return LOCK_SESSION_LOST;
  }
}
