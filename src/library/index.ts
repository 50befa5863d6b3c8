// All that the library offers, by name.
export type {
  Answer,
  By,
  Claim,
  ClaimChange,
  ClaimListener,
  Clock,
  Denied,
  Granted,
  Json,
  LockingProtocol,
  LostNotice,
  MemoryOptions,
  Notice,
  Outcome,
  RefusalReason,
  ResourceSnapshot,
  RevokingNotice,
  StopWatching,
} from '../protocol';
export { createMemoryProtocol, resourceMatcher, systemClock } from '../protocol';
export type { Acquire } from './acquire';
export { type AcquireAll, acquireAll } from './acquire-all';
export * from './aliases';
export { alwaysRestart, alwaysResume, type CommitPromise } from './commit';
export * from './errors';
export type { Lock, LockChange, LockState, ReleaseHandler } from './lock';
export { createLockers, type Locker, type Lockers, type NewDualLocker, type NewLocker } from './lockers';
export { createAcquire, createLocks, type Locks } from './locks';
export type { AcquireOptions } from './options';
export type { Recovery, RecoveryHandler, RecoveryOps } from './recovery';
export type { Steps, Transaction } from './transaction';
