import assert from 'node:assert/strict';
import {
  acquireAll,
  createAcquire,
  LOCK_ALREADY_AQUIRED,
  LOCK_AQUIRE_TIMEOUT,
  LOCK_DEADLOCK,
  LOCK_RELEASED,
  LOCK_STOLEN_BY_HIGHER_PRIORITY,
  LOCK_TIMED_OUT,
  type Lock,
  LockError,
} from '../../src/library';
import { promisesSettled } from '../support/hand-clock';
import { endOf, fateOf, type LibraryScene, libraryScene, lockErrorOf } from '../support/library-scene';

describe('acquireAll', () => {
  let scene: LibraryScene;

  beforeEach(() => {
    scene = libraryScene();
  });

  function rooms(locker: string, options = {}): Promise<Lock> {
    const { acquire } = scene;
    return scene.acquireAll([
      () => acquire('kitchen', locker, options),
      () => acquire('bedroom', locker, options),
    ]);
  }

  async function free(): Promise<boolean> {
    return (await scene.query()).length === 0;
  }

  it('gives one lock of all of them', async () => {
    const { acquire, clock } = scene;
    const lock = await scene.acquireAll([
      () => acquire('kitchen', 'me', { ttl: 5_000, priority: 7, value: 'on' }),
      () => acquire(['bedroom', 'bath'], 'me', { ttl: 3_000, priority: 4 }),
    ]);
    assert.equal(lock.isHeld(), true);
    assert.equal(lock.state(), null);
    assert.deepEqual(lock.resources, ['kitchen', 'bedroom', 'bath']);
    assert.equal(lock.locker, 'me');
    assert.equal(lock.priority, 4);
    assert.equal(lock.value, 'on');
    assert.equal(lock.expires, clock.wall + 3_000);
    const tokens = (await scene.query()).map(({ token }) => token);
    assert.equal(lock.token, Math.max(...tokens));
    assert.equal(lock.signal.aborted, false);
  });

  it('acquires in order, each when it has the one before', async () => {
    const kitchen = await scene.acquire('kitchen', 'cook');
    const both = rooms('me');
    await promisesSettled();
    await (await scene.acquire('bedroom', 'sleeper', { timeout: 0 })).release();
    await kitchen.release();
    assert.equal((await both).isHeld(), true);
  });

  it('releases all of them, once', async () => {
    const lock = await rooms('me');
    const end = endOf(lock);
    assert.equal(await lock.release(), undefined);
    assert.equal(lock.state(), LOCK_RELEASED);
    assert.equal((await end).code, LOCK_RELEASED);
    assert.equal(await free(), true);
    const again = await lock.release();
    assert(again instanceof LockError && again.code === LOCK_RELEASED);
    assert.equal(lock.signal.aborted, false);
  });

  it('releases at the end of its block', async () => {
    {
      await using lock = await rooms('me');
      assert.equal(lock.isHeld(), true);
    }
    assert.equal(await free(), true);
  });

  it('loses all when one is lost, and says once why', async () => {
    const lock = await rooms('me');
    const { signal } = lock;
    const told: string[] = [];
    lock.onRelease((why) => told.push(why.code));
    const alarm = await scene.acquire('bedroom', 'alarm', { priority: 9 });
    assert.equal(lock.state(), LOCK_STOLEN_BY_HIGHER_PRIORITY);
    assert.equal(lock.isHeld(), false);
    await promisesSettled();
    assert.equal(lock.state(), LOCK_STOLEN_BY_HIGHER_PRIORITY);
    assert.deepEqual(told, [LOCK_STOLEN_BY_HIGHER_PRIORITY]);
    assert.equal(signal.aborted, true);
    assert.equal(signal.reason.by.locker, 'alarm');
    let late: string | undefined;
    lock.onRelease((why) => {
      late = why.code;
    });
    assert.equal(late, LOCK_STOLEN_BY_HIGHER_PRIORITY);
    await alarm.release();
    assert.equal(await free(), true);
  });

  it('is over with the first of its leases, by the clock, too', async () => {
    const { acquire, clock } = scene;
    const lock = await scene.acquireAll([
      () => acquire('kitchen', 'me', { ttl: 5_000 }),
      () => acquire('bedroom', 'me', { ttl: 3_000 }),
    ]);
    clock.monotonic += 3_000;
    assert.equal(lock.state(), LOCK_TIMED_OUT);
    assert.equal(lock.signal.aborted, true);
    assert(((await lock.release()) as LockError).code === LOCK_TIMED_OUT);
    assert.equal(await free(), true);
  });

  it('is over when one of its parts is released', async () => {
    const parts: Lock[] = [];
    const keep = async (resource: string) => {
      const part = await scene.acquire(resource, 'me');
      parts.push(part);
      return part;
    };
    const lock = await scene.acquireAll([() => keep('kitchen'), () => keep('bedroom')]);
    await parts[0]?.release();
    assert.equal(lock.state(), LOCK_RELEASED);
    await promisesSettled();
    assert.equal(await free(), true);
  });

  it('is told to stop when one of its parts is', async () => {
    const lock = await rooms('me', { grace: 1_000 });
    const alarm = scene.acquire('bedroom', 'alarm', { priority: 9 });
    await promisesSettled();
    assert.equal(lock.signal.aborted, true);
    assert.equal(lock.isHeld(), true);
    await lock.release();
    assert.equal((await alarm).isHeld(), true);
  });

  it('extends and updates all of them', async () => {
    const { clock } = scene;
    const lock = await rooms('me', { ttl: 1_000 });
    await clock.advance(900);
    await lock.extend(5_000);
    await clock.advance(4_000);
    await lock.extend();
    await clock.advance(4_000);
    assert.equal(lock.isHeld(), true);
    await lock.update({ priority: 3, value: 'on' });
    assert.deepEqual(
      (await scene.query()).map(({ priority, value }) => [priority, value]),
      [
        [3, 'on'],
        [3, 'on'],
      ],
    );
  });

  it('gives everything back when one fails, and rejects with why', async () => {
    await scene.acquire('bedroom', 'sleeper');
    const error = await lockErrorOf(rooms('me', { timeout: 0 }));
    assert.equal(error.code, LOCK_ALREADY_AQUIRED);
    await (await scene.acquire('kitchen', 'cook', { timeout: 0 })).release();
  });

  it('gives everything back when a generator throws, at once or later', async () => {
    const { acquire } = scene;
    const broken = new Error('broken');
    const kitchen = () => acquire('kitchen', 'me');
    const throwing = () => {
      throw broken;
    };
    for (const generator of [throwing, () => Promise.reject(broken)]) {
      await assert.rejects(scene.acquireAll([kitchen, generator]), broken);
      assert.equal(await free(), true);
    }
  });

  it('gives everything back when the time is over, and waits no longer', async () => {
    const { acquire, clock } = scene;
    const sleeper = await acquire('bedroom', 'sleeper');
    const both = scene.acquireAll([() => acquire('kitchen', 'me'), () => acquire('bedroom', 'me')], 5_000);
    const rejection = lockErrorOf(both);
    await clock.advance(4_999);
    assert.equal(await fateOf(rejection), 'pending');
    await clock.advance(1);
    assert.equal((await rejection).code, LOCK_AQUIRE_TIMEOUT);
    await sleeper.release();
    assert.equal(await free(), true);
    assert.equal(clock.timers, 0);
  });

  it('gives back what comes too late', async () => {
    const { acquire, clock } = scene;
    let give: (lock: Lock) => void = () => undefined;
    const slow = new Promise<Lock>((resolve) => {
      give = resolve;
    });
    const rejection = lockErrorOf(scene.acquireAll([() => slow], 100));
    await clock.advance(100);
    assert.equal((await rejection).code, LOCK_AQUIRE_TIMEOUT);
    const late = await acquire('kitchen', 'me');
    give(late);
    await promisesSettled();
    assert.equal(late.state(), LOCK_RELEASED);
  });

  it('leaves no timer behind when it is done', async () => {
    const lock = await scene.acquireAll([() => scene.acquire('kitchen', 'me')], 5_000);
    assert.equal(scene.clock.timers, 0);
    assert.equal(lock.isHeld(), true);
  });

  it('rejects when one is lost while it waits for the next', async () => {
    const sleeper = await scene.acquire('bedroom', 'sleeper');
    const rejection = lockErrorOf(rooms('me'));
    await promisesSettled();
    const alarm = await scene.acquire('kitchen', 'alarm', { priority: 9 });
    const error = await rejection;
    assert.equal(error.code, LOCK_STOLEN_BY_HIGHER_PRIORITY);
    assert.equal(error.by?.locker, 'alarm');
    await sleeper.release();
    await alarm.release();
    assert.equal(await free(), true);
  });

  it('rejects one of two that wait for each other, with the names of both', async () => {
    const { acquire } = scene;
    const a = scene.acquireAll([() => acquire('kitchen', 'A'), () => acquire('bedroom', 'A')]);
    const b = scene.acquireAll([() => acquire('bedroom', 'B'), () => acquire('kitchen', 'B')]);
    const error = await lockErrorOf(b);
    assert.equal(error.code, LOCK_DEADLOCK);
    assert.match(error.message, /A, B/);
    assert.equal((await a).isHeld(), true);
  });

  it('keeps what an outer one has, so that a circle through it is found', async () => {
    const { acquire } = scene;
    const inner = () => scene.acquireAll([() => acquire('bedroom', 'A'), () => acquire('bath', 'A')]);
    const bath = await acquire('bath', 'B');
    const a = scene.acquireAll([() => acquire('kitchen', 'A'), inner]);
    await promisesSettled();
    const b = scene.acquireAll([async () => bath, () => acquire('kitchen', 'B')]);
    assert.equal((await lockErrorOf(b)).code, LOCK_DEADLOCK);
    assert.equal((await a).isHeld(), true);
    assert.deepEqual((await a).resources, ['kitchen', 'bedroom', 'bath']);
  });

  it('ends an inner one that still waits when the outer one fails', async () => {
    const { acquire } = scene;
    const bath = await acquire('bath', 'B');
    const inner = () => scene.acquireAll([() => acquire('bedroom', 'A'), () => acquire('bath', 'A')]);
    const rejection = lockErrorOf(scene.acquireAll([() => acquire('kitchen', 'A'), inner]));
    await promisesSettled();
    await (await acquire('kitchen', 'alarm', { priority: 9 })).release();
    assert.equal((await rejection).code, LOCK_STOLEN_BY_HIGHER_PRIORITY);
    await bath.release();
    assert.equal(await free(), true);
  });

  it('begins nothing new once it has failed', async () => {
    const { acquire } = scene;
    await acquire('bedroom', 'sleeper');
    const inner = () => {
      const waiting = acquire('bedroom', 'A');
      const nested = scene.acquireAll([() => waiting, () => acquire('attic', 'A')]);
      return nested;
    };
    const rejection = lockErrorOf(scene.acquireAll([() => acquire('kitchen', 'A'), inner], 50));
    await scene.clock.advance(50);
    assert.equal((await rejection).code, LOCK_AQUIRE_TIMEOUT);
    await promisesSettled();
    assert.deepEqual(
      (await scene.query()).map(({ resource }) => resource),
      ['bedroom'],
    );
  });

  it('works by the real clock without a scope of its own', async () => {
    const acquire = createAcquire();
    const lock = await acquireAll([() => acquire('a', 'me'), () => acquire('b', 'me')]);
    assert.equal(lock.isHeld(), true);
    const error = await lockErrorOf(acquireAll([() => acquire('a', 'you')], 5));
    assert.equal(error.code, LOCK_AQUIRE_TIMEOUT);
    assert.equal(await lock.release(), undefined);
  });

  it('refuses what is no array of functions, and no timeout', async () => {
    const gather = scene.acquireAll as (...args: unknown[]) => Promise<Lock>;
    const cases: readonly (readonly [unknown[], RegExp])[] = [
      [[], /TypeError: generators is undefined, not an array of functions/],
      [[[]], /RangeError: generators is \[\], not one or more functions/],
      [[[5]], /TypeError: a generator is 5, not a function/],
      [[[scene.acquire('a')]], /TypeError: a generator is an object, not a function/],
      [[[() => scene.acquire('b')], -1], /RangeError: timeout is -1, not 0 or more/],
    ];
    for (const [args, message] of cases) {
      await assert.rejects(gather(...args), (error) => {
        assert.match(String(error), message);
        return true;
      });
    }
  });
});
