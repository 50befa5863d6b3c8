import assert from 'node:assert/strict';
import {
  createAcquire,
  createLocks,
  LOCK_ALREADY_AQUIRED,
  LOCK_AQUIRE_ABORTED,
  LOCK_DEADLOCK,
  LOCK_DENIED,
  LOCK_LIMIT_REACHED,
  LOCK_RELEASED,
  LOCK_SESSION_LOST,
  LOCK_TIMED_OUT,
  LOCK_UNAVAILABLE,
  LOCK_UNSUPPORTED,
  type LockErrorCode,
  type Outcome,
  type RefusalReason,
  type ResourceSnapshot,
} from '../../src/library';
import { promisesSettled } from '../support/hand-clock';
import { farAway, fateOf, libraryScene, lockErrorOf } from '../support/library-scene';
import { ScriptedProtocol } from '../support/scripted-protocol';

for (const [where, wrap] of [
  ['in this process', undefined],
  ['far away', farAway],
] as const) {
  describe(`locks ${where}`, () => {
    it('tell every resource, who holds it and who waits', async () => {
      const { acquire, query, clock } = libraryScene(wrap);
      await acquire('lights', 'motion', { priority: 9, value: 'on', ttl: 60_000 });
      void acquire('lights', 'energy', { priority: -1 });
      void acquire('lights', 'comfort');
      await acquire('blinds', 'sun');
      await promisesSettled();
      const found = new Map((await query()).map((state) => [state.resource, state]));
      assert.deepEqual([...found.keys()].sort(), ['blinds', 'lights']);
      const { token, since, expires, ...lights } = found.get('lights') as ResourceSnapshot;
      assert(token > 0);
      assert(since !== undefined && since <= clock.wall);
      assert(expires > clock.wall + 59_000 && expires <= clock.wall + 60_000);
      assert.deepEqual(lights, {
        resource: 'lights',
        state: 'held',
        holder: 'motion',
        priority: 9,
        value: 'on',
        waiting: [
          { locker: 'comfort', priority: 0 },
          { locker: 'energy', priority: -1 },
        ],
        waitingCount: 2,
      });
    });

    it('are watched: first the present state, then each change, until that is stopped', async () => {
      const { acquire, watch } = libraryScene(wrap);
      const motion = await acquire('house/lights', 'motion');
      const seen: string[] = [];
      const stop = watch('house/+', ({ resource, state, holder }) => {
        seen.push(`${resource} ${state} ${holder}`);
      });
      await promisesSettled();
      await promisesSettled();
      await motion.release();
      await (await acquire('house/blinds', 'sun')).release();
      await acquire('garden', 'cat');
      await promisesSettled();
      assert.deepEqual(seen, [
        'house/lights held motion',
        'house/lights free undefined',
        'house/blinds held sun',
        'house/blinds free undefined',
      ]);
      stop();
      stop();
      await acquire('house/lights', 'motion');
      await promisesSettled();
      assert.equal(seen.length, 4);
    });

    it('can be stopped watching before it has begun', async () => {
      const { acquire, watch } = libraryScene(wrap);
      let told = 0;
      const stop = watch('#', () => {
        told++;
      });
      stop();
      await promisesSettled();
      await promisesSettled();
      await acquire('lights', 'me');
      await promisesSettled();
      assert.equal(told, 0);
    });
  });
}

describe('locks far away', () => {
  it('give back a lock whose grant crossed with the end of the wait', async () => {
    const { acquire, query } = libraryScene(farAway);
    const controller = new AbortController();
    const rejection = lockErrorOf(acquire('lights', 'me', { signal: controller.signal }));
    controller.abort();
    assert.equal((await rejection).code, LOCK_AQUIRE_ABORTED);
    for (let turn = 0; turn < 6; turn++) await promisesSettled();
    assert.deepEqual(await query(), []);
  });

  it('give back a lock that was granted only after its claim had been withdrawn', async () => {
    const protocol = new ScriptedProtocol();
    let grant: (granted: { type: 'granted'; token: number; expires: number }) => void = () => undefined;
    protocol.outcome = new Promise((resolve) => {
      grant = resolve;
    });
    const released: string[] = [];
    protocol.onRelease = (how) => released.push(how);
    const controller = new AbortController();
    const rejection = lockErrorOf(
      createLocks(protocol).acquire('lights', 'me', { signal: controller.signal }),
    );
    controller.abort();
    await rejection;
    assert.deepEqual(released, ['release']);
    grant({ type: 'granted', token: 1, expires: Infinity });
    await promisesSettled();
    assert.deepEqual(released, ['release', 'release']);
  });

  it('count the hand-overs to others, too', async () => {
    const { acquire, query } = libraryScene(farAway);
    const holder = await acquire('a+b/50%', 'holder', { priority: 9 });
    const rejection = lockErrorOf(acquire('a+b/50%', 'patient', { maxAttempts: 2 }));
    for (let turn = 0; turn < 6; turn++) await promisesSettled();
    assert.equal(await fateOf(rejection), 'pending');
    const next = acquire('a+b/50%', 'next', { priority: 8 });
    await holder.release();
    assert.equal((await rejection).code, LOCK_ALREADY_AQUIRED);
    await next;
    await promisesSettled();
    assert.deepEqual(
      (await query()).map(({ holder: by, waitingCount }) => [by, waitingCount]),
      [['next', 0]],
    );
  });
});

