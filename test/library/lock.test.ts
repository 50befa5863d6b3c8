import assert from 'node:assert/strict';
import {
  LOCK_FORCED_FREE,
  LOCK_RELEASED,
  LOCK_SESSION_LOST,
  LOCK_STOLEN_BY_HIGHER_PRIORITY,
  LOCK_TIMED_OUT,
  type Lock,
  LockError,
} from '../../src/library';
import { promisesSettled } from '../support/hand-clock';
import {
  endOf,
  farAway,
  fateOf,
  type LibraryScene,
  libraryScene,
  lockErrorOf,
} from '../support/library-scene';
import { ScriptedProtocol } from '../support/scripted-protocol';

for (const [where, wrap] of [
  ['in this process', undefined],
  ['far away', farAway],
] as const) {
  describe(`a lock ${where}`, () => {
    let scene: LibraryScene;

    beforeEach(() => {
      scene = libraryScene(wrap);
    });

    describeEnds(() => scene);
    describeLeases(() => scene);
    describeChanges(() => scene);
    describeGrace(() => scene);
  });
}

function describeEnds(open: () => LibraryScene): void {
  it('is released once: a second time resolves to an Error and changes nothing', async () => {
    const { acquire } = open();
    const lock = await acquire('lights', 'me');
    assert.equal(await lock.release(), undefined);
    assert.equal(lock.isHeld(), false);
    assert.equal(lock.state(), LOCK_RELEASED);
    const next = await acquire('lights', 'you');
    const again = await lock.release();
    assert(again instanceof LockError);
    assert.equal(again.code, LOCK_RELEASED);
    assert.equal(next.isHeld(), true);
    assert.equal(lock.state(), LOCK_RELEASED);
  });

  it('says why and by whom it was lost', async () => {
    const { acquire } = open();
    const lock = await acquire('lights', 'save energy');
    const { signal } = lock;
    const end = endOf(lock);
    await acquire('lights', 'motion', { priority: 100 });
    const why = await end;
    assert.equal(why.code, LOCK_STOLEN_BY_HIGHER_PRIORITY);
    assert.deepEqual(why.resources, ['lights']);
    assert.equal(why.by?.locker, 'motion');
    assert.equal(why.by?.priority, 100);
    assert.equal(signal.aborted, true);
    assert.equal(signal.reason, why);
    assert.equal(lock.state(), LOCK_STOLEN_BY_HIGHER_PRIORITY);
    assert.equal(await lock.release(), why);
  });

  it('tells every handler once, each on its own, also after a release', async () => {
    const { acquire } = open();
    const lock = await acquire('lights', 'me');
    const told: string[] = [];
    for (const name of ['first', 'second']) lock.onRelease((why) => told.push(`${name} ${why.code}`));
    await lock.release();
    await promisesSettled();
    assert.deepEqual(told, [`first ${LOCK_RELEASED}`, `second ${LOCK_RELEASED}`]);
  });

  it('calls a handler at once when it is over already', async () => {
    const lock = await open().acquire('lights', 'me');
    await lock.release();
    let told: LockError | undefined;
    lock.onRelease((why) => {
      told = why;
    });
    assert.equal(told?.code, LOCK_RELEASED);
  });

  it('aborts its signal when it is lost, whenever that was asked for, but not when it is released', async () => {
    const { acquire } = open();
    const lost = await acquire('lights', 'me');
    await acquire('lights', 'motion', { priority: 1 });
    assert.equal(lost.signal.aborted, true);
    assert.equal(lost.signal, lost.signal);
    const released = await acquire('blinds', 'me');
    const { signal } = released;
    await released.release();
    await promisesSettled();
    assert.equal(signal.aborted, false);
    assert.equal(released.signal.aborted, false);
  });

  it('is released at the end of its block', async () => {
    const { acquire, query } = open();
    {
      await using lock = await acquire('lights', 'me');
      assert.equal(lock.isHeld(), true);
    }
    assert.deepEqual(await query(), []);
  });
}

