import assert from 'node:assert/strict';
import {
  alwaysRestart,
  alwaysResume,
  LOCK_ALREADY_AQUIRED,
  LOCK_AQUIRE_TIMEOUT,
  LOCK_STOLEN_BY_HIGHER_PRIORITY,
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

  describe('recover', () => {
    /** A transaction of three steps, preempted in the second; `go` lets it finish that. */
    async function interrupted(options = {}) {
      const gate = new Gate();
      const steps: unknown[] = [];
      const result = lockers.newLocker('bulb', lamp, options).promise(function* (): Generator<
        unknown,
        string
      > {
        try {
          steps.push('one');
          steps.push(yield gate.opened.then(() => 'two'));
          yield 'three';
          return 'done';
        } finally {
          steps.push('finally');
        }
      });
      await promisesSettled();
      const alarm = await locks.acquire('bulb', 'alarm', { priority: 9 });
      return { result, steps, alarm, go: () => gate.open() };
    }

    it('by resuming where they stopped, with what the last step waited for', async () => {
      const { result, steps, alarm, go } = await interrupted();
      result.recover((recovery) => recovery.resume());
      go();
      assert.equal(await fateOf(result), 'pending');
      assert.deepEqual(steps, ['one']);
      await alarm.release();
      assert.equal(await result, 'done');
      assert.deepEqual(steps, ['one', 'two', 'finally']);
    });

    it('by resuming with the exception that the last step has become', async () => {
      const gate = new Gate();
      const result = lockers
        .newLocker('bulb', lamp)
        .promise(function* () {
          try {
            yield gate.opened.then(() => Promise.reject(new Error('broken bulb')));
            return 'no';
          } catch (error) {
            return (error as Error).message;
          }
        })
        .recover((recovery) => recovery.resume());
      await promisesSettled();
      const alarm = await locks.acquire('bulb', 'alarm', { priority: 9 });
      gate.open();
      await alarm.release();
      assert.equal(await result, 'broken bulb');
    });

    it('by starting again, after the finally blocks', async () => {
      const { result, steps, alarm, go } = await interrupted();
      result.recover((recovery) => recovery.restart());
      go();
      await promisesSettled();
      assert.deepEqual(steps, ['one', 'finally']);
      await alarm.release();
      assert.equal(await result, 'done');
      assert.deepEqual(steps, ['one', 'finally', 'one', 'two', 'finally']);
    });

    it('by another transaction, chosen at once or later', async () => {
      for (const isAsync of [false, true]) {
        const { result, steps, alarm, go } = await interrupted();
        result.recover((recovery, error) => {
          assert.equal(error.code, LOCK_STOLEN_BY_HIGHER_PRIORITY);
          const other = recovery.replace(function* (value) {
            yield value;
            return 'rolled back';
          });
          return isAsync ? promisesSettled().then(() => other) : other;
        });
        go();
        await alarm.release();
        assert.equal(await result, 'rolled back');
        assert.deepEqual(steps, ['one', 'finally']);
      }
    });

    it('by rejecting, with the LockError or another error', async () => {
      const { result, steps, go } = await interrupted();
      go();
      const error = await lockErrorOf(result.recover((recovery) => recovery.reject()));
      assert.equal(error.code, LOCK_STOLEN_BY_HIGHER_PRIORITY);
      assert.deepEqual(steps, ['one', 'finally']);
    });

    it('by rejecting with an error of their own', async () => {
      const { result, go } = await interrupted();
      const own = new Error('the party is over');
      go();
      await assert.rejects(
        result.recover((recovery) => recovery.reject(own)),
        own,
      );
    });

    it('as often as the lock is lost, by the last handler that was given', async () => {
      const gates = [new Gate(), new Gate(), new Gate()];
      let losses = 0;
      const result = lockers
        .newLocker('bulb', lamp)
        .promise(function* () {
          for (const gate of gates) yield gate.opened;
          return 'done';
        })
        .recover(() => assert.fail('the first handler'))
        .recover((recovery) => {
          losses++;
          return recovery.resume();
        });
      for (const gate of gates) {
        await promisesSettled();
        const alarm = await locks.acquire('bulb', 'alarm', { priority: 9 });
        gate.open();
        await promisesSettled();
        await alarm.release();
      }
      assert.equal(await result, 'done');
      assert.equal(losses, 3);
    });

    it('from a wait that was over, with other options for the next', async () => {
      const holder = await locks.acquire('bulb', 'holder', { priority: 5 });
      const codes: string[] = [];
      const result = lockers
        .newLocker('bulb', lamp, { timeout: 100 })
        .promise(function* () {
          yield 'a step';
          return 'done';
        })
        .recover((recovery, { code }) => {
          codes.push(code);
          return codes.length < 3 ? recovery.resume() : recovery.restart({ priority: 9 });
        });
      await clock.advance(300);
      assert.equal(await result, 'done');
      assert.deepEqual(codes, Array(3).fill(LOCK_AQUIRE_TIMEOUT));
      assert.equal(holder.isHeld(), false);
    });

    it('not from an attempt that was not to wait: it rejects at once', async () => {
      await locks.acquire('bulb', 'holder');
      for (const options of [{ timeout: 0 }, { maxAttempts: 1 }, { maxAquireAttempts: 1 }]) {
        const result = lockers
          .newLocker('bulb', lamp, options)
          .promise(function* () {
            yield assert.fail('it has no lock');
          })
          .recover(() => assert.fail('no recovery'));
        assert.equal((await lockErrorOf(result)).code, LOCK_ALREADY_AQUIRED);
      }
    });

    it('from a loss by waiting, even if the first attempt was not to wait', async () => {
      for (const options of [{ timeout: 0 }, { maxAttempts: 1, timeout: 60_000 }]) {
        const { result, alarm, go } = await interrupted(options);
        result.recover((recovery) => recovery.resume());
        go();
        assert.equal(await fateOf(result), 'pending');
        await alarm.release();
        assert.equal(await result, 'done');
      }
    });

    it('without waiting where the recovery says so', async () => {
      const { result, go } = await interrupted();
      result.recover((recovery) => recovery.resume({ timeout: 0 }));
      go();
      assert.equal((await lockErrorOf(result)).code, LOCK_ALREADY_AQUIRED);
    });

    it('by nothing else', async () => {
      const { result, steps, go } = await interrupted();
      result.recover((() => ({ type: 'hope' })) as never);
      go();
      await assert.rejects(
        result,
        /TypeError: the answer of a recover handler is an object, not resume\(\), restart\(\)/,
      );
      assert.deepEqual(steps, ['one', 'finally']);
    });

    it('not when the handler fails', async () => {
      for (const value of [undefined, null, 5]) {
        const { result, alarm, go } = await interrupted();
        result.recover((() => value) as never);
        go();
        await assert.rejects(result, TypeError);
        await alarm.release();
      }
      const { result, go } = await interrupted();
      const own = new Error('no idea');
      result.recover(() => {
        throw own;
      });
      go();
      await assert.rejects(result, own);
    });

    it('with what the finally blocks throw, if they do', async () => {
      const gate = new Gate();
      const stuck = new Error('stuck');
      const result = lockers
        .newLocker('bulb', lamp)
        .promise(function* () {
          try {
            yield gate.opened;
          } finally {
            yield Promise.reject(stuck);
          }
        })
        .recover((recovery) => recovery.restart());
      await promisesSettled();
      await locks.acquire('bulb', 'alarm', { priority: 9 });
      gate.open();
      await assert.rejects(result, stuck);
    });

    it('always by resuming or restarting, in short', async () => {
      for (const [always, expected] of [
        [alwaysResume, ['one', 'two', 'finally']],
        [alwaysRestart, ['one', 'finally', 'one', 'two', 'finally']],
      ] as const) {
        const { result, steps, alarm, go } = await interrupted();
        assert.equal(always(result), result);
        go();
        await alarm.release();
        assert.equal(await result, 'done');
        assert.deepEqual(steps, expected);
      }
    });
  });
});
