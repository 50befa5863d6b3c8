// Conformance: what is seen from outside.
import assert from 'node:assert/strict';
import type { ResourceSnapshot } from '../../src/protocol';
import { Claimant } from './claimant';
import type { Subject } from './protocol-suite';

export function describeWatching(subject: Subject): void {
  describe('watching', () => {
    it('tells the present state of all that matches before it answers', async () => {
      const { protocol, pass } = subject();
      await new Claimant(protocol, 'house/kitchen', { locker: 'me', priority: 4, value: 'on' }).get();
      await new Claimant(protocol, 'house/bedroom', { ttl: 60_000 }).get();
      await new Claimant(protocol, 'garden').get();
      new Claimant(protocol, 'house/kitchen', { locker: 'second', priority: 1 }).ask();
      new Claimant(protocol, 'house/kitchen', { locker: 'first', priority: 3 }).ask();
      await pass(1);
      const seen = new Map<string, ResourceSnapshot>();
      const stop = await protocol.watch('house/+', (state) => seen.set(state.resource, state));
      stop();
      assert.deepEqual([...seen.keys()].sort(), ['house/bedroom', 'house/kitchen']);
      const kitchen = seen.get('house/kitchen');
      assert.equal(kitchen?.state, 'held');
      assert.equal(kitchen.holder, 'me');
      assert.equal(kitchen.priority, 4);
      assert.equal(kitchen.value, 'on');
      assert.equal(kitchen.expires, Infinity);
      assert.equal(kitchen.waitingCount, 2);
      assert.deepEqual(kitchen.waiting, [
        { locker: 'first', priority: 3 },
        { locker: 'second', priority: 1 },
      ]);
      assert(Number.isFinite(seen.get('house/bedroom')?.expires));
    });

    it('tells each change after that, also that it is free, until it is stopped', async () => {
      const { protocol, pass } = subject();
      const seen: string[] = [];
      const stop = await protocol.watch('lights', ({ state, holder, token }) => {
        seen.push(`${state} ${holder} ${token > 0}`);
      });
      const motion = new Claimant(protocol, 'lights', { locker: 'motion', grace: 5_000 });
      await motion.get();
      const alarm = new Claimant(protocol, 'lights', { locker: 'alarm', priority: 9 }).ask();
      await pass(1);
      await motion.yield();
      await alarm.settle();
      await alarm.release();
      await pass(1);
      assert.deepEqual(compact(seen), [
        'held motion true',
        'revoking motion true',
        'held alarm true',
        'free undefined false',
      ]);
      stop();
      const told = seen.length;
      await new Claimant(protocol, 'lights').get();
      await pass(1);
      assert.equal(seen.length, told);
    });

    it('tells nothing of what does not match', async () => {
      const { protocol, pass } = subject();
      const seen: string[] = [];
      const stop = await protocol.watch('house/#', ({ resource }) => seen.push(resource));
      for (const name of ['garden', 'house', 'house/a/b', 'houses']) await new Claimant(protocol, name).get();
      await pass(1);
      stop();
      assert.deepEqual([...new Set(seen)], ['house', 'house/a/b']);
    });

    it('tells the value of the hold: that of its highest claim, among equals the latest', async () => {
      const { protocol, pass } = subject();
      const first = new Claimant(protocol, 'lights', { locker: 'me', value: 'dim' });
      await first.get();
      await new Claimant(protocol, 'lights', { locker: 'me', value: 'on' }).get();
      const values: unknown[] = [];
      const stop = await protocol.watch('lights', ({ value }) => values.push(value));
      await first.extend({ value: 'bright' });
      await pass(1);
      stop();
      assert.deepEqual(values, ['on', 'bright']);
    });

    it('refuses what is no pattern', async () => {
      const { protocol } = subject();
      for (const pattern of ['', 'a/#/b', 'a+']) {
        await assert.rejects(async () => protocol.watch(pattern, () => undefined), RangeError);
      }
    });
  });
}

/** Without repetitions: a state may be told more than once. */
function compact(seen: readonly string[]): string[] {
  return seen.filter((line, index) => line !== seen[index - 1]);
}