function describeLeases(open: () => LibraryScene): void {
  it('is over when its lease has run out', async () => {
    const { acquire, clock } = open();
    const lock = await acquire('lights', 'me', { ttl: 1_000 });
    const end = endOf(lock);
    await clock.advance(999);
    assert.equal(lock.isHeld(), true);
    await clock.advance(1);
    assert.equal(lock.state(), LOCK_TIMED_OUT);
    assert.equal((await end).code, LOCK_TIMED_OUT);
    assert.equal(lock.signal.aborted, true);
  });

  it('looks at the clock: a process that stood still does not believe in it', async () => {
    const { acquire, clock } = open();
    const lock = await acquire('lights', 'me', { ttl: 1_000 });
    clock.monotonic += 1_000;
    assert.equal(lock.isHeld(), false);
    assert.equal(lock.state(), LOCK_TIMED_OUT);
    assert.equal(lock.signal.aborted, true);
    let told: LockError | undefined;
    lock.onRelease((why) => {
      told = why;
    });
    assert.equal(told?.code, LOCK_TIMED_OUT);
    assert.equal(((await lock.release()) as LockError).code, LOCK_TIMED_OUT);
    await lockErrorOf(lock.extend());
    await acquire('lights', 'you', { timeout: 0 });
  });

  it('lasts longer when it is extended, by its own length or another', async () => {
    const { acquire, clock } = open();
    const lock = await acquire('lights', 'me', { ttl: 1_000 });
    await clock.advance(900);
    await lock.extend();
    const slack = clock.wall - 10;
    assert(lock.expires >= slack + 1_000 && lock.expires <= clock.wall + 1_000);
    await clock.advance(900);
    assert.equal(lock.isHeld(), true);
    await lock.extend(5_000);
    await clock.advance(4_000);
    assert.equal(lock.isHeld(), true);
    await lock.extend();
    await clock.advance(4_000);
    assert.equal(lock.isHeld(), true);
    await clock.advance(1_001);
    assert.equal(lock.isHeld(), false);
  });

  it('has no end without a lease, and gets one by extending', async () => {
    const { acquire, clock } = open();
    const lock = await acquire('lights', 'me');
    await lock.extend();
    assert.equal(lock.expires, Infinity);
    await lock.extend(2 ** 32);
    await clock.advance(2 ** 32 - 1_000);
    assert.equal(lock.isHeld(), true);
    await clock.advance(1_000);
    assert.equal(lock.isHeld(), false);
  });

  it('is not extended when it is over, or by what is no length', async () => {
    const { acquire } = open();
    const lock = await acquire('lights', 'me', { ttl: 1_000 });
    await assert.rejects(lock.extend(-5), { name: 'RangeError', message: 'ttl is -5, not above 0' });
    await assert.rejects(lock.extend(NaN), RangeError);
    await lock.release();
    assert.equal((await lockErrorOf(lock.extend())).code, LOCK_RELEASED);
  });
}

function describeChanges(open: () => LibraryScene): void {
  it('changes priority and value in place, with its token and its lease', async () => {
    const { acquire, clock, query } = open();
    const lock = await acquire('lights', 'me', { ttl: 10_000, value: 'dim' });
    const { token } = lock;
    await clock.advance(1_000);
    await lock.update({ priority: 7 });
    assert.equal(lock.value, 'dim');
    await lock.update({ value: { brightness: 40 } });
    assert.equal(lock.priority, 7);
    assert.deepEqual(lock.value, { brightness: 40 });
    assert.equal(lock.token, token);
    const [state] = await query();
    assert.deepEqual(state?.value, { brightness: 40 });
    assert.equal(state?.priority, 7);
    await clock.advance(9_000);
    assert.equal(lock.isHeld(), false);
  });

  it('is lost by a priority that falls below that of somebody who waits', async () => {
    const { acquire } = open();
    const lock = await acquire('lights', 'me', { priority: 7 });
    const waiting = acquire('lights', 'you', { priority: 5 });
    await promisesSettled();
    assert.equal((await lockErrorOf(lock.update({ priority: 4 }))).code, LOCK_STOLEN_BY_HIGHER_PRIORITY);
    assert.equal((await waiting).isHeld(), true);
    assert.equal(lock.isHeld(), false);
  });

  it('is not changed when it is over, or to what is no priority or value', async () => {
    const lock = await open().acquire('lights', 'me');
    await assert.rejects(lock.update({ priority: NaN }), RangeError);
    await assert.rejects(
      lock.update({ ttl: 5 } as never),
      /TypeError: an option is "ttl", not one of priority, value/,
    );
    await assert.rejects(lock.update({ value: (() => 1) as never }), TypeError);
    await lock.release();
    assert.equal((await lockErrorOf(lock.update({ priority: 1 }))).code, LOCK_RELEASED);
  });
}

function describeGrace(open: () => LibraryScene): void {
  it('stays held in its grace, its signal aborted, until it is released', async () => {
    const { acquire } = open();
    const lock = await acquire('lights', 'me', { grace: 1_000 });
    const { signal } = lock;
    const alarm = acquire('lights', 'alarm', { priority: 9 });
    await aborted(signal);
    assert.equal(lock.isHeld(), true);
    assert.equal(lock.state(), null);
    assert.equal(signal.reason.code, LOCK_STOLEN_BY_HIGHER_PRIORITY);
    assert.equal(signal.reason.by.locker, 'alarm');
    assert.equal(await fateOf(alarm), 'pending');
    const end = endOf(lock);
    assert.equal(await lock.release(), undefined);
    assert.equal((await alarm).isHeld(), true);
    assert.equal((await end).code, LOCK_RELEASED);
  });

  it('is lost when its grace is over', async () => {
    const { acquire, clock } = open();
    const lock = await acquire('lights', 'me', { grace: 1_000 });
    const end = endOf(lock);
    const alarm = acquire('lights', 'alarm', { priority: 9 });
    await clock.advance(999);
    assert.equal(lock.isHeld(), true);
    assert.equal(lock.signal.aborted, true);
    await clock.advance(1);
    assert.equal(lock.isHeld(), false);
    assert.equal((await end).code, LOCK_STOLEN_BY_HIGHER_PRIORITY);
    assert.equal((await alarm).isHeld(), true);
  });

  it('can still change its value while it winds down', async () => {
    const { acquire, query } = open();
    const lock = await acquire('lights', 'me', { grace: 1_000, value: 'on' });
    const { signal } = lock;
    void acquire('lights', 'alarm', { priority: 9 });
    await aborted(signal);
    await lock.update({ value: 'dim' });
    assert.deepEqual(
      (await query()).map(({ state, value }) => [state, value]),
      [['revoking', 'dim']],
    );
    assert.equal(lock.isHeld(), true);
  });
}

