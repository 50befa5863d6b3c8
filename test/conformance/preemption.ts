// Conformance: a higher priority takes the resource, at once or after a grace.
import assert from 'node:assert/strict';
import { Claimant } from './claimant';
import type { Subject } from './protocol-suite';

export function describePreemption(subject: Subject): void {
  describe('preemption', () => {
    it('takes from a lower priority, and tells the loser by whom', async () => {
      const { protocol, pass } = subject();
      const saver = new Claimant(protocol, 'lights', { locker: 'save energy' });
      const before = await saver.get();
      const motion = new Claimant(protocol, 'lights', { locker: 'motion', priority: 100 });
      const after = await motion.get();
      await pass(1);
      assert(after.token > before.token);
      assert.equal(saver.fates.at(-1), 'lost: preempted by motion');
      assert.equal((await saver.release())?.reason, 'unknown');
    });

    it('takes from a whole re-entrant hold only above its highest priority', async () => {
      const { protocol, pass } = subject();
      const low = new Claimant(protocol, 'lights', { locker: 'me', priority: 1 });
      const high = new Claimant(protocol, 'lights', { locker: 'me', priority: 5 });
      await low.get();
      await high.get();
      await new Claimant(protocol, 'lights', { priority: 5, timeout: 0 }).fail();
      await new Claimant(protocol, 'lights', { priority: 6, locker: 'alarm' }).get();
      await pass(1);
      for (const claim of [low, high]) assert.equal(claim.fates.at(-1), 'lost: preempted by alarm');
    });

    it('lets a polite claim take nothing', async () => {
      const { protocol, pass } = subject();
      const holder = new Claimant(protocol, 'lights');
      await holder.get();
      await new Claimant(protocol, 'lights', { priority: 9, preempt: false, timeout: 0 }).fail();
      const polite = new Claimant(protocol, 'lights', { priority: 9, preempt: false }).ask();
      await pass(1);
      assert.equal(polite.outcome, undefined);
      await holder.release();
      assert.equal((await polite.settle()).granted.type, 'granted');
    });

    it('gives a holder its grace, and hands over when it yields', async () => {
      const { protocol, pass } = subject();
      const holder = new Claimant(protocol, 'lights', { grace: 5_000 });
      await holder.get();
      const alarm = new Claimant(protocol, 'lights', { locker: 'alarm', priority: 9 }).ask();
      await pass(50);
      assert.deepEqual(holder.fates, ['revoking by alarm']);
      assert.equal(alarm.outcome, undefined);
      assert.equal(await holder.yield(), undefined);
      await alarm.settle();
      assert.equal(alarm.granted.type, 'granted');
      await pass(1);
      assert.deepEqual(holder.fates, ['revoking by alarm', 'lost: preempted by alarm']);
    });

    it('hands over when the holder releases in its grace, which is no loss', async () => {
      const { protocol, pass } = subject();
      const holder = new Claimant(protocol, 'lights', { grace: 5_000 });
      await holder.get();
      const alarm = new Claimant(protocol, 'lights', { locker: 'alarm', priority: 9 }).ask();
      await pass(1);
      assert.equal(await holder.release(), undefined);
      assert.equal((await alarm.settle()).granted.type, 'granted');
      await pass(1);
      assert.deepEqual(holder.fates, ['revoking by alarm']);
    });

    it('hands over when the grace is over, whatever the holder does', async () => {
      const { protocol, pass } = subject();
      const holder = new Claimant(protocol, 'lights', { grace: 1_000 });
      await holder.get();
      const alarm = new Claimant(protocol, 'lights', { locker: 'alarm', priority: 9 }).ask();
      await pass(100);
      assert.equal(alarm.outcome, undefined);
      await pass(1_000);
      assert.equal((await alarm.settle()).granted.type, 'granted');
      assert.deepEqual(holder.fates, ['revoking by alarm', 'lost: preempted by alarm']);
    });

    it('ends no hold by a yield that nobody has asked for', async () => {
      const { protocol } = subject();
      const holder = new Claimant(protocol, 'lights');
      await holder.get();
      assert.notEqual(await holder.yield(), undefined);
      await new Claimant(protocol, 'lights', { timeout: 0 }).fail();
    });

    it('counts a priority as it was changed to', async () => {
      const { protocol, pass } = subject();
      const holder = new Claimant(protocol, 'lights');
      const { token } = await holder.get();
      const raised = await holder.extend({ priority: 7 });
      assert(raised.type === 'granted');
      assert.equal(raised.token, token);
      const waiter = new Claimant(protocol, 'lights', { priority: 5, locker: 'waiter' }).ask();
      await pass(1);
      assert.equal(waiter.outcome, undefined);
      await holder.extend({ priority: 4 });
      assert.equal((await waiter.settle()).granted.type, 'granted');
      await pass(1);
      assert.equal(holder.fates.at(-1), 'lost: preempted by waiter');
    });
  });
}
