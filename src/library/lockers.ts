// Lockers: who runs transactions on a resource, each while it holds it.
import type { LockingProtocol } from '../protocol';
import type { Acquire } from './acquire';
import type { AcquireAll } from './acquire-all';
import { type CommitPromise, commit } from './commit';
import type { Lock } from './lock';
import { createLocks } from './locks';
import { type AcquireOptions, mergeOptions, readName, readOptions, readResources } from './options';
import type { Transaction } from './transaction';
import { uniqueName } from './unique';

export interface Locker<Value> {
  /**
   * Acquires the lock, runs the transaction step by step while it is held, and releases it.
   * @returns a promise of what the transaction returns. It rejects with what the transaction throws, or with the
   *   `LockError` when the lock is not had, or is lost and `recover` says nothing better.
   */
  promise<Result>(
    transaction: Transaction<Value, Result>,
    options?: AcquireOptions,
  ): CommitPromise<Value, Result>;
  /** Acquires the lock alone. */
  acquire(options?: AcquireOptions): Promise<Lock>;
  /** What its transactions are given. */
  readonly value: Value;
}

/**
 * Makes a locker of a resource, or of several as one.
 * @param value what transactions are given: the lamp itself, say.
 * @param options for its transactions; they count more than those of the factory.
 * @param lockerId who holds the lock; default: a name that nobody else has. Lockers with the same one hold it together.
 * @throws {TypeError | RangeError} that names argument and value if one is not right.
 */
export type NewLocker = <Value>(
  resource: string | readonly string[],
  value: Value,
  options?: AcquireOptions,
  lockerId?: string,
) => Locker<Value>;

/**
 * Makes a locker whose transactions hold what both others would, acquired in this order. It contends with both. A circle
 * of such lockers rejects one of them with `LOCK_DEADLOCK`, which `recover` can restart.
 * @param options count more than those of the two.
 */
export type NewDualLocker = <A, B>(a: Locker<A>, b: Locker<B>, options?: AcquireOptions) => Locker<[A, B]>;

/** Is `newLocker` itself, and has both. */
export interface Lockers extends NewLocker {
  readonly newLocker: NewLocker;
  readonly newDualLocker: NewDualLocker;
}

/**
 * Makes a scope of lockers.
 * @param defaults options for all of them.
 * @param protocol where the locks live; default: in this process, in a place of their own.
 */
export function createLockers(defaults?: AcquireOptions, protocol?: LockingProtocol): Lockers {
  readOptions(defaults);
  const { acquire, acquireAll } = createLocks(protocol);
  const newLocker: NewLocker = (resource, value, options, lockerId = uniqueName()) =>
    singleLocker(
      acquire,
      readResources(resource),
      readName('lockerId', lockerId),
      value,
      checked(defaults, options),
    );
  const newDualLocker: NewDualLocker = (a, b, options) => dualLocker(acquireAll, a, b, checked(options));
  return Object.assign(newLocker.bind(undefined) as NewLocker, { newLocker, newDualLocker });
}

function checked(...layers: readonly (AcquireOptions | undefined)[]): AcquireOptions {
  for (const layer of layers) readOptions(layer);
  return mergeOptions(...layers);
}

function singleLocker<Value>(
  acquire: Acquire,
  resources: readonly string[],
  lockerId: string,
  value: Value,
  defaults: AcquireOptions,
): Locker<Value> {
  return lockerOf(value, defaults, (options) => acquire(resources, lockerId, options));
}

function dualLocker<A, B>(
  acquireAll: AcquireAll,
  a: Locker<A>,
  b: Locker<B>,
  defaults: AcquireOptions,
): Locker<[A, B]> {
  return lockerOf([a.value, b.value], defaults, (options) => {
    // Whoever does not want to wait at all says so to each of the two.
    const timeout = options.timeout || Infinity;
    return acquireAll([() => a.acquire(options), () => b.acquire(options)], timeout);
  });
}

function lockerOf<Value>(
  value: Value,
  defaults: AcquireOptions,
  acquire: (options: AcquireOptions) => Promise<Lock>,
): Locker<Value> {
  return {
    value,
    acquire: (options) => acquire(mergeOptions(defaults, options)),
    promise: (transaction, options) => commit(acquire, value, transaction, mergeOptions(defaults, options)),
  };
}
