// What the types promise to those who compile against them: wrong ones do not compile, and every line here runs, too.
import assert from 'node:assert/strict';
import type { Json } from '../../src/core';

import createAcquire = require('../../src/index');

/** Compiles only where the types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function same<A, B>(_areSame: Same<A, B>): void {}

describe('the types', () => {
  const { acquireAll, createLockers, createLocks, createMemoryProtocol, LOCK_RELEASED, LockError, util } =
    createAcquire;

  it('of acquire and what it gives', async () => {
    const acquire: createAcquire.Acquire = createAcquire();
    const options: createAcquire.AcquireOptions = { priority: 1, ttl: 1_000, value: { on: [1, null] } };
    const lock = await acquire('lights', 'me', options);
    same<typeof lock, createAcquire.Lock>(true);
    same<ReturnType<typeof lock.isHeld>, boolean>(true);
    same<ReturnType<typeof lock.state>, createAcquire.LockErrorCode | null>(true);
    same<ReturnType<typeof lock.release>, Promise<Error | undefined>>(true);
    same<typeof lock.signal, AbortSignal>(true);
    same<typeof lock.value, Json | undefined>(true);
    same<typeof lock.resources, readonly string[]>(true);
    lock.onRelease((why) => same<typeof why, createAcquire.LockError>(true));
    assert.equal(Reflect.set(lock, 'token', 5), false);
    // @ts-expect-error its token is not for others to set
    void (() => (lock.token = 5));
  });

  it('of wrong arguments', async () => {
    const acquire = createAcquire();
    // @ts-expect-error a resource is a text, or several
    await assert.rejects(acquire(5, 'me'));
    // @ts-expect-error a resource is needed
    await assert.rejects(acquire());
    // @ts-expect-error a priority is a number
    await assert.rejects(acquire('lights', 'me', { priority: 'high' }));
    // @ts-expect-error no function is JSON
    await assert.rejects(acquire('lights', 'me', { value: () => 1 }));
    // @ts-expect-error there is no such option
    await assert.rejects(acquire('lights', 'me', { prioritiy: 5 }));
    // @ts-expect-error generators are functions
    await assert.rejects(acquireAll([acquire('lights', 'you')]));
  });

  it('of several resources, and of the old names', async () => {
    const { aquire, aquireAll, lockerFactory, newInMemoryLockingProtocol } = createAcquire;
    const both = await createAcquire()(['a', 'b'] as const, 'me');
    same<typeof both, createAcquire.Lock>(true);
    const lock = await aquireAll([
      () => aquire()('a', 'me', { lockTtl: 5, aquireTimeout: 5, maxAquireAttempts: 5 }),
    ]);
    same<typeof lock, createAcquire.Lock>(true);
    same<typeof lockerFactory, typeof createLockers>(true);
    same<typeof newInMemoryLockingProtocol, typeof createMemoryProtocol>(true);
  });

  it('of errors and their codes', () => {
    const error = new LockError(LOCK_RELEASED);
    same<typeof error, createAcquire.LockError<'Lock Released'>>(true);
    same<typeof error.code, 'Lock Released'>(true);
    const unknown: unknown = error;
    if (util.isLockError(unknown)) same<typeof unknown.code, createAcquire.LockErrorCode>(true);
    const state: createAcquire.LockState = null;
    assert.equal(util.isLockHeld(state), true);
    // @ts-expect-error there is no such code
    new LockError('Lock Broken');
  });

  it('of scopes, queries and watchers', async () => {
    const locks: createAcquire.Locks = createLocks(createMemoryProtocol());
    const stop = locks.watch('#', (state) => same<typeof state, createAcquire.ResourceSnapshot>(true));
    same<typeof stop, () => void>(true);
    const states = await locks.query();
    same<typeof states, readonly createAcquire.ResourceSnapshot[]>(true);
    // @ts-expect-error a protocol has five functions
    assert.throws(() => createLocks({ obtain: () => undefined }));
  });

  it('of transactions: values in, results out, over plain and async generators', async () => {
    const newLocker = createLockers();
    const bulb = { name: 'bulb' };
    const locker = newLocker('bulb', bulb);
    same<typeof locker, createAcquire.Locker<{ name: string }>>(true);
    const plain = locker.promise(function* (value) {
      same<typeof value, { name: string }>(true);
      yield Promise.resolve(1);
      return value.name;
    });
    same<typeof plain, createAcquire.CommitPromise<{ name: string }, string>>(true);
    same<Awaited<typeof plain>, string>(true);
    const async = locker.promise(async function* () {
      yield 1;
      return 5;
    });
    same<Awaited<typeof async>, number>(true);
    const chained = plain
      .then((name) => name.length)
      .recover((recovery, error) => {
        same<typeof error, createAcquire.LockError>(true);
        return error.code === LOCK_RELEASED ? recovery.reject() : recovery.resume({ timeout: 5 });
      });
    same<Awaited<typeof chained>, number>(true);
    const dual = newLocker.newDualLocker(locker, newLocker.newLocker('lamp', 7));
    same<typeof dual, createAcquire.Locker<[{ name: string }, number]>>(true);
    assert.deepEqual(await Promise.all([plain, async, chained]), ['bulb', 5, 4]);
    // @ts-expect-error a handler gives back one of the choices
    plain.recover(() => 'resume');
    const other = function* () {
      yield 1;
      return 5;
    };
    // @ts-expect-error what replaces a transaction has its result
    plain.recover((recovery) => recovery.replace(other));
  });
});