describe('a protocol of somebody else', () => {
  const codes: readonly (readonly [RefusalReason, LockErrorCode])[] = [
    ['deadlock', LOCK_DEADLOCK],
    ['expired', LOCK_TIMED_OUT],
    ['session', LOCK_SESSION_LOST],
    ['full', LOCK_LIMIT_REACHED],
    ['too-long', LOCK_LIMIT_REACHED],
    ['too-many', LOCK_LIMIT_REACHED],
    ['unsupported', LOCK_UNSUPPORTED],
    ['unavailable', LOCK_UNAVAILABLE],
    ['withdrawn', LOCK_RELEASED],
    ['policy', LOCK_DENIED],
    ['unknown', LOCK_DENIED],
    ['changed', LOCK_DENIED],
    ['invalid', LOCK_DENIED],
  ];
  for (const [reason, code] of codes) {
    it(`may deny a lock: ${reason}`, async () => {
      const protocol = new ScriptedProtocol();
      for (const outcome of [{ type: 'denied', reason, detail: 'in words' } as const]) {
        for (protocol.outcome of [outcome, Promise.resolve(outcome)]) {
          const error = await lockErrorOf(createAcquire(protocol)('lights', 'me'));
          assert.equal(error.code, code);
          assert.equal(error.message, `${code} (lights): in words`);
        }
      }
    });
  }

  it('gets claims with names that nobody else has', async () => {
    const protocol = new ScriptedProtocol();
    for (const acquire of [createAcquire(protocol), createAcquire(protocol)]) {
      await acquire('lights');
      await acquire('lights');
    }
    assert.equal(new Set(protocol.claims.map(({ id }) => id)).size, 4);
    assert.equal(new Set(protocol.claims.map(({ locker }) => locker)).size, 4);
  });

  it('may go on telling a watcher that was stopped: a lock that was had stays', async () => {
    const protocol = new ScriptedProtocol();
    let grant: (outcome: Outcome) => void = () => undefined;
    protocol.outcome = new Promise((resolve) => {
      grant = resolve;
    });
    protocol.onRelease = () => assert.fail('nothing is to be released');
    const waiting = createAcquire(protocol)('lights', 'me', { maxAttempts: 2 });
    grant({ type: 'granted', token: 2, expires: Infinity });
    const lock = await waiting;
    for (const token of [1, 3]) {
      const state = {
        resource: 'lights',
        state: 'held',
        holder: 'other',
        priority: 0,
        value: undefined,
      } as const;
      for (const tell of protocol.watchers) {
        tell({ ...state, token, since: 0, expires: Infinity, waiting: [], waitingCount: 0 });
      }
    }
    assert.equal(lock.isHeld(), true);
  });

  it('may fail, which the caller sees as it is', async () => {
    const protocol = new ScriptedProtocol();
    const broken = new Error('broken');
    protocol.outcome = Promise.reject(broken);
    await assert.rejects(createAcquire(protocol)('lights', 'me'), broken);
    protocol.outcome = Promise.reject(broken);
    await assert.rejects(createAcquire(protocol)('lights', 'me', { maxAttempts: 3 }), broken);
  });

  it('may do without a clock of its own', async () => {
    const protocol = new ScriptedProtocol();
    Object.defineProperty(protocol, 'clock', { value: undefined });
    const lock = await protocol.acquire('lights', 'me', { expires: Infinity });
    assert.equal(lock.isHeld(), true);
    assert.equal(lock.expires, Infinity);
  });

  it('must have its five functions', () => {
    for (const protocol of [{}, null, { obtain: () => undefined }]) {
      assert.throws(
        () => createLocks(protocol as never),
        /TypeError: protocol\.(obtain|release) is undefined, not a function/,
      );
      assert.throws(() => createAcquire(protocol as never), TypeError);
    }
  });
});
