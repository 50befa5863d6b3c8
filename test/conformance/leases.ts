// Conformance: leases run out, and can be renewed.
import assert from 'node:assert/strict';
import { systemClock } from '../../src/protocol';
import { Claimant } from './claimant';
import type { ProtocolUnderTest, Subject } from './protocol-suite';

export function describeLeases(subject: Subject): void {
  describe('leases', () => {
    it('tells when the lease runs out, never later than it does', async () => {
      const start = now(subject());
      const { expires } = await new Claimant(subject().protocol, 'lights', { ttl: 10_000 }).get();
      assert(expires > start);
      assert(expires <= now(subject()) + 10_000);
    });

    it('ends a hold whose lease has run out, tells its holder, and hands over', async () => {
      const { protocol, pass } = subject();
      const holder = new Claimant(protocol, 'lights', { ttl: 1_000 });
      await holder.get();
      const waiter = new Claimant(protocol, 'lights').ask();
      await pass(100);
      assert.equal(waiter.outcome, undefined);
      await pass(1_000);
      assert.equal((await waiter.settle()).granted.type, 'granted');
      assert.deepEqual(holder.fates, ['lost: expired']);
      assert.equal((await holder.release())?.reason, 'unknown');
    });

    it('counts a lease from the grant, not from the wait', async () => {
      const { protocol, pass } = subject();
      const holder = new Claimant(protocol, 'lights');
      await holder.get();
      const waiter = new Claimant(protocol, 'lights', { ttl: 2_000 }).ask();
      await pass(600);
      const handover = now(subject());
      await holder.release();
      await waiter.settle();
      assert(waiter.granted.expires > handover + 1_500);
    });

    it('starts a lease again, with another length', async () => {
      const { protocol, pass } = subject();
      const holder = new Claimant(protocol, 'lights', { ttl: 1_000 });
      const { expires } = await holder.get();
      await pass(150);
      const extended = await holder.extend({ ttl: 10_000 });
      assert(extended.type === 'granted');
      assert(extended.expires > expires + 5_000);
      await pass(1_000);
      assert.deepEqual(holder.fates, []);
      await new Claimant(protocol, 'lights', { timeout: 0 }).fail();
    });

    it('changes value and priority without a new lease', async () => {
      const { protocol } = subject();
      const holder = new Claimant(protocol, 'lights', { ttl: 10_000 });
      const { expires } = await holder.get();
      const changed = await holder.extend({ value: { brightness: 40 }, priority: 2 });
      assert(changed.type === 'granted');
      assert(changed.expires <= expires);
    });

    it('extends nothing that is over', async () => {
      const { protocol, pass } = subject();
      const holder = new Claimant(protocol, 'lights', { ttl: 1_000 });
      await holder.get();
      await pass(1_100);
      const outcome = await holder.extend({ ttl: 1_000 });
      assert.equal(outcome.type === 'denied' && outcome.reason, 'unknown');
    });
  });
}

function now({ protocol }: ProtocolUnderTest): number {
  return (protocol.clock ?? systemClock).now().monotonic;
}
