import assert from 'node:assert/strict';
import {
  LOCK_ALREADY_AQUIRED,
  LOCK_STOLEN_BY_HIGHER_PRIORITY,
  LOCK_TIMED_OUT,
  type Lockers,
  type Locks,
} from '../../src/library';
import { Gate } from '../support/gate';
import { type HandClock, promisesSettled } from '../support/hand-clock';
import { fateOf, lamp, lockErrorOf, lockersScene } from '../support/library-scene';

describe('transactions', () => {
  let clock: HandClock;
  let lockers: Lockers;
  let locks: Locks;

  beforeEach(() => {
    ({ clock, lockers, locks } = lockersScene());
  });

  describe('run step by step', () => {
    it('with the value, while the lock is held, and release it', async () => {
      const result = lockers.newLocker('bulb', lamp).promise(function* (value) {
        assert.equal(value, lamp);
        yield locks.query().then(([state]) => assert.equal(state?.state, 'held'));
        return 'done';
      });
      assert.equal(await result, 'done');
      assert.deepEqual(await locks.query(), []);
    });

    it('and get back what they yield: values, and what promises become', async () => {
      const result = lockers.newLocker('bulb', lamp).promise(function* (): Generator<
        unknown,
        number,
        number
      > {
        const one = yield 1;
        const two = yield Promise.resolve(2);
        return one + two;
      });
      assert.equal(await result, 3);
    });

    it('and can be async generators', async () => {
      const result = lockers.newLocker('bulb', lamp).promise(async function* (): AsyncGenerator<
        unknown,
        number,
        number
      > {
        const one = yield 1;
        await promisesSettled();
        const two = yield Promise.resolve(2);
        return one + two;
      });
      assert.equal(await result, 3);
    });

    it('and can be any iterator, also one that cannot be thrown at', async () => {
      const broken = new Error('broken bulb');
      let steps = 0;
      const iterator = {
        next: () => ({ done: ++steps > 2, value: steps === 2 ? Promise.reject(broken) : steps }),
      };
      const result = lockers.newLocker('bulb', lamp).promise(() => iterator as Iterator<unknown, number>);
      await assert.rejects(result, broken);
      assert.equal(steps, 2);
      assert.deepEqual(await locks.query(), []);
    });

    it('and see what a promise was rejected with as an exception', async () => {
      const result = lockers.newLocker('bulb', lamp).promise(function* () {
        try {
          yield Promise.reject(new Error('broken bulb'));
          return 'no';
        } catch (error) {
          return (error as Error).message;
        }
      });
      assert.equal(await result, 'broken bulb');
    });

    it('and reject with what they throw, without asking for a recovery, and release the lock', async () => {
      const broken = new Error('broken bulb');
      for (const throwing of [
        function* () {
          yield Promise.reject(broken);
        },
        function* () {
          yield 1;
          throw broken;
        },
        async function* () {
          yield Promise.reject(broken);
        },
      ]) {
        const result = lockers
          .newLocker('bulb', lamp)
          .promise(throwing)
          .recover(() => assert.fail('no recovery'));
        await assert.rejects(result, broken);
        assert.deepEqual(await locks.query(), []);
      }
    });

    it('and may throw a LockError of their own', async () => {
      await locks.acquire('other', 'somebody');
      const result = lockers
        .newLocker('bulb', lamp)
        .promise(function* () {
          yield locks.acquire('other', 'me', { timeout: 0 });
        })
        .recover(() => assert.fail('no recovery'));
      assert.equal((await lockErrorOf(result)).code, LOCK_ALREADY_AQUIRED);
    });

    it('and are done when they return, even if the lock was lost in their last step', async () => {
      const gate = new Gate();
      const result = lockers.newLocker('bulb', lamp).promise(async function* () {
        yield 'begun';
        await gate.opened;
        return 'done';
      });
      await promisesSettled();
      await locks.acquire('bulb', 'alarm', { priority: 9 });
      gate.open();
      assert.equal(await result, 'done');
    });

    it('and stop between two steps when the lock is lost', async () => {
      const gate = new Gate();
      const steps: string[] = [];
      const result = lockers.newLocker('bulb', lamp).promise(function* () {
        steps.push('one');
        yield gate.opened;
        steps.push('two');
      });
      await promisesSettled();
      await locks.acquire('bulb', 'alarm', { priority: 9 });
      assert.equal(await fateOf(result), 'pending');
      gate.open();
      const error = await lockErrorOf(result);
      assert.equal(error.code, LOCK_STOLEN_BY_HIGHER_PRIORITY);
      assert.equal(error.by?.locker, 'alarm');
      assert.deepEqual(steps, ['one']);
    });

    it('and stop when their lease has run out by the clock', async () => {
      const gate = new Gate();
      const result = lockers.newLocker('bulb', lamp, { ttl: 100 }).promise(function* () {
        yield gate.opened;
        assert.fail('a step too many');
      });
      await promisesSettled();
      clock.monotonic += 100;
      gate.open();
      assert.equal((await lockErrorOf(result)).code, LOCK_TIMED_OUT);
    });

    it('and give the lock up at the next step when they are told to stop in their grace', async () => {
      const gate = new Gate();
      const result = lockers.newLocker('bulb', lamp, { grace: 5_000 }).promise(function* () {
        yield gate.opened;
        assert.fail('a step too many');
      });
      await promisesSettled();
      const alarm = locks.acquire('bulb', 'alarm', { priority: 9 });
      assert.equal(await fateOf(alarm), 'pending');
      gate.open();
      assert.equal((await lockErrorOf(result)).code, LOCK_STOLEN_BY_HIGHER_PRIORITY);
      assert.equal((await alarm).isHeld(), true);
    });

    it('and run their finally blocks to the end when they are rejected', async () => {
      const gate = new Gate();
      const steps: unknown[] = [];
      const result = lockers.newLocker('bulb', lamp).promise(function* (): Generator<unknown, void, unknown> {
        try {
          yield gate.opened;
        } finally {
          steps.push(yield Promise.resolve('off'));
          try {
            yield Promise.reject(new Error('stuck'));
          } catch (error) {
            steps.push((error as Error).message);
          }
        }
      });
      await promisesSettled();
      await locks.acquire('bulb', 'alarm', { priority: 9 });
      gate.open();
      await lockErrorOf(result);
      assert.deepEqual(steps, ['off', 'stuck']);
    });
  });

  describe('are promises', () => {
    it('that can be told how to recover anywhere in the chain', async () => {
      for (const chain of [1, 2, 3, 4]) {
        const gate = new Gate();
        const told: string[] = [];
        const started = lockers.newLocker('bulb', lamp).promise(function* () {
          yield gate.opened;
          return 'done';
        });
        const chained = [
          started,
          started.then((value) => `then ${value}`),
          started.catch(() => 'caught'),
          started.finally(() => told.push('finally')),
        ][chain - 1];
        const result = (chained as typeof started).recover((recovery) => recovery.resume());
        await promisesSettled();
        const alarm = await locks.acquire('bulb', 'alarm', { priority: 9 });
        gate.open();
        await alarm.release();
        assert.match(String(await result), /done$/);
      }
    });

    it('that are Promises, and refuse a handler that is none', async () => {
      const result = lockers.newLocker('bulb', lamp).promise(function* () {
        return yield Promise.resolve(1);
      });
      assert(result instanceof Promise);
      assert.throws(() => result.recover(5 as never), /TypeError: handler is 5, not a function/);
      assert.equal(await result, 1);
    });

    it('that reject when there is no transaction, or bad options', async () => {
      const locker = lockers.newLocker('bulb', lamp);
      await assert.rejects(
        locker.promise(5 as never),
        /TypeError: transaction is 5, not a generator function/,
      );
      const empty = function* () {};
      await assert.rejects(locker.promise(empty, { priority: NaN }), /RangeError: priority is NaN/);
    });
  });
});
