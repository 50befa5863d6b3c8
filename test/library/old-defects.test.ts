import assert from 'node:assert/strict';
import * as old from 'priority-redlock';
import { createAcquire } from '../../src/library';
import { promisesSettled } from '../support/hand-clock';
import { fateOf } from '../support/library-scene';

/** As much of a lock as both libraries have. */
interface AnyLock {
  isHeld(): boolean;
  release(): Promise<Error | undefined>;
}

interface AnyOptions {
  readonly priority?: number;
  readonly lockTtl?: number;
  readonly maxAquireAttempts?: number;
}

type AnyAcquire = (resource: string, locker: string, options?: AnyOptions) => Promise<AnyLock>;

/** What must never be so, and whether it is: tried on both libraries, so that it is known to find the defect. */
const DEFECTS: Readonly<Record<string, (acquire: AnyAcquire) => Promise<boolean>>> = {
  'exclusion breaks after two re-entrant acquires and a preemption': async (acquire) => {
    const victims = [await acquire('lights', 'me'), await acquire('lights', 'me')];
    const thief = await acquire('lights', 'thief', { priority: 1 });
    await promisesSettled();
    return thief.isHeld() && victims.some((victim) => victim.isHeld());
  },

  'one release frees all re-entrant holds': async (acquire) => {
    const [outer, inner] = [await acquire('lights', 'me'), await acquire('lights', 'me')];
    await inner.release();
    const other = acquire('lights', 'you');
    return !outer.isHeld() || (await fateOf(other)) !== 'pending';
  },

  'maxAquireAttempts is ignored': async (acquire) => {
    const holder = await acquire('lights', 'me');
    const fate = await fateOf(acquire('lights', 'you', { maxAquireAttempts: 1 }));
    await holder.release();
    return !(fate instanceof Error);
  },

  'waiters are polled for, and granted in any order': async (acquire) => {
    const holder = await acquire('lights', 'holder', { priority: 9 });
    const order: number[] = [];
    const waiting = [1, 3, 2].map((priority) =>
      acquire('lights', `waiter ${priority}`, { priority }).then((lock) => {
        order.push(priority);
        return lock.release();
      }),
    );
    await promisesSettled();
    await holder.release();
    await promisesSettled();
    const atOnce = [...order];
    await Promise.all(waiting);
    return atOnce.join() !== '3,2,1';
  },

  'each acquire leaks timers': async (acquire) => {
    const before = timers();
    for (let n = 0; n < 100; n++) await (await acquire('lights', 'me', { lockTtl: 50 })).release();
    return timers() >= before + 100;
  },
};

describe('the defects of priority-redlock 0.3.3', () => {
  for (const [defect, isThere] of Object.entries(DEFECTS)) {
    it(`not: ${defect}`, async () => {
      assert.equal(await isThere(createAcquire()), false);
    });

    it(`(there it is found: ${defect})`, async () => {
      const acquire = old.default();
      const plain: AnyAcquire = (resource, locker, options) =>
        acquire(resource, locker, { ...old.defaultOptions, ...options });
      assert.equal(await isThere(plain), true);
    });
  }
});

function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
}
