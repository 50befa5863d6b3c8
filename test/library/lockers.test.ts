import assert from 'node:assert/strict';
import {
  createLockers,
  createMemoryProtocol,
  LOCK_ALREADY_AQUIRED,
  LOCK_AQUIRE_TIMEOUT,
  LOCK_DEADLOCK,
  type Lockers,
  type Locks,
} from '../../src/library';
import { Gate } from '../support/gate';
import { type HandClock, promisesSettled } from '../support/hand-clock';
import { lamp, lockErrorOf, lockersScene } from '../support/library-scene';

describe('lockers', () => {
  let clock: HandClock;
  let lockers: Lockers;
  let locks: Locks;

  beforeEach(() => {
    ({ clock, lockers, locks } = lockersScene());
  });

  describe('alone', () => {
    it('are made by the factory or by its functions', () => {
      assert.equal(typeof lockers, 'function');
      for (const make of [lockers, lockers.newLocker]) assert.equal(make('bulb', lamp).value, lamp);
    });

    it('take options from the factory, the locker and the call, the last one counts', async () => {
      const factory = createLockers(
        { lockTtl: 1_000, priority: 1, value: 'on' },
        createMemoryProtocol({ clock }),
      );
      const locker = factory('bulb', lamp, { ttl: 2_000, priority: undefined });
      const lock = await locker.acquire({ lockTtl: 3_000 });
      assert.equal(lock.expires, clock.wall + 3_000);
      assert.equal(lock.priority, 1);
      assert.equal(lock.value, 'on');
      const other = await factory('lamp', lamp, { ttl: 2_000, lockTtl: 5 }).acquire();
      assert.equal(other.expires, clock.wall + 2_000);
    });

    it('exclude each other, unless they have the same id', async () => {
      const gate = new Gate();
      const hold = function* () {
        yield gate.opened;
        return 'done';
      };
      const pending = lockers('bulb', lamp, {}, 'me').promise(hold);
      const error = await lockErrorOf(lockers('bulb', lamp, { timeout: 0 }).acquire());
      assert.equal(error.code, LOCK_ALREADY_AQUIRED);
      const twin = await lockers('bulb', lamp, {}, 'me').acquire({ timeout: 0 });
      assert.equal(twin.locker, 'me');
      gate.open();
      assert.equal(await pending, 'done');
    });

    it('can be of several resources at once', async () => {
      const lock = await lockers(['kitchen', 'bedroom'], lamp).acquire();
      assert.deepEqual(lock.resources, ['kitchen', 'bedroom']);
    });

    it('are checked when they are made', () => {
      assert.throws(() => createLockers({ priority: NaN }), /RangeError: priority is NaN/);
      assert.throws(() => lockers('', lamp), /RangeError: resource is ""/);
      assert.throws(() => lockers('bulb', lamp, { ttl: 0 }), /RangeError: ttl is 0/);
      assert.throws(() => lockers('bulb', lamp, {}, 5 as never), /TypeError: lockerId is 5/);
    });

    it('have a scope of their own unless they are given a protocol', async () => {
      await createLockers()('bulb', lamp).acquire();
      assert.deepEqual(await locks.query(), []);
    });
  });

  describe('of two', () => {
    it('hold what both would, and give both values', async () => {
      const a = lockers('kitchen', 1, { priority: 5 });
      const b = lockers('bedroom', 'two');
      const dual = lockers.newDualLocker(a, b, { ttl: 1_000 });
      assert.deepEqual(dual.value, [1, 'two']);
      const result = await dual.promise(function* ([first, second]) {
        const held: unknown = yield locks.query();
        assert.deepEqual((held as { resource: string }[]).map(({ resource }) => resource).sort(), [
          'bedroom',
          'kitchen',
        ]);
        return `${first} ${second}`;
      });
      assert.equal(result, '1 two');
      const lock = await dual.acquire();
      assert.equal(lock.priority, 0);
      assert.equal(lock.expires, clock.wall + 1_000);
      await lock.release();
      assert.deepEqual(await locks.query(), []);
    });

    it('can be nested', async () => {
      const dual = lockers.newDualLocker(lockers('a', 1), lockers('b', 2));
      const triple = lockers.newDualLocker(dual, lockers('c', 3));
      assert.deepEqual(triple.value, [[1, 2], 3]);
      const lock = await triple.acquire();
      assert.deepEqual(lock.resources, ['a', 'b', 'c']);
    });

    it('lose both when one is lost', async () => {
      const gate = new Gate();
      const dual = lockers.newDualLocker(lockers('a', 1), lockers('b', 2));
      const result = dual.promise(function* () {
        yield gate.opened;
      });
      await promisesSettled();
      const alarm = await locks.acquire('b', 'alarm', { priority: 9 });
      gate.open();
      assert.equal((await lockErrorOf(result)).by?.locker, 'alarm');
      await alarm.release();
      assert.deepEqual(await locks.query(), []);
    });

    it('bound the wait for both together', async () => {
      await locks.acquire('b', 'holder');
      const dual = lockers.newDualLocker(lockers('a', 1), lockers('b', 2), { aquireTimeout: 100 });
      const rejection = lockErrorOf(dual.acquire());
      await clock.advance(100);
      assert.equal((await rejection).code, LOCK_AQUIRE_TIMEOUT);
      assert.equal((await lockErrorOf(dual.acquire({ timeout: 0 }))).code, LOCK_ALREADY_AQUIRED);
      const free = lockers.newDualLocker(lockers('c', 1), lockers('d', 2));
      assert.equal((await free.acquire({ timeout: 0 })).isHeld(), true);
    });

    it('that wait for each other get out of it by restarting', async () => {
      const codes: string[] = [];
      const cook = function* () {
        yield promisesSettled();
        return 'done';
      };
      const first = lockers.newDualLocker(lockers('kitchen', 1), lockers('bedroom', 2)).promise(cook);
      const second = lockers
        .newDualLocker(lockers('bedroom', 2), lockers('kitchen', 1))
        .promise(cook)
        .recover((recovery, { code }) => {
          codes.push(code);
          return recovery.restart();
        });
      assert.deepEqual(await Promise.all([first, second]), ['done', 'done']);
      assert.deepEqual(codes, [LOCK_DEADLOCK]);
    });
  });
});
