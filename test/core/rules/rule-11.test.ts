// Rule 11: updates in place.
import assert from 'node:assert/strict';
import { describeRule } from '../../support/core-rules';

describeRule('rule 11: update', (open) => {
  it('changes the value of a held claim in place', () => {
    const scene = open();
    scene.claim('a', 'lights', { value: 'on' });
    assert.deepEqual(scene.update('a', { value: 'off' }), ['granted a repeated']);
    assert.equal(scene.seeResource('lights').value, 'off');
    assert.deepEqual(scene.events.at(-1), { type: 'changed', resource: 'lights' });
  });

  it('changes the value of a waiting claim, so that what comes back is what is wanted then', () => {
    const scene = open();
    scene.claim('a', 'lights', { value: 'on', standing: true });
    scene.claim('alarm', 'lights', { priority: 1, value: 'flash' });
    assert.deepEqual(scene.update('a', { value: 'off' }), ['queued a repeated']);
    assert.equal(scene.seeResource('lights').value, 'flash');
    scene.release('alarm');
    assert.equal(scene.seeResource('lights').value, 'off');
  });

  it('changes the value of a revoking claim', () => {
    const scene = open();
    scene.claim('a', 'lights', { grace: 50 });
    scene.claim('alarm', 'lights', { priority: 1 });
    assert.deepEqual(scene.update('a', { value: 'off' }), ['revoking a until=50 by alarm repeated']);
    assert.equal(scene.seeResource('lights').value, 'off');
  });

  it('gives a value to a claim that had none', () => {
    const scene = open();
    scene.claim('a', 'lights');
    scene.update('a', { value: 'on' });
    assert.equal(scene.seeResource('lights').value, 'on');
  });

  it('changes the priority of a held claim in place', () => {
    const scene = open();
    scene.claim('a', 'lights');
    scene.update('a', { priority: 5 });
    assert.equal(scene.seeResource('lights').priority, 5);
    assert.deepEqual(scene.claim('three', 'lights', { priority: 3 }), ['queued three']);
  });

  it('changes the rank of a waiting claim, and keeps its seniority', () => {
    const scene = open();
    scene.claim('holder', 'lights', { priority: 9 });
    scene.claim('first', 'lights');
    scene.claim('second', 'lights', { priority: 1 });
    scene.update('first', { priority: 1 });
    assert.deepEqual(scene.waiters('lights'), ['first', 'second']);
    scene.update('first', { priority: 0 });
    assert.deepEqual(scene.waiters('lights'), ['second', 'first']);
  });

  it('lets a waiting claim preempt when its priority is raised', () => {
    const scene = open();
    scene.claim('holder', 'lights');
    scene.claim('waiter', 'lights');
    assert.deepEqual(scene.update('waiter', { priority: 1 }), [
      'lost holder preempted by waiter',
      'granted waiter',
    ]);
  });

  it('lets a waiting claim revoke when its priority is raised', () => {
    const scene = open();
    scene.claim('holder', 'lights', { grace: 50 });
    scene.claim('waiter', 'lights');
    assert.deepEqual(scene.update('waiter', { priority: 1 }), [
      'revoking holder until=50 by waiter',
      'queued waiter repeated',
    ]);
  });

  it('lets a holder be preempted by its own update', () => {
    const scene = open();
    scene.claim('holder', 'lights', { priority: 2, standing: true });
    scene.claim('waiter', 'lights', { priority: 1 });
    assert.deepEqual(scene.update('holder', { priority: 0 }), [
      'requeued holder by waiter',
      'granted waiter',
    ]);
  });

  it('lets a holder be revoked by its own update, told once', () => {
    const scene = open();
    scene.claim('holder', 'lights', { priority: 2, grace: 50 });
    scene.claim('waiter', 'lights', { priority: 1 });
    assert.deepEqual(scene.update('holder', { priority: 0 }), ['revoking holder until=50 by waiter']);
  });

  it('leaves as it is what it does not name', () => {
    const scene = open();
    scene.claim('a', 'lights', { priority: 3, value: 'on', ttl: 100 });
    const { written: _, ...before } = scene.see('a');
    assert.deepEqual(scene.at(10).update('a', {}), ['granted a repeated']);
    const { written: __, ...after } = scene.see('a');
    assert.deepEqual(after, before);
    assert.deepEqual(scene.events.length, 1, 'and changes nothing that could be told');
  });

  it('refuses bad arguments and leaves the claim as it was', () => {
    const scene = open();
    scene.claim('a', 'lights', { priority: 3, value: 'on', ttl: 100 });
    const before = scene.see('a');
    assert.deepEqual(scene.update('a', { value: 'off', priority: Number.NaN }), ['denied a update invalid']);
    assert.deepEqual(scene.update('a', { value: 'off', priority: Infinity }), ['denied a update invalid']);
    assert.deepEqual(scene.update('a', { value: 'off', renew: true, ttl: 0 }), ['denied a update invalid']);
    assert.deepEqual(scene.update('a', { value: 'off', renew: true, ttl: Number.NaN }), [
      'denied a update invalid',
    ]);
    assert.deepEqual(scene.update('a', { value: 'off', ttl: 50 }), ['denied a update invalid']);
    assert.deepEqual(scene.update('a', { priority: 9, value: 'x'.repeat(9000) }), [
      'denied a update too-long',
    ]);
    assert.deepEqual(scene.see('a'), before);
  });

  it('leaves a waiting claim in its place when it is refused', () => {
    const scene = open();
    scene.claim('holder', 'lights');
    scene.claim('a', 'lights');
    scene.update('a', { priority: Number.NaN });
    assert.deepEqual(scene.waiters('lights'), ['a']);
  });
});
