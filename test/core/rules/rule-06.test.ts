// Rule 6: leases.
import assert from 'node:assert/strict';
import { describeRule } from '../../support/core-rules';

describeRule('rule 6: leases', (open) => {
  it('ends a hold at the end of its lease', () => {
    const scene = open();
    scene.at(10).claim('a', 'lights', { ttl: 100 });
    assert.equal(scene.see('a').expires, 110);
    assert.equal(scene.seeResource('lights').expires, 110);
    assert.equal(scene.table.nextDeadline(), 110);
    assert.deepEqual(scene.tickAt(109), []);
    assert.deepEqual(scene.tickAt(110), ['lost a expired']);
    assert.equal(scene.table.nextDeadline(), Infinity);
  });

  it('counts the lease of a once claim from its grant', () => {
    const scene = open();
    scene.claim('holder', 'lights');
    scene.claim('once', 'lights', { ttl: 100 });
    assert.equal(scene.see('once').expires, Infinity);
    scene.at(1000).release('holder');
    assert.equal(scene.see('once').expires, 1100);
  });

  it('counts the lease of a standing claim from the claim, while it waits', () => {
    const scene = open();
    scene.claim('holder', 'lights');
    scene.claim('wish', 'lights', { ttl: 120, standing: true });
    assert.equal(scene.see('wish').expires, 120);
    assert.deepEqual(scene.tickAt(120), ['denied wish expired']);
    assert.deepEqual(scene.release('holder'), ['released holder']);
  });

  it('counts the lease of a standing claim from the claim, when it is granted later', () => {
    const scene = open();
    scene.claim('holder', 'lights');
    scene.claim('wish', 'lights', { ttl: 120, standing: true });
    scene.at(100).release('holder');
    assert.equal(scene.see('wish').expires, 120);
  });

  it('ends a manual override when it should, whatever the alarm did in between', () => {
    const scene = open();
    scene.claim('override', 'lights', { ttl: 240, standing: true, priority: 5 });
    assert.deepEqual(scene.at(50).claim('alarm', 'lights', { priority: 9 }), [
      'requeued override by alarm',
      'granted alarm',
    ]);
    assert.deepEqual(scene.at(200).release('alarm'), ['released alarm', 'granted override regained']);
    assert.deepEqual(scene.tickAt(240), ['lost override expired']);
  });

  it('ends a preempted standing claim while it waits', () => {
    const scene = open();
    scene.claim('override', 'lights', { ttl: 240, standing: true });
    scene.claim('alarm', 'lights', { priority: 9 });
    assert.deepEqual(scene.tickAt(240), ['denied override expired']);
  });

  it('restarts a held lease by renew, with its old length', () => {
    const scene = open();
    scene.claim('a', 'lights', { ttl: 100 });
    assert.deepEqual(scene.at(60).update('a', { renew: true }), ['granted a repeated']);
    assert.equal(scene.see('a').expires, 160);
    assert.equal(scene.table.nextDeadline(), 160);
  });

  it('restarts a held lease by renew, with a new length, shorter or longer', () => {
    const scene = open();
    scene.claim('a', 'lights', { ttl: 100 });
    scene.at(60).update('a', { renew: true, ttl: 10 });
    assert.equal(scene.see('a').expires, 70);
    scene.at(65).update('a', { renew: true, ttl: 1000 });
    assert.equal(scene.see('a').expires, 1065);
    scene.update('a', { renew: true });
    assert.equal(scene.see('a').ttl, 1000);
    assert.deepEqual(scene.tickAt(1065), ['lost a expired']);
  });

  it('takes a lease away by renewing it for ever, and gives one to a claim without', () => {
    const scene = open();
    scene.claim('a', 'lights', { ttl: 100 });
    scene.update('a', { renew: true, ttl: Infinity });
    assert.equal(scene.table.nextDeadline(), Infinity);
    scene.update('a', { renew: true, ttl: 50 });
    assert.equal(scene.table.nextDeadline(), 50);
  });

  it('restarts the lease of a standing claim that waits by renew', () => {
    const scene = open();
    scene.claim('holder', 'lights');
    scene.claim('wish', 'lights', { ttl: 100, standing: true });
    scene.at(60).update('wish', { renew: true });
    assert.equal(scene.see('wish').expires, 160);
  });

  it('only keeps the new length for a once claim that waits', () => {
    const scene = open();
    scene.claim('holder', 'lights');
    scene.claim('once', 'lights', { ttl: 100 });
    scene.at(60).update('once', { renew: true, ttl: 30 });
    assert.equal(scene.see('once').expires, Infinity);
    scene.at(1000).release('holder');
    assert.equal(scene.see('once').expires, 1030);
  });

  it('restarts the lease by nothing else: not by an update, a repeated claim or a regain', () => {
    const scene = open();
    scene.claim('a', 'lights', { ttl: 100, standing: true });
    scene.at(30).update('a', { priority: 1, value: 'on' });
    scene.at(40).claim('a', 'lights', { ttl: 500, standing: true });
    scene.at(50).claim('alarm', 'lights', { priority: 9 });
    scene.at(60).release('alarm');
    assert.equal(scene.see('a').expires, 100);
  });

  it('works without a lease', () => {
    const scene = open();
    scene.claim('a', 'lights', { ttl: Infinity, standing: true, timeout: Infinity });
    assert.equal(scene.table.nextDeadline(), Infinity);
    assert.deepEqual(scene.tickAt(Number.MAX_SAFE_INTEGER), []);
  });

  it('works with lengths beyond 2^31 ms', () => {
    const scene = open();
    const year = 365 * 24 * 3_600_000;
    scene.claim('a', 'lights', { ttl: year });
    scene.claim('b', 'lights', { timeout: year - 1 });
    assert.equal(scene.table.nextDeadline(), year - 1);
    assert.deepEqual(scene.tickAt(2 ** 31 + 1), []);
    assert.deepEqual(scene.tickAt(year), ['denied b timeout by a', 'lost a expired']);
  });

  it('shows when the last lease of a hold runs out', () => {
    const scene = open();
    scene.claim('a', 'lights', { locker: 'A', ttl: 100 });
    scene.claim('b', 'lights', { locker: 'A', ttl: 300 });
    assert.equal(scene.seeResource('lights').expires, 300);
    scene.claim('c', 'lights', { locker: 'A' });
    assert.equal(scene.seeResource('lights').expires, Infinity);
  });
});
