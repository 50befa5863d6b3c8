// The entry for `require`: the factory itself, with everything else on it.
import * as library from './library';

const { createAcquire } = library;
const entry = Object.assign(createAcquire, library, { default: createAcquire });

declare namespace entry {
  export type Acquire = library.Acquire;
  export type AcquireAll = library.AcquireAll;
  export type AcquireOptions = library.AcquireOptions;
  export type Answer<T> = library.Answer<T>;
  export type By = library.By;
  export type Claim = library.Claim;
  export type ClaimChange = library.ClaimChange;
  export type ClaimListener = library.ClaimListener;
  export type Clock = library.Clock;
  export type CommitPromise<Value, Result, Chained = Result> = library.CommitPromise<Value, Result, Chained>;
  export type Denied = library.Denied;
  export type Granted = library.Granted;
  export type Json = library.Json;
  export type Lock = library.Lock;
  export type LockChange = library.LockChange;
  export type LockError<Code extends library.LockErrorCode = library.LockErrorCode> = library.LockError<Code>;
  export type LockErrorCode = library.LockErrorCode;
  export type Locker<Value> = library.Locker<Value>;
  export type Lockers = library.Lockers;
  export type LockingProtocol = library.LockingProtocol;
  export type Locks = library.Locks;
  export type LostNotice = library.LostNotice;
  export type LockState = library.LockState;
  export type MemoryOptions = library.MemoryOptions;
  export type NewDualLocker = library.NewDualLocker;
  export type NewLocker = library.NewLocker;
  export type Notice = library.Notice;
  export type Outcome = library.Outcome;
  export type Recovery<Value, Result> = library.Recovery<Value, Result>;
  export type RecoveryHandler<Value, Result> = library.RecoveryHandler<Value, Result>;
  export type RecoveryOps<Value, Result> = library.RecoveryOps<Value, Result>;
  export type RefusalReason = library.RefusalReason;
  export type ReleaseHandler = library.ReleaseHandler;
  export type ResourceSnapshot = library.ResourceSnapshot;
  export type RevokingNotice = library.RevokingNotice;
  export type Steps<Result> = library.Steps<Result>;
  export type StopWatching = library.StopWatching;
  export type Transaction<Value, Result> = library.Transaction<Value, Result>;
}

export = entry;
