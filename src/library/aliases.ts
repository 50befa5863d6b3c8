// Every name by which people know this from `priority-redlock` and `gen-lock`, one line each; those of options are in
// options.ts, those of error codes are the only ones they have.
import { createMemoryProtocol, sleep } from '../protocol';
import { acquireAll } from './acquire-all';
import { isLockError, LockError, type LockErrorCode } from './errors';
import type { LockState } from './lock';
import { createLockers } from './lockers';
import { createAcquire } from './locks';
import type { AcquireOptions } from './options';
import { isPromise } from './promises';

export const aquireAll = acquireAll;
export const aquire = createAcquire;
export const lockerFactory = createLockers;
export const newInMemoryLockingProtocol = createMemoryProtocol;

/** The state of a lock that is held. */
export const LockHeldState = null;

/** The lowest priority there is. */
export const PRIORITY_MIN = -Number.MAX_VALUE;
export const PRIORITY_MEDIUM = 0;
/** The highest priority there is. */
export const PRIORITY_MAX = Number.MAX_VALUE;

export const defaultOptions = {
  priority: PRIORITY_MEDIUM,
  lockTtl: Infinity,
  aquireTimeout: Infinity,
  maxAquireAttempts: Infinity,
} as const satisfies AcquireOptions;

export const util = {
  isLockError,
  isLockHeld: (state: LockState) => state === null,
  newLockError: <Code extends LockErrorCode>(code: Code) => new LockError(code),
  mergeWithDefaultOptions: (options?: AcquireOptions) => ({ ...defaultOptions, ...options }),
  promiseLastingFor: sleep,
  isPromise,
};
