// Conformance: who waits, in which order, and how a wait ends.
import assert from 'node:assert/strict';
import { Claimant } from './claimant';
import type { Subject } from './protocol-suite';

export function describeWaiting(subject: Subject): void {
  describe('waiting', () => {
    it('hands over by priority, then by order of arrival', async () => {
      const { protocol, pass } = subject();
      const holder = new Claimant(protocol, 'lights', { priority: 10 });
      await holder.get();
      const waiters: Claimant[] = [];
      for (const priority of [1, 3, 2, 3, 1]) {
        waiters.push(new Claimant(protocol, 'lights', { priority }).ask());
        await pass(1);
      }
      const order: number[] = [];
      for (let current = holder; order.length < waiters.length; ) {
        await current.release();
        const next = await Promise.race(waiters.filter((_, index) => !order.includes(index)).map(settled));
        order.push(waiters.indexOf(next));
        current = next;
      }
      assert.deepEqual(order, [1, 3, 2, 0, 4]);
    });

    it('never takes from an equal', async () => {
      const { protocol, pass } = subject();
      const holder = new Claimant(protocol, 'lights', { priority: 5 });
      await holder.get();
      const waiter = new Claimant(protocol, 'lights', { priority: 5 }).ask();
      await pass(1);
      assert.equal(waiter.outcome, undefined);
      assert.deepEqual(holder.notices, []);
      await holder.release();
      assert.equal((await waiter.settle()).granted.type, 'granted');
    });

    it('denies at the end of the timeout', async () => {
      const { protocol, pass } = subject();
      await new Claimant(protocol, 'lights', { locker: 'motion' }).get();
      const waiter = new Claimant(protocol, 'lights', { timeout: 1_000 }).ask();
      await pass(100);
      assert.equal(waiter.outcome, undefined);
      await pass(1_000);
      await waiter.settle();
      assert.equal(waiter.denied.reason, 'timeout');
      assert.equal(waiter.denied.by?.locker, 'motion');
    });

    it('ends a wait that is released', async () => {
      const { protocol, pass } = subject();
      const holder = new Claimant(protocol, 'lights');
      await holder.get();
      const waiter = new Claimant(protocol, 'lights').ask();
      await pass(1);
      assert.equal(await waiter.release(), undefined);
      await waiter.settle();
      assert.equal(waiter.denied.reason, 'withdrawn');
      await holder.release();
      await new Claimant(protocol, 'lights', { timeout: 0 }).get();
    });

    it('passes over those that have gone', async () => {
      const { protocol, pass } = subject();
      const holder = new Claimant(protocol, 'lights', { priority: 3 });
      await holder.get();
      const first = new Claimant(protocol, 'lights', { priority: 2, timeout: 100 }).ask();
      const second = new Claimant(protocol, 'lights', { priority: 1 }).ask();
      await pass(150);
      await holder.release();
      await second.settle();
      assert.equal(second.granted.type, 'granted');
      assert.equal(first.denied.reason, 'timeout');
    });
  });
}

async function settled(claim: Claimant): Promise<Claimant> {
  return claim.settle();
}
