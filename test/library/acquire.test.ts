import assert from 'node:assert/strict';
import {
  LOCK_ALREADY_AQUIRED,
  LOCK_AQUIRE_ABORTED,
  LOCK_AQUIRE_TIMEOUT,
  LOCK_RELEASED,
  LockError,
} from '../../src/library';
import { promisesSettled } from '../support/hand-clock';
import { fateOf, type LibraryScene, libraryScene, lockErrorOf } from '../support/library-scene';

const CIRCLE: { self?: object } = {};
CIRCLE.self = CIRCLE;

describe('acquire', () => {
  let scene: LibraryScene;

  beforeEach(() => {
    scene = libraryScene();
  });

  it('gives a free resource at once, with what was asked for', async () => {
    const options = { priority: 100, value: { on: true }, ttl: 60_000 };
    const lock = await scene.acquire('lights', 'motion detected', options);
    assert.equal(lock.isHeld(), true);
    assert.equal(lock.state(), null);
    assert.deepEqual(lock.resources, ['lights']);
    assert.equal(lock.locker, 'motion detected');
    assert.equal(lock.priority, 100);
    assert.deepEqual(lock.value, { on: true });
    assert.equal(lock.expires, scene.clock.wall + 60_000);
    assert(lock.token > 0);
  });

  it('takes for granted: priority 0, no value, no lease, any wait', async () => {
    const lock = await scene.acquire('lights', 'me');
    assert.equal(lock.priority, 0);
    assert.equal(lock.value, undefined);
    assert.equal(lock.expires, Infinity);
    const waiting = scene.acquire('lights', 'you', {});
    await scene.clock.advance(1e12);
    assert.equal(await fateOf(waiting), 'pending');
  });

  it('hands over at once, to the highest and then the first', async () => {
    const order: string[] = [];
    const holder = await scene.acquire('lights', 'holder', { priority: 9 });
    for (const [locker, priority] of [
      ['a', 1],
      ['b', 3],
      ['c', 3],
      ['d', 2],
    ] as const) {
      void scene.acquire('lights', locker, { priority }).then((lock) => {
        order.push(locker);
        return lock.release();
      });
    }
    await holder.release();
    await promisesSettled();
    assert.deepEqual(order, ['b', 'c', 'd', 'a']);
  });

  it('gives a locker without a name one that nobody else has', async () => {
    const first = await scene.acquire('lights');
    const second = await scene.acquire('blinds');
    assert.notEqual(first.locker, second.locker);
    assert.equal(await fateOf(scene.acquire('lights')), 'pending');
  });

  it('lets the same locker in again, and frees the resource with its last lock', async () => {
    const outer = await scene.acquire('lights', 'me');
    const inner = await scene.acquire('lights', 'me');
    const other = scene.acquire('lights', 'you');
    await outer.release();
    assert.equal(inner.isHeld(), true);
    assert.equal(await fateOf(other), 'pending');
    await inner.release();
    assert.equal((await other).isHeld(), true);
  });

  describe('a wait', () => {
    it('of no time is denied with who has it', async () => {
      await scene.acquire('lights', 'motion', { priority: 3 });
      const error = await lockErrorOf(scene.acquire('lights', 'me', { timeout: 0 }));
      assert.equal(error.code, LOCK_ALREADY_AQUIRED);
      assert.equal(error.by?.locker, 'motion');
      assert.deepEqual(error.resources, ['lights']);
      assert.equal(error.message, 'Lock Already Aquired (lights): by motion, priority 3');
    });

    it('is over after its timeout', async () => {
      await scene.acquire('lights', 'motion');
      const waiting = scene.acquire('lights', 'me', { timeout: 5_000 });
      await scene.clock.advance(4_999);
      assert.equal(await fateOf(waiting), 'pending');
      const rejection = lockErrorOf(waiting);
      await scene.clock.advance(1);
      assert.equal((await rejection).code, LOCK_AQUIRE_TIMEOUT);
    });

    it('may have a length beyond 2^31 ms', async () => {
      await scene.acquire('lights', 'motion');
      const rejection = lockErrorOf(scene.acquire('lights', 'me', { timeout: 2 ** 33 }));
      await scene.clock.advance(2 ** 33 - 1);
      assert.equal(await fateOf(rejection), 'pending');
      await scene.clock.advance(1);
      assert.equal((await rejection).code, LOCK_AQUIRE_TIMEOUT);
    });

    it('gets what is free in the very moment in which it ends', async () => {
      await scene.acquire('lights', 'motion', { ttl: 100 });
      const waiting = scene.acquire('lights', 'me', { timeout: 100 });
      await scene.clock.advance(100);
      assert.equal((await waiting).isHeld(), true);
    });

    it('is ended by a signal', async () => {
      const holder = await scene.acquire('lights', 'motion');
      const controller = new AbortController();
      const rejection = lockErrorOf(scene.acquire('lights', 'me', { signal: controller.signal }));
      const reason = new Error('no longer wanted');
      controller.abort(reason);
      const error = await rejection;
      assert.equal(error.code, LOCK_AQUIRE_ABORTED);
      assert.equal(error.cause, reason);
      assert.deepEqual(
        (await scene.query()).map(({ waitingCount }) => waitingCount),
        [0],
      );
      await holder.release();
      assert.deepEqual(await scene.query(), []);
    });

    it('is not begun with a signal that is aborted already', async () => {
      const error = await lockErrorOf(scene.acquire('lights', 'me', { signal: AbortSignal.abort() }));
      assert.equal(error.code, LOCK_AQUIRE_ABORTED);
      assert.deepEqual(await scene.query(), []);
    });

    it('leaves nothing at its signal, and a later abort changes nothing', async () => {
      const controller = new AbortController();
      const added: unknown[] = [];
      const removed: unknown[] = [];
      const { signal } = controller;
      signal.addEventListener = (_: string, listener: unknown) => void added.push(listener);
      signal.removeEventListener = (_: string, listener: unknown) => void removed.push(listener);
      const holder = await scene.acquire('lights', 'motion');
      const waiting = scene.acquire('lights', 'me', { signal });
      await holder.release();
      const lock = await waiting;
      assert.equal(added.length, 1);
      assert.deepEqual(removed, added);
      controller.abort();
      assert.equal(lock.isHeld(), true);
    });
  });

  describe('maxAttempts', () => {
    it('of 1 takes it now or never', async () => {
      await (await scene.acquire('lights', 'me', { maxAttempts: 1 })).release();
      await scene.acquire('lights', 'motion');
      const error = await lockErrorOf(scene.acquire('lights', 'me', { maxAttempts: 1, timeout: 5_000 }));
      assert.equal(error.code, LOCK_ALREADY_AQUIRED);
    });

    it('of more lets it go to others so often', async () => {
      const names = ['first', 'second', 'third'];
      let holder = await scene.acquire('lights', 'holder', { priority: 9 });
      const rejection = lockErrorOf(scene.acquire('lights', 'patient', { maxAttempts: 3 }));
      for (const name of names) {
        assert.equal(await fateOf(rejection), 'pending');
        const next = scene.acquire('lights', name, { priority: 8 });
        await holder.release();
        holder = await next;
        if (name === 'second') break;
      }
      const error = await rejection;
      assert.equal(error.code, LOCK_ALREADY_AQUIRED);
      assert.equal(error.by?.locker, 'second');
      assert.deepEqual(
        (await scene.query()).map(({ waitingCount }) => waitingCount),
        [0],
      );
    });

    it('counts each resource that goes to somebody else, but not the own locker', async () => {
      const kitchen = await scene.acquire('kitchen', 'me');
      const bedroom = await scene.acquire('bedroom', 'other');
      const both = scene.acquire(['kitchen', 'bedroom'], 'me', { maxAttempts: 2 });
      await kitchen.release();
      await (await scene.acquire('kitchen', 'me')).release();
      assert.equal(await fateOf(both), 'pending');
      await bedroom.release();
      assert.equal((await both).isHeld(), true);
    });

    it('leaves nobody watching', async () => {
      let watching = 0;
      scene = libraryScene((protocol) => ({
        ...({ clock: protocol.clock } as { clock: NonNullable<typeof protocol.clock> }),
        obtain: (claim) => protocol.obtain(claim),
        release: (claim, how) => protocol.release(claim, how),
        extend: (claim, change) => protocol.extend(claim, change),
        listen: (claim, listener) => protocol.listen(claim, listener),
        watch: async (pattern, listener) => {
          const stop = await protocol.watch(pattern, listener);
          watching++;
          return () => {
            watching--;
            stop();
          };
        },
      }));
      const holder = await scene.acquire('lights', 'holder');
      const waiting = scene.acquire('lights', 'me', { maxAttempts: 2 });
      await promisesSettled();
      assert.equal(watching, 1);
      await holder.release();
      await waiting;
      assert.equal(watching, 0);
    });
  });

  describe('several resources', () => {
    it('are had in one step, all or nothing', async () => {
      const kitchen = await scene.acquire('kitchen', 'cook');
      const both = scene.acquire(['kitchen', 'bedroom'], 'security');
      assert.equal(await fateOf(both), 'pending');
      await (await scene.acquire('bedroom', 'sleeper', { timeout: 0 })).release();
      await kitchen.release();
      const lock = await both;
      assert.deepEqual(lock.resources, ['kitchen', 'bedroom']);
      assert.equal(await fateOf(scene.acquire('bedroom', 'sleeper')), 'pending');
    });

    it('cannot deadlock each other', async () => {
      const resources = ['kitchen', 'bedroom'];
      const first = await scene.acquire(resources, 'a');
      const second = scene.acquire([...resources].reverse(), 'b');
      const third = scene.acquire(resources, 'c');
      await first.release();
      await (await second).release();
      assert.equal((await third).isHeld(), true);
    });
  });

  describe('bad arguments', () => {
    const cases: readonly (readonly [unknown, unknown, unknown, typeof TypeError, RegExp])[] = [
      [undefined, 'me', {}, TypeError, /^resource is undefined, not a text$/],
      ['', 'me', {}, RangeError, /^resource is "", not a name$/],
      [[], 'me', {}, RangeError, /^resource is \[\], not one or more names$/],
      [['a', 5], 'me', {}, TypeError, /^resource is 5, not a text$/],
      [['a', ''], 'me', {}, RangeError, /^resource is "", not a name$/],
      [['a', 'b', 'a'], 'me', {}, RangeError, /^resource is \["a","b","a"\], which names one twice$/],
      ['a', '', {}, RangeError, /^locker is "", not a name$/],
      ['a', null, {}, TypeError, /^locker is null, not a text$/],
      ['a', { name: 'me' }, {}, TypeError, /^locker is an object, not a text$/],
      ['a', ['me'], {}, TypeError, /^locker is an array, not a text$/],
      ['a', 'me', null, TypeError, /^options is null, not an object$/],
      ['a', 'me', 'high', TypeError, /^options is "high", not an object$/],
      ['a', 'me', { priority: NaN }, RangeError, /^priority is NaN, not a finite number$/],
      ['a', 'me', { priority: Infinity }, RangeError, /^priority is Infinity, not a finite number$/],
      [
        'a',
        'me',
        { prioritty: 100 },
        TypeError,
        /^an option is "prioritty", not one of priority, value, ttl, /,
      ],
      ['a', 'me', { priority: '100' }, TypeError, /^priority is "100", not a number$/],
      ['a', 'me', { ttl: -1 }, RangeError, /^ttl is -1, not above 0$/],
      ['a', 'me', { ttl: 0 }, RangeError, /^ttl is 0, not above 0$/],
      ['a', 'me', { ttl: NaN }, RangeError, /^ttl is NaN, not above 0$/],
      ['a', 'me', { lockTtl: '1s' }, TypeError, /^lockTtl is "1s", not a number$/],
      ['a', 'me', { timeout: -5 }, RangeError, /^timeout is -5, not 0 or more$/],
      ['a', 'me', { aquireTimeout: -5 }, RangeError, /^aquireTimeout is -5, not 0 or more$/],
      ['a', 'me', { maxAttempts: 0 }, RangeError, /^maxAttempts is 0, not 1 or more$/],
      ['a', 'me', { maxAquireAttempts: 0 }, RangeError, /^maxAquireAttempts is 0, not 1 or more$/],
      ['a', 'me', { grace: -1 }, RangeError, /^grace is -1, not 0 or more$/],
      ['a', 'me', { preempt: 'no' }, TypeError, /^preempt is "no", not true or false$/],
      ['a', 'me', { value: () => 1 }, TypeError, /^value is .*, not JSON$/],
      ['a', 'me', { value: CIRCLE }, TypeError, /^value is an object, not JSON$/],
      ['a', 'me', { value: 5n }, TypeError, /^value is 5, not JSON$/],
      ['a', 'me', { signal: {} }, TypeError, /^signal is an object, not an AbortSignal$/],
      ['a', 'me', { signal: null }, TypeError, /^signal is null, not an AbortSignal$/],
    ];

    for (const [resource, locker, options, type, message] of cases) {
      it(`are refused: ${message.source}`, async () => {
        const acquire = scene.acquire as (...args: unknown[]) => Promise<unknown>;
        await assert.rejects(acquire(resource, locker, options), (error) => {
          assert(error instanceof type);
          assert.match(error.message, message);
          return true;
        });
        assert.deepEqual(await scene.query(), []);
      });
    }
  });

  it('keeps a copy of the value, which later changes do not reach', async () => {
    const value = { brightness: 40, colors: ['red'] };
    const lock = await scene.acquire('lights', 'me', { value });
    value.colors.push('blue');
    assert.deepEqual(lock.value, { brightness: 40, colors: ['red'] });
    const [state] = await scene.query();
    assert.deepEqual(state?.value, { brightness: 40, colors: ['red'] });
  });

  it('makes errors anew, each with a stack of its own', async () => {
    await scene.acquire('lights', 'motion');
    const errors = [1, 2].map(() => lockErrorOf(scene.acquire('lights', 'me', { timeout: 0 })));
    const [first, second] = await Promise.all(errors);
    assert.notEqual(first, second);
    assert(first instanceof Error && first instanceof LockError);
    assert.match(first.stack ?? '', /acquire/);
  });

  it('keeps scopes apart', async () => {
    const other = libraryScene();
    const lock = await scene.acquire('lights', 'me');
    assert.equal((await other.acquire('lights', 'you', { timeout: 0 })).isHeld(), true);
    assert.equal(lock.isHeld(), true);
    assert.notEqual(lock.state(), LOCK_RELEASED);
  });
});