describe('a lock of a protocol of somebody else', () => {
  it('yields by itself once its listeners were told, where it asked for no grace', async () => {
    const protocol = new ScriptedProtocol();
    const lock = await protocol.acquire('lights', 'me');
    const order: string[] = [];
    lock.signal.addEventListener('abort', () => order.push('aborted'));
    protocol.onRelease = (how) => order.push(how);
    protocol.tell({ type: 'revoking', until: 1_000, by: { locker: 'alarm' } });
    assert.equal(lock.isHeld(), true);
    await promisesSettled();
    assert.deepEqual(order, ['aborted', 'yield']);
  });

  it('does not yield what was released meanwhile', async () => {
    const protocol = new ScriptedProtocol();
    const lock = await protocol.acquire('lights', 'me');
    const order: string[] = [];
    protocol.onRelease = (how) => order.push(how);
    protocol.tell({ type: 'revoking', until: 1_000, by: { locker: 'alarm' } });
    await lock.release();
    await promisesSettled();
    assert.deepEqual(order, ['release']);
  });

  it('is held only for as long as the contact can be trusted', async () => {
    const protocol = new ScriptedProtocol();
    let trustedUntil = 500;
    const lock = await protocol.acquire('lights', 'me', { trustedUntil: () => trustedUntil });
    assert.equal(lock.isHeld(), true);
    protocol.clock.monotonic = 500;
    assert.equal(lock.state(), LOCK_SESSION_LOST);
    assert.equal(lock.signal.aborted, false);
    trustedUntil = 900;
    assert.equal(lock.isHeld(), true);
    protocol.clock.monotonic = 900;
    const released: string[] = [];
    protocol.onRelease = (how) => released.push(how);
    assert.equal(((await lock.release()) as LockError).code, LOCK_SESSION_LOST);
    assert.deepEqual(released, ['release']);
  });

  for (const [reason, code] of [
    ['forced', LOCK_FORCED_FREE],
    ['session', LOCK_SESSION_LOST],
    ['expired', LOCK_TIMED_OUT],
  ] as const) {
    it(`can be lost: ${reason}`, async () => {
      const protocol = new ScriptedProtocol();
      const lock = await protocol.acquire('lights', 'me');
      const end = endOf(lock);
      protocol.tell({ type: 'lost', reason, by: { locker: 'operator' } });
      const why = await end;
      assert.equal(why.code, code);
      assert.equal(why.by?.locker, 'operator');
      assert.match(why.message, /: by operator$/);
    });
  }

  it('tells of its first end only', async () => {
    const protocol = new ScriptedProtocol();
    const lock = await protocol.acquire('lights', 'me');
    protocol.tell({ type: 'lost', reason: 'forced' });
    protocol.tell({ type: 'lost', reason: 'session' });
    assert.equal(lock.state(), LOCK_FORCED_FREE);
  });

  it('resolves its release to why there was nothing to release', async () => {
    const protocol = new ScriptedProtocol();
    const lock = await protocol.acquire('lights', 'me');
    protocol.denial = { type: 'denied', reason: 'session' };
    const error = (await lock.release()) as LockError;
    assert.equal(error.code, LOCK_SESSION_LOST);
    assert.equal(lock.isHeld(), false);
  });

  it('rejects what cannot be extended', async () => {
    const protocol = new ScriptedProtocol();
    const lock = await protocol.acquire('lights', 'me');
    protocol.denial = { type: 'denied', reason: 'unavailable', detail: 'no connection' };
    const error = await lockErrorOf(lock.extend(5_000));
    assert.equal(error.message, 'Lock Unavailable (lights): no connection');
    assert.equal(lock.isHeld(), true);
  });

  it('rejects an extension that was granted when the lock was lost already', async () => {
    const protocol = new ScriptedProtocol();
    const lock: Lock = await protocol.acquire('lights', 'me');
    const extending = lock.extend(5_000);
    protocol.tell({ type: 'lost', reason: 'forced' });
    assert.equal((await lockErrorOf(extending)).code, LOCK_FORCED_FREE);
  });
});

function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => signal.addEventListener('abort', resolve));
}
