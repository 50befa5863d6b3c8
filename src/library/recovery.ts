// What can be done when the lock of a transaction is lost.
import type { LockError } from './errors';
import type { AcquireOptions } from './options';
import type { Transaction } from './transaction';

export interface ResumeRecovery {
  readonly type: 'resume';
  readonly options: AcquireOptions | undefined;
}

export interface RestartRecovery {
  readonly type: 'restart';
  readonly options: AcquireOptions | undefined;
}

export interface ReplaceRecovery<Value, Result> {
  readonly type: 'replace';
  readonly transaction: Transaction<Value, Result>;
  readonly options: AcquireOptions | undefined;
}

export interface RejectRecovery {
  readonly type: 'reject';
  readonly error: unknown;
}

export type Recovery<Value, Result> =
  | ResumeRecovery
  | RestartRecovery
  | ReplaceRecovery<Value, Result>
  | RejectRecovery;

/** The choices. Each but `reject` acquires the lock again, with the options so far where none are given. */
export interface RecoveryOps<Value, Result> {
  /** Goes on where it stopped; what the last `yield` waited for is kept. */
  resume(options?: AcquireOptions): ResumeRecovery;
  /** Runs the transaction from its start. */
  restart(options?: AcquireOptions): RestartRecovery;
  /** Runs another transaction from its start. */
  replace(transaction: Transaction<Value, Result>, options?: AcquireOptions): ReplaceRecovery<Value, Result>;
  /** Rejects the promise; default: with the `LockError`. */
  reject(error?: unknown): RejectRecovery;
}

/** Gives back what one of the choices gives back, or a promise of it. */
export type RecoveryHandler<Value, Result> = (
  recovery: RecoveryOps<Value, Result>,
  error: LockError,
) => Recovery<Value, Result> | Promise<Recovery<Value, Result>>;

export function recoveryFrom<Value, Result>(why: LockError): RecoveryOps<Value, Result> {
  return {
    resume: (options) => ({ type: 'resume', options }),
    restart: (options) => ({ type: 'restart', options }),
    replace: (transaction, options) => ({ type: 'replace', transaction, options }),
    reject: (error = why) => ({ type: 'reject', error }),
  };
}

const TYPES: readonly unknown[] = ['resume', 'restart', 'replace', 'reject'];

export function isRecovery(value: unknown): value is Recovery<unknown, unknown> {
  return typeof value === 'object' && value !== null && TYPES.includes((value as { type?: unknown }).type);
}
