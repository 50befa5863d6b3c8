import assert from 'node:assert/strict';
import { createMemoryProtocol, type LockingProtocol, type ResourceSnapshot } from '../../src/protocol';
import { Claimant } from '../conformance/claimant';
import { HandClock, promisesSettled } from '../support/hand-clock';

describe('the memory protocol', () => {
  let clock: HandClock;
  let protocol: LockingProtocol;

  beforeEach(() => {
    clock = new HandClock();
    protocol = createMemoryProtocol({ clock });
  });

  it('answers at once what it can answer at once', () => {
    const { claim } = new Claimant(protocol, 'lights', { ttl: 1_000 });
    protocol.listen(claim, { hear: () => assert.fail('nothing happened') });
    const outcome = protocol.obtain(claim);
    assert(!(outcome instanceof Promise) && outcome?.type === 'granted');
    assert(!(protocol.extend(claim, { ttl: 5 }) instanceof Promise));
    assert.equal(protocol.release(claim, 'release'), undefined);
    assert.equal(typeof protocol.watch('#', () => undefined), 'function');
  });

  it('tells a loss before whoever caused it gets an answer', () => {
    const order: string[] = [];
    const loser = new Claimant(protocol, 'lights');
    const winner = new Claimant(protocol, 'lights', { priority: 1 });
    protocol.listen(loser.claim, { hear: ({ type }) => order.push(type) });
    void protocol.obtain(loser.claim);
    protocol.listen(winner.claim, loser);
    void protocol.obtain(winner.claim);
    order.push('answered');
    assert.deepEqual(order, ['lost', 'answered']);
  });

  it('listens for several claims that are announced before they are obtained', async () => {
    const claims = [1, 2, 3].map((n) => new Claimant(protocol, `lights ${n}`));
    for (const claim of claims) protocol.listen(claim.claim, claim);
    for (const claim of claims) void protocol.obtain(claim.claim);
    for (const { claim } of claims)
      await new Claimant(protocol, claim.resources, { priority: 9, locker: 'x' }).get();
    for (const claim of claims) assert.deepEqual(claim.fates, ['lost: preempted by x']);
  });

  it('needs nobody who listens', async () => {
    const silent = new Claimant(protocol, 'lights');
    void protocol.obtain(silent.claim);
    await new Claimant(protocol, 'lights', { priority: 1 }).get();
    assert.deepEqual(silent.fates, []);
  });

  describe('keeps one timer, for the earliest deadline', () => {
    it('and none when nothing is pending', async () => {
      const holders = [5_000, 1_000, 3_000].map((ttl) => new Claimant(protocol, `lights ${ttl}`, { ttl }));
      for (const holder of holders) await holder.get();
      const waiter = new Claimant(protocol, 'lights 5000', { timeout: 2_000 }).ask();
      assert.equal(clock.timers, 1);
      for (const holder of holders) await holder.release();
      await waiter.settle();
      await waiter.release();
      assert.equal(clock.timers, 0);
    });

    it('that comes back for the next one', async () => {
      const first = new Claimant(protocol, 'first', { ttl: 1_000 });
      const second = new Claimant(protocol, 'second', { ttl: 2_000 });
      await first.get();
      await second.get();
      await clock.advance(1_000);
      assert.deepEqual([first.fates, second.fates], [['lost: expired'], []]);
      assert.equal(clock.timers, 1);
      await clock.advance(1_000);
      assert.deepEqual(second.fates, ['lost: expired']);
      assert.equal(clock.timers, 0);
    });

    it('that is moved for an earlier one, and left for a later one', async () => {
      const late = new Claimant(protocol, 'late', { ttl: 10_000 });
      const early = new Claimant(protocol, 'early', { ttl: 100 });
      await late.get();
      await early.get();
      await early.extend({ ttl: 5_000 });
      await clock.advance(4_999);
      assert.deepEqual(early.fates, []);
      await clock.advance(1);
      assert.deepEqual(early.fates, ['lost: expired']);
      await late.release();
      assert.equal(clock.timers, 0);
    });

    it('for lengths beyond 2^31 ms, and none for Infinity', async () => {
      const long = new Claimant(protocol, 'long', { ttl: 2 ** 35 });
      await long.get();
      await new Claimant(protocol, 'endless', { ttl: Infinity }).get();
      await clock.advance(2 ** 35 - 1);
      assert.deepEqual(long.fates, []);
      await clock.advance(1);
      assert.deepEqual(long.fates, ['lost: expired']);
      assert.equal(clock.timers, 0);
    });
  });

  describe('watched', () => {
    it('tells what holds were there before anybody watched, as they are', async () => {
      await new Claimant(protocol, 'lights', { locker: 'me', value: 'on', priority: 3 }).get();
      const began = clock.wall;
      await clock.advance(5_000);
      const seen: ResourceSnapshot[] = [];
      void protocol.watch('#', (state) => seen.push(state));
      assert.equal(seen.length, 1);
      assert.equal(seen[0]?.since, began);
      assert.equal(seen[0]?.value, 'on');
      assert.equal(seen[0]?.holder, 'me');
    });

    it('tells a change as it was, whatever has changed until it is told', async () => {
      const seen: string[] = [];
      void protocol.watch('lights', ({ holder, state }) => seen.push(`${state} ${holder}`));
      const first = new Claimant(protocol, 'lights', { locker: 'a' });
      void protocol.obtain(first.claim);
      void protocol.release(first.claim, 'release');
      void protocol.obtain(new Claimant(protocol, 'lights', { locker: 'b' }).claim);
      assert.deepEqual(seen, []);
      await promisesSettled();
      assert.deepEqual(seen, ['held a', 'free undefined', 'held b']);
    });

    it('tells nothing that is still to be told when it is stopped', async () => {
      const stop = await protocol.watch('lights', () => assert.fail('it was stopped'));
      void protocol.obtain(new Claimant(protocol, 'lights').claim);
      stop();
      await promisesSettled();
    });

    it('lets a listener acquire and watch', async () => {
      const seen: string[] = [];
      void protocol.watch('lights', ({ state }) => {
        seen.push(state);
        if (seen.length === 1) {
          void protocol.obtain(new Claimant(protocol, 'lights', { priority: 9 }).claim);
          void protocol.watch('lights', () => seen.push('nested'));
        }
      });
      void protocol.obtain(new Claimant(protocol, 'lights').claim);
      await promisesSettled();
      assert.deepEqual(seen, ['held', 'nested', 'held']);
    });

    it('is not watched by who cannot hear the present state', async () => {
      await new Claimant(protocol, 'lights').get();
      const deaf = new Error('deaf');
      assert.throws(() => {
        void protocol.watch('lights', () => {
          throw deaf;
        });
      }, deaf);
      await new Claimant(protocol, 'lights', { priority: 1 }).get();
      await promisesSettled();
    });
  });

  describe('with holds that nobody else has asked for', () => {
    it('forgets each of a million, and keeps those that are held', async () => {
      const kept = new Claimant(protocol, 'kept', { locker: 'me' });
      const { token } = await kept.get();
      for (let n = 0; n < 1_000; n++) {
        const passing = new Claimant(protocol, `passing ${n % 300}`);
        void protocol.obtain(passing.claim);
        void protocol.release(passing.claim, 'release');
      }
      const seen: ResourceSnapshot[] = [];
      void protocol.watch('#', (state) => seen.push(state));
      assert.deepEqual(
        seen.map(({ resource }) => resource),
        ['kept'],
      );
      assert.equal(seen[0]?.token, token);
    });

    it('knows them when somebody comes: for one resource, or several', async () => {
      const kitchen = new Claimant(protocol, 'kitchen', { locker: 'cook', grace: 1_000 });
      const { token } = await kitchen.get();
      await new Claimant(protocol, 'bedroom', { locker: 'sleeper' }).get();
      const alarm = new Claimant(protocol, ['kitchen', 'bedroom'], { locker: 'alarm', priority: 9 }).ask();
      await promisesSettled();
      assert.deepEqual(kitchen.fates, ['revoking by alarm']);
      await kitchen.yield();
      await alarm.settle();
      assert(alarm.granted.token > token);
    });

    it('lets their locker in again, with the same token', async () => {
      const outer = await new Claimant(protocol, 'lights', { locker: 'me' }).get();
      const inner = await new Claimant(protocol, 'lights', { locker: 'me' }).get();
      assert.equal(inner.token, outer.token);
    });

    it('gives them a lease when they ask for one', async () => {
      const claim = new Claimant(protocol, 'lights');
      await claim.get();
      const extended = await claim.extend({ ttl: 1_000 });
      assert(extended.type === 'granted' && extended.expires === clock.monotonic + 1_000);
      await clock.advance(1_000);
      assert.deepEqual(claim.fates, ['lost: expired']);
    });

    it('does not end them by the claim of somebody else', async () => {
      await new Claimant(protocol, 'lights').get();
      const stranger = new Claimant(protocol, 'lights');
      assert.equal((await stranger.release())?.reason, 'unknown');
      assert.equal((await stranger.yield())?.reason, 'unknown');
      assert.equal((await new Claimant(protocol, 'lights', { timeout: 0 }).fail()).reason, 'timeout');
    });
  });
});
