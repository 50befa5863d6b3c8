// Rule 1: free resources, re-entrance, and the effective priority and value of a hold.
import assert from 'node:assert/strict';
import { describeRule } from '../../support/core-rules';

describeRule('rule 1: re-entrance', (open) => {
  it('grants a free resource at once', () => {
    const scene = open();
    assert.deepEqual(scene.claim('a', 'lights'), ['granted a']);
    assert.equal(scene.seeResource('lights').locker, 'a');
  });

  it('tells every view of a plain claim with its defaults', () => {
    const scene = open();
    scene.at(5).claim('a', 'lights', { locker: 'A' });
    const { written, ...view } = scene.see('a');
    assert.equal(typeof written, 'number');
    assert.deepEqual(view, {
      id: 'a',
      resources: ['lights'],
      locker: 'A',
      requester: '',
      session: undefined,
      priority: 0,
      value: undefined,
      standing: false,
      preempt: true,
      ttl: Infinity,
      grace: 0,
      handover: 0,
      holding: [],
      state: 'held',
      revoking: false,
      revokedBy: undefined,
      until: undefined,
      expires: Infinity,
      waitUntil: Infinity,
      order: 1,
      token: 1_000_005,
      tokens: [1_000_005],
      grantedBefore: true,
    });
  });

  it('knows nothing of a resource or claim that nobody claims', () => {
    const scene = open();
    scene.claim('a', 'lights');
    scene.release('a');
    assert.equal(scene.table.resource('lights'), undefined);
    assert.equal(scene.table.claim('a'), undefined);
    assert.deepEqual([...scene.table.resources()], []);
    assert.deepEqual([...scene.table.claims()], []);
  });

  it('grants a resource that the same locker holds again at once: both claims hold', () => {
    const scene = open();
    scene.claim('outer', 'lights', { locker: 'A' });
    assert.deepEqual(scene.claim('inner', 'lights', { locker: 'A', timeout: 0 }), ['granted inner']);
    assert.deepEqual(scene.holders('lights'), ['outer', 'inner']);
  });

  it('re-enters past those who wait, with any priority', () => {
    const scene = open();
    scene.claim('outer', 'lights', { locker: 'A', priority: 5 });
    scene.claim('waiter', 'lights', { priority: 5 });
    assert.deepEqual(scene.claim('inner', 'lights', { locker: 'A', priority: -1 }), ['granted inner']);
  });

  it('gives the hold the highest priority of its claims', () => {
    const scene = open();
    scene.claim('outer', 'lights', { locker: 'A', priority: 1 });
    scene.claim('inner', 'lights', { locker: 'A', priority: 5 });
    assert.equal(scene.seeResource('lights').priority, 5);
    assert.deepEqual(scene.claim('three', 'lights', { priority: 3 }), ['queued three']);
    assert.deepEqual(scene.claim('six', 'lights', { priority: 6 }), [
      'lost outer preempted by six',
      'lost inner preempted by six',
      'granted six',
    ]);
  });

  it('gives the hold the value of the highest claim that has one', () => {
    const scene = open();
    scene.claim('low', 'lights', { locker: 'A', priority: 1, value: 'dim' });
    scene.claim('high', 'lights', { locker: 'A', priority: 5, value: 'on' });
    scene.claim('middle', 'lights', { locker: 'A', priority: 3, value: 'off' });
    scene.claim('highest', 'lights', { locker: 'A', priority: 9 });
    assert.equal(scene.seeResource('lights').value, 'on');
    scene.release('high');
    assert.equal(scene.seeResource('lights').value, 'off');
  });

  it('gives the hold the latest written value among equals, written by claim', () => {
    const scene = open();
    scene.claim('first', 'lights', { locker: 'A', value: 'on' });
    scene.claim('second', 'lights', { locker: 'A', value: 'off' });
    assert.equal(scene.seeResource('lights').value, 'off');
  });

  it('gives the hold the latest written value among equals, written by update', () => {
    const scene = open();
    scene.claim('first', 'lights', { locker: 'A', value: 'on' });
    scene.claim('second', 'lights', { locker: 'A', value: 'off' });
    scene.update('first', { value: 'dim' });
    assert.equal(scene.seeResource('lights').value, 'dim');
  });

  it('does not take an update of the priority for a write of the value', () => {
    const scene = open();
    scene.claim('first', 'lights', { locker: 'A', priority: 1, value: 'on' });
    scene.claim('second', 'lights', { locker: 'A', priority: 2, value: 'off' });
    scene.update('first', { priority: 2 });
    assert.equal(scene.seeResource('lights').value, 'off');
  });

  it('takes null for a value like any other', () => {
    const scene = open();
    scene.claim('low', 'lights', { locker: 'A', priority: 1, value: 'on' });
    scene.claim('high', 'lights', { locker: 'A', priority: 2, value: null });
    assert.equal(scene.seeResource('lights').value, null);
  });

  it('is free when the last claim of the hold ends', () => {
    const scene = open();
    scene.claim('outer', 'lights', { locker: 'A' });
    scene.claim('inner', 'lights', { locker: 'A' });
    scene.claim('waiter', 'lights');
    assert.deepEqual(scene.release('outer'), ['released outer']);
    assert.deepEqual(scene.release('inner'), ['released inner', 'granted waiter']);
  });

  it('lets a waiter preempt when the effective priority falls by a release', () => {
    const scene = open();
    scene.claim('low', 'lights', { locker: 'A', priority: 1 });
    scene.claim('high', 'lights', { locker: 'A', priority: 5 });
    scene.claim('three', 'lights', { priority: 3 });
    assert.deepEqual(scene.release('high'), [
      'released high',
      'lost low preempted by three',
      'granted three',
    ]);
  });

  it('lets a waiter preempt when the effective priority falls by an expiry', () => {
    const scene = open();
    scene.claim('low', 'lights', { locker: 'A', priority: 1 });
    scene.claim('high', 'lights', { locker: 'A', priority: 5, ttl: 100 });
    scene.claim('three', 'lights', { priority: 3 });
    assert.deepEqual(scene.tickAt(100), [
      'lost high expired',
      'lost low preempted by three',
      'granted three',
    ]);
  });

  it('lets a waiter preempt when the effective priority falls by an update', () => {
    const scene = open();
    scene.claim('holder', 'lights', { priority: 5 });
    scene.claim('three', 'lights', { priority: 3 });
    assert.deepEqual(scene.update('holder', { priority: 3 }), ['granted holder repeated']);
    assert.deepEqual(scene.update('holder', { priority: 2 }), [
      'lost holder preempted by three',
      'granted three',
    ]);
  });

  it('lets a waiter preempt when the effective priority falls by the loss of a claim elsewhere', () => {
    const scene = open();
    scene.claim('low', 'lights', { locker: 'A', priority: 1 });
    scene.claim('both', ['lights', 'blinds'], { locker: 'A', priority: 4 });
    scene.claim('three', 'lights', { priority: 3 });
    assert.deepEqual(scene.claim('five', 'blinds', { priority: 5 }), [
      'lost both preempted by five',
      'granted five',
      'lost low preempted by three',
      'granted three',
    ]);
  });
});
