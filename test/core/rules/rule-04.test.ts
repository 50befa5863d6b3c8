// Rule 4: the order within a step, and late ticks.
import assert from 'node:assert/strict';
import { describeRule } from '../../support/core-rules';

describeRule('rule 4: the order of a step', (open) => {
  it('ends what is due before it does the command', () => {
    const scene = open();
    scene.claim('holder', 'lights', { ttl: 100 });
    assert.deepEqual(scene.at(100).claim('next', 'lights', { timeout: 0 }), [
      'lost holder expired',
      'granted next',
    ]);
  });

  it('refuses a command for a claim whose lease is over now', () => {
    const scene = open();
    scene.claim('holder', 'lights', { ttl: 100 });
    assert.deepEqual(scene.at(100).update('holder', { renew: true }), [
      'lost holder expired',
      'denied holder update unknown',
    ]);
  });

  it('ends leases before revocations', () => {
    const scene = open();
    scene.claim('revoked', 'lights', { grace: 100 });
    scene.claim('expiring', 'blinds', { ttl: 100 });
    scene.claim('high', 'lights', { priority: 1 });
    assert.deepEqual(scene.tickAt(100), [
      'lost expiring expired',
      'lost revoked preempted by high',
      'granted high',
    ]);
  });

  it('ends what is due at one time in order of arrival', () => {
    const scene = open();
    scene.claim('first', 'a', { ttl: 100 });
    scene.claim('second', 'b', { ttl: 90 });
    scene.claim('third', 'c', { ttl: 100 });
    scene.at(10).update('second', { renew: true });
    assert.deepEqual(scene.tickAt(100), ['lost first expired', 'lost second expired', 'lost third expired']);
  });

  it('ended the waits that were over before now, which do not get what ends now', () => {
    const scene = open();
    scene.claim('holder', 'lights', { ttl: 100 });
    scene.claim('impatient', 'lights', { timeout: 99 });
    assert.deepEqual(scene.tickAt(100), ['denied impatient timeout by holder', 'lost holder expired']);
  });

  it('does the command before it grants', () => {
    const scene = open();
    scene.claim('holder', 'lights', { ttl: 100 });
    scene.claim('waiter', 'lights');
    assert.deepEqual(scene.at(100).claim('high', 'lights', { priority: 1 }), [
      'lost holder expired',
      'granted high',
    ]);
  });

  it('grants in order of rank over all resources', () => {
    const scene = open();
    scene.claim('holder', ['a', 'b']);
    scene.claim('low', 'a', { priority: 1, preempt: false });
    scene.claim('high', 'b', { priority: 2, preempt: false });
    assert.deepEqual(scene.release('holder'), ['released holder', 'granted high', 'granted low']);
  });

  it('grants until nothing more can be had', () => {
    const scene = open();
    scene.claim('holds both', ['a', 'b']);
    scene.claim('waits for b', 'b');
    assert.deepEqual(scene.claim('takes a', 'a', { priority: 1 }), [
      'lost holds both preempted by takes a',
      'granted takes a',
      'granted waits for b',
    ]);
  });

  it('denies the waits that are over now after the grants', () => {
    const scene = open();
    scene.claim('holder', 'lights', { ttl: 100 });
    scene.claim('first', 'lights', { timeout: 100 });
    scene.claim('second', 'lights', { timeout: 100 });
    assert.deepEqual(scene.tickAt(100), [
      'lost holder expired',
      'granted first',
      'denied second timeout by first',
    ]);
  });

  it('lets a wait that is over now revoke nobody', () => {
    const scene = open();
    scene.claim('strong', 'lights', { locker: 'A', priority: 5, ttl: 100 });
    scene.claim('weak', 'lights', { locker: 'A', grace: 50 });
    scene.claim('waiter', 'lights', { priority: 2, timeout: 100 });
    assert.deepEqual(scene.tickAt(100), ['lost strong expired', 'denied waiter timeout by weak']);
    assert.equal(scene.see('weak').revoking, false);
  });

  it('lets a wait that is over now take what has nothing to wait for', () => {
    const scene = open();
    scene.claim('strong', 'lights', { locker: 'A', priority: 5, ttl: 100 });
    scene.claim('weak', 'lights', { locker: 'A' });
    scene.claim('waiter', 'lights', { priority: 2, timeout: 100 });
    assert.deepEqual(scene.tickAt(100), [
      'lost strong expired',
      'lost weak preempted by waiter',
      'granted waiter',
    ]);
  });

  it('grants nothing that would be lost in the same step', () => {
    const scene = open();
    scene.claim('holder', 'lights', { ttl: 100 });
    scene.claim('low', 'lights', { priority: 0 });
    scene.claim('polite', 'lights', { priority: 1, preempt: false });
    assert.deepEqual(scene.at(100).claim('high', 'lights', { priority: 2 }), [
      'lost holder expired',
      'granted high',
    ]);
  });

  it('makes of a late tick what punctual ones would have made', () => {
    const scene = open();
    scene.claim('first', 'lights', { ttl: 100 });
    scene.claim('second', 'lights', { ttl: 100 });
    scene.claim('third', 'lights', { timeout: 150 });
    scene.claim('fourth', 'lights');
    scene.tickAt(1000);
    assert.deepEqual(scene.steps(), [
      ['lost first expired', 'granted second'],
      ['denied third timeout by second'],
      ['lost second expired', 'granted fourth'],
    ]);
  });

  it('counts leases and tokens of a late tick from the time they were due', () => {
    const scene = open();
    scene.claim('first', 'lights', { ttl: 100 });
    scene.claim('second', 'lights', { ttl: 5000 });
    scene.at(1000, 9_000_000).tick();
    assert.equal(scene.see('second').expires, 5100);
    assert.equal(scene.see('second').token, 9_000_000 - 900);
    assert.equal(scene.seeResource('lights').since, 9_000_000 - 900);
  });

  it('tells one changed per resource and inner step', () => {
    const scene = open();
    scene.claim('holder', 'lights', { ttl: 100 });
    scene.claim('waiter', 'lights', { ttl: 100 });
    scene.at(500).claim('next', 'lights', { priority: 1 });
    assert.deepEqual(
      scene.events.map(({ type }) => type),
      ['lost', 'granted', 'changed', 'lost', 'changed', 'granted', 'changed'],
    );
  });

  it('lets monotonic time that goes backwards stand still', () => {
    const scene = open();
    scene.at(100).claim('holder', 'lights', { ttl: 100 });
    scene.at(50).claim('other', 'blinds', { ttl: 100 });
    assert.equal(scene.see('other').expires, 200);
    assert.deepEqual(scene.tickAt(10), []);
    assert.deepEqual(scene.tickAt(200), ['lost holder expired', 'lost other expired']);
  });

  it('keeps every deadline by monotonic time, whatever the wall clock does', () => {
    const scene = open();
    scene.at(0, 0).claim('holder', 'lights', { ttl: 100 });
    assert.deepEqual(scene.at(50, 1e12).tick(), []);
    assert.deepEqual(scene.at(99, -5).tick(), []);
    assert.deepEqual(scene.at(100, 7).tick(), ['lost holder expired']);
  });
});
