// Rule 3: waiting, rank, and the hand-over.
import assert from 'node:assert/strict';
import { describeRule } from '../../support/core-rules';

describeRule('rule 3: waiting', (open) => {
  it('queues a claim that cannot be had', () => {
    const scene = open();
    scene.claim('holder', 'lights');
    assert.deepEqual(scene.claim('waiter', 'lights'), ['queued waiter']);
    assert.equal(scene.see('waiter').state, 'waiting');
  });

  it('ranks by priority', () => {
    const scene = open();
    scene.claim('holder', 'lights', { priority: 9 });
    scene.claim('low', 'lights', { priority: -1 });
    scene.claim('high', 'lights', { priority: 3 });
    scene.claim('middle', 'lights');
    assert.deepEqual(scene.waiters('lights'), ['high', 'middle', 'low']);
    assert.deepEqual(scene.release('holder'), ['released holder', 'granted high']);
  });

  it('ranks by order of arrival among equals', () => {
    const scene = open();
    scene.claim('holder', 'lights');
    scene.claim('first', 'lights');
    scene.claim('second', 'lights');
    assert.deepEqual(scene.waiters('lights'), ['first', 'second']);
    assert.deepEqual(scene.release('holder'), ['released holder', 'granted first']);
    assert.deepEqual(scene.release('first'), ['released first', 'granted second']);
  });

  it('keeps the seniority of a standing claim that was preempted', () => {
    const scene = open();
    scene.claim('senior', 'lights', { standing: true });
    scene.claim('junior', 'lights');
    scene.claim('alarm', 'lights', { priority: 9 });
    assert.deepEqual(scene.waiters('lights'), ['senior', 'junior']);
    assert.deepEqual(scene.release('alarm'), ['released alarm', 'granted senior regained']);
  });

  it('hands over at once on release', () => {
    const scene = open();
    scene.claim('holder', 'lights');
    scene.claim('waiter', 'lights');
    assert.deepEqual(scene.release('holder'), ['released holder', 'granted waiter']);
  });

  it('hands over at once on expiry', () => {
    const scene = open();
    scene.claim('holder', 'lights', { ttl: 100 });
    scene.claim('waiter', 'lights');
    assert.deepEqual(scene.tickAt(100), ['lost holder expired', 'granted waiter']);
  });

  it('hands over at once on loss', () => {
    const scene = open();
    scene.claim('holder', 'lights', { session: 'panel' });
    scene.claim('waiter', 'lights');
    assert.deepEqual(scene.endSession('panel'), ['lost holder session', 'granted waiter']);
  });

  it('cuts the list of waiters at sixteen, or at what is asked for, and counts them all', () => {
    const scene = open();
    scene.claim('holder', 'lights', { priority: 99 });
    for (let i = 0; i < 20; i++) scene.claim(`waiter ${i}`, 'lights', { priority: 50 - i });
    assert.equal(scene.seeResource('lights').waiting.length, 16);
    assert.equal(scene.seeResource('lights').waitingCount, 20);
    const { waiting } = scene.table.resource('lights', 2) ?? {};
    assert.deepEqual(waiting, [
      { id: 'waiter 0', locker: 'waiter 0', requester: '', priority: 50 },
      { id: 'waiter 1', locker: 'waiter 1', requester: '', priority: 49 },
    ]);
    assert.equal(scene.table.resource('lights', 100)?.waiting.length, 20);
  });
});
