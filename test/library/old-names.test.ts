import assert from 'node:assert/strict';
import * as old from 'priority-redlock';
import * as library from '../../src/library';
import { promisesSettled } from '../support/hand-clock';
import { fateOf, lockErrorOf } from '../support/library-scene';

const { createAcquire, util } = library;

// biome-ignore lint/suspicious/noThenProperty: it is here to be recognized.
const THENABLE = { then: () => undefined };

describe('the names of priority-redlock 0.3', () => {
  for (const name of [
    'LOCK_AQUIRE_TIMEOUT',
    'LOCK_TIMED_OUT',
    'LOCK_RELEASED',
    'LOCK_ALREADY_AQUIRED',
    'LOCK_STOLEN_BY_HIGHER_PRIORITY',
    'LOCK_ERROR_NAME',
    'LockHeldState',
    'PRIORITY_MEDIUM',
    'PRIORITY_MAX',
    'defaultOptions',
  ] as const) {
    it(`${name} has its old value`, () => {
      const values: Readonly<Record<string, unknown>> = { ...library };
      const oldValues: Readonly<Record<string, unknown>> = { ...old, LockHeldState: null };
      assert.deepEqual(values[name], oldValues[name]);
    });
  }

  it('LockErrorTypes knows the old codes, too', () => {
    for (const code of old.LockErrorTypes)
      assert((library.LockErrorTypes as readonly string[]).includes(code));
  });

  it('PRIORITY_MIN really is the lowest finite number', () => {
    assert.equal(library.PRIORITY_MIN, -Number.MAX_VALUE);
  });

  it('are all there, but for its insides', () => {
    const insides = ['newDispatcher', 'default', '__esModule', 'module.exports'];
    const missing = Object.keys(old).filter((name) => !(name in library) && !insides.includes(name));
    assert.deepEqual(missing, []);
  });

  it('are other names of the same things', () => {
    assert.equal(library.aquireAll, library.acquireAll);
    assert.equal(library.aquire, library.createAcquire);
    assert.equal(library.newInMemoryLockingProtocol, library.createMemoryProtocol);
    assert.equal(library.lockerFactory, library.createLockers);
  });

  it('aquire(protocol)(resource, locker, options) acquires there', async () => {
    const protocol = library.newInMemoryLockingProtocol();
    const aquire = library.aquire(protocol);
    const lock = await aquire('lights', 'me', { ...library.defaultOptions, priority: 5 });
    assert.equal(lock.priority, 5);
    const { code } = await lockErrorOf(library.aquire(protocol)('lights', 'you', { aquireTimeout: 0 }));
    assert.equal(code, library.LOCK_ALREADY_AQUIRED);
  });

  it('lockTtl, aquireTimeout and maxAquireAttempts are options; the new names count more', async () => {
    const acquire = createAcquire();
    const lock = await acquire('lights', 'me', { lockTtl: 60_000 });
    assert(Math.abs(lock.expires - Date.now() - 60_000) < 5_000);
    for (const options of [
      { aquireTimeout: 0 },
      { maxAquireAttempts: 1 },
      { aquireTimeout: 60_000, timeout: 0 },
      { maxAquireAttempts: 5, maxAttempts: 1 },
    ]) {
      assert.equal((await lockErrorOf(acquire('lights', 'you', options))).code, library.LOCK_ALREADY_AQUIRED);
    }
    const other = await acquire('blinds', 'me', { lockTtl: 1, ttl: Infinity });
    assert.equal(other.expires, Infinity);
  });

  describe('util', () => {
    it('has what the old one offered to its users', () => {
      const offered = [
        'isLockError',
        'isLockHeld',
        'newLockError',
        'mergeWithDefaultOptions',
        'promiseLastingFor',
      ];
      for (const name of [...offered, 'isPromise'])
        assert.equal(typeof util[name as keyof typeof util], 'function');
    });

    it('isLockError tells lock errors from others', () => {
      assert.equal(util.isLockError(util.newLockError(library.LOCK_RELEASED)), true);
      assert.equal(util.isLockError(new Error('other')), false);
      assert.equal(util.isLockError(undefined), false);
      assert.equal(library.isLockError(new library.LockError(library.LOCK_DEADLOCK)), true);
    });

    it('newLockError makes an error that the old isLockError knows, of each code', () => {
      for (const code of old.LockErrorTypes) {
        const error = util.newLockError(code as library.LockErrorCode);
        assert(error instanceof Error);
        assert.equal(error.code, code);
        assert.equal(error.message, code);
        assert.equal(old.util.isLockError(error), true);
      }
    });

    it('isLockHeld tells states apart', () => {
      assert.equal(util.isLockHeld(null), true);
      assert.equal(util.isLockHeld(library.LOCK_RELEASED), false);
    });

    it('mergeWithDefaultOptions fills in what is not given', () => {
      assert.deepEqual(util.mergeWithDefaultOptions(), old.util.mergeWithDefaultOptions());
      assert.deepEqual(
        util.mergeWithDefaultOptions({ priority: 3, lockTtl: 5 }),
        old.util.mergeWithDefaultOptions({ priority: 3, lockTtl: 5 }),
      );
    });

    it('isPromise knows what can be waited for', () => {
      for (const value of [Promise.resolve(), THENABLE]) assert.equal(util.isPromise(value), true);
      for (const value of [null, undefined, 5, {}, () => undefined])
        assert.equal(util.isPromise(value), false);
    });

    it('promiseLastingFor lasts', async () => {
      const lasting = util.promiseLastingFor(10);
      await promisesSettled();
      assert.equal(await fateOf(lasting), 'pending');
      assert.equal(await lasting, undefined);
      await util.promiseLastingFor(0);
    });
  });
});
