// Rule 2: preemption, with and without something to wait for.
import assert from 'node:assert/strict';
import { describeRule } from '../../support/core-rules';

describeRule('rule 2: preemption', (open) => {
  it('preempts a holder of strictly lower priority', () => {
    const scene = open();
    scene.claim('low', 'lights', { priority: 1 });
    assert.deepEqual(scene.claim('high', 'lights', { priority: 1.5 }), [
      'lost low preempted by high',
      'granted high',
    ]);
    assert.deepEqual(scene.holders('lights'), ['high']);
  });

  it('never preempts equal with equal', () => {
    const scene = open();
    scene.claim('first', 'lights', { priority: 1 });
    assert.deepEqual(scene.claim('second', 'lights', { priority: 1 }), ['queued second']);
  });

  it('tells the loser who did it', () => {
    const scene = open();
    scene.claim('low', 'lights');
    scene.claim('high', 'lights', { locker: 'alarm', requester: 'hall', priority: 7 });
    const by = { locker: 'alarm', id: 'high', requester: 'hall', priority: 7 };
    assert.deepEqual(scene.events[0], { type: 'lost', id: 'low', reason: 'preempted', by });
  });

  it('makes the holder revoking until its grace is over where there is a grace', () => {
    const scene = open();
    scene.at(10).claim('low', 'lights', { grace: 50 });
    assert.deepEqual(scene.at(20).claim('high', 'lights', { priority: 1 }), [
      'revoking low until=70 by high',
      'queued high',
    ]);
    assert.equal(scene.seeResource('lights').state, 'revoking');
    assert.equal(scene.see('low').state, 'held');
    assert.equal(scene.see('low').revoking, true);
    assert.equal(scene.table.nextDeadline(), 70);
    assert.deepEqual(scene.tickAt(70), ['lost low preempted by high', 'granted high']);
  });

  it('ends the revocation when the holder releases', () => {
    const scene = open();
    scene.claim('low', 'lights', { grace: 50 });
    scene.claim('high', 'lights', { priority: 1 });
    assert.deepEqual(scene.release('low'), ['released low', 'granted high']);
  });

  it('ends the revocation when the holder yields', () => {
    const scene = open();
    scene.claim('low', 'lights', { grace: 50 });
    scene.claim('high', 'lights', { priority: 1 });
    assert.deepEqual(scene.yield('low'), ['lost low preempted by high', 'granted high']);
  });

  it('refuses the yield of a claim that nobody revoked', () => {
    const scene = open();
    scene.claim('low', 'lights', { grace: 50 });
    scene.claim('waiter', 'lights');
    assert.deepEqual(scene.yield('low'), ['denied low yield invalid']);
    assert.deepEqual(scene.yield('waiter'), ['denied waiter yield invalid']);
    assert.deepEqual(scene.holders('lights'), ['low']);
  });

  it('puts a standing claim back to waiting when its revocation ends, however it ends', () => {
    const scene = open();
    scene.claim('low', 'lights', { grace: 50, standing: true });
    scene.claim('high', 'lights', { priority: 1 });
    assert.deepEqual(scene.yield('low'), ['requeued low by high', 'granted high']);
    assert.equal(scene.see('low').revoking, false);
    scene.release('high');
    scene.claim('higher', 'lights', { priority: 2 });
    assert.deepEqual(scene.tickAt(50), ['requeued low by higher', 'granted higher']);
  });

  it('waits at least the hand-over timeout for a holder that must yield', () => {
    const scene = open();
    scene.claim('low', 'lights', { grace: 50, handover: 1000 });
    assert.deepEqual(scene.claim('high', 'lights', { priority: 1 }), [
      'revoking low until=1000 by high',
      'queued high',
    ]);
  });

  it('waits the grace where the hand-over timeout is shorter', () => {
    const scene = open();
    scene.claim('low', 'lights', { grace: 50, handover: 20 });
    scene.claim('high', 'lights', { priority: 1 });
    assert.equal(scene.see('low').until, 50);
  });

  it('waits without end for a hand-over that is infinite, until the session has ended', () => {
    const scene = open();
    scene.claim('low', 'lights', { handover: Infinity, session: 'panel' });
    assert.deepEqual(scene.claim('high', 'lights', { priority: 1 }), [
      'revoking low until=Infinity by high',
      'queued high',
    ]);
    assert.equal(scene.table.nextDeadline(), Infinity);
    assert.deepEqual(scene.tickAt(1e12), []);
    assert.deepEqual(scene.endSession('panel'), ['lost low session', 'granted high']);
  });

  it('revokes each of the claims of the hold for its own grace', () => {
    const scene = open();
    scene.claim('short', 'lights', { locker: 'A', grace: 10 });
    scene.claim('long', 'lights', { locker: 'A', grace: 30 });
    assert.deepEqual(scene.claim('high', 'lights', { priority: 1 }), [
      'revoking short until=10 by high',
      'revoking long until=30 by high',
      'queued high',
    ]);
    assert.deepEqual(scene.tickAt(10), ['lost short preempted by high']);
    assert.deepEqual(scene.tickAt(30), ['lost long preempted by high', 'granted high']);
  });

  it('ends at once the claims of the hold that have nothing to wait for, while others wind down', () => {
    const scene = open();
    scene.claim('none', 'lights', { locker: 'A' });
    scene.claim('some', 'lights', { locker: 'A', grace: 30 });
    scene.claim('standing', 'lights', { locker: 'A', standing: true });
    assert.deepEqual(scene.claim('high', 'lights', { priority: 1 }), [
      'lost none preempted by high',
      'revoking some until=30 by high',
      'requeued standing by high',
      'queued high',
    ]);
  });

  it('sets the time of a revocation once', () => {
    const scene = open();
    scene.claim('low', 'lights', { grace: 50 });
    scene.claim('high', 'lights', { priority: 1 });
    assert.deepEqual(scene.at(20).claim('higher', 'lights', { priority: 2 }), ['queued higher']);
    assert.equal(scene.see('low').until, 50);
    assert.equal(scene.see('low').revokedBy?.id, 'high');
  });

  it('makes the resource revoking only when all its claims are', () => {
    const scene = open();
    scene.claim('both', ['lights', 'blinds'], { locker: 'A', grace: 50 });
    scene.claim('single', 'lights', { locker: 'A' });
    scene.claim('high', 'blinds', { priority: 1 });
    assert.equal(scene.see('both').revoking, true);
    assert.equal(scene.seeResource('blinds').state, 'revoking');
    assert.equal(scene.seeResource('lights').state, 'held');
    scene.release('single');
    assert.equal(scene.seeResource('lights').state, 'revoking');
  });

  it('lets the locker re-enter a resource of which only some claims are revoking', () => {
    const scene = open();
    scene.claim('both', ['lights', 'blinds'], { locker: 'A', grace: 50 });
    scene.claim('single', 'lights', { locker: 'A' });
    scene.claim('high', 'blinds', { priority: 1 });
    assert.deepEqual(scene.claim('again', 'lights', { locker: 'A' }), ['granted again']);
  });

  it('revokes the rest of a hold of which some claims are revoking already', () => {
    const scene = open();
    scene.claim('both', ['lights', 'blinds'], { locker: 'A', grace: 50 });
    scene.claim('single', 'lights', { locker: 'A' });
    scene.claim('blind', 'blinds', { priority: 1 });
    assert.deepEqual(scene.at(10).claim('light', 'lights', { priority: 1 }), [
      'lost single preempted by light',
      'queued light',
    ]);
    assert.deepEqual(scene.tickAt(50), ['lost both preempted by blind', 'granted blind', 'granted light']);
  });

  it('is not undone by the withdrawal of who caused it', () => {
    const scene = open();
    scene.claim('low', 'lights', { grace: 50 });
    scene.claim('high', 'lights', { priority: 1 });
    assert.deepEqual(scene.release('high'), ['released high']);
    assert.equal(scene.seeResource('lights').state, 'revoking');
    assert.deepEqual(scene.tickAt(50), ['lost low preempted by high']);
  });

  it('is not undone by an update of the priority', () => {
    const scene = open();
    scene.claim('low', 'lights', { grace: 50 });
    scene.claim('high', 'lights', { priority: 1 });
    assert.deepEqual(scene.update('low', { priority: 9 }), ['revoking low until=50 by high repeated']);
    assert.deepEqual(scene.tickAt(50), ['lost low preempted by high', 'granted high']);
  });

  it('is not undone, nor made longer, by a renewed lease', () => {
    const scene = open();
    scene.claim('low', 'lights', { grace: 50, ttl: 1000 });
    scene.claim('high', 'lights', { priority: 1 });
    scene.at(40).update('low', { renew: true });
    assert.equal(scene.see('low').until, 50);
    assert.equal(scene.see('low').expires, 1040);
  });

  it('ends a revoking claim at the end of its lease if that comes first', () => {
    const scene = open();
    scene.claim('low', 'lights', { grace: 50, ttl: 30 });
    scene.at(20).claim('high', 'lights', { priority: 1 });
    assert.deepEqual(scene.tickAt(30), ['lost low expired', 'granted high']);
  });

  it('does not let the locker re-enter a revoking resource: it waits like anyone', () => {
    const scene = open();
    scene.claim('low', 'lights', { locker: 'A', grace: 50 });
    scene.claim('high', 'lights', { priority: 1 });
    assert.deepEqual(scene.claim('again', 'lights', { locker: 'A' }), ['queued again']);
    assert.deepEqual(scene.claim('now', 'lights', { locker: 'A', timeout: 0, priority: 9 }), [
      'denied now timeout',
    ]);
  });

  it('chooses the winner at the hand-over', () => {
    const scene = open();
    scene.claim('low', 'lights', { grace: 50 });
    scene.claim('high', 'lights', { priority: 1 });
    scene.claim('higher', 'lights', { priority: 2 });
    assert.deepEqual(scene.yield('low'), ['lost low preempted by high', 'granted higher']);
  });

  it('may hand over to a claim lower than the one that caused it, once that is gone', () => {
    const scene = open();
    scene.claim('low', 'lights', { grace: 50 });
    scene.claim('high', 'lights', { priority: 1 });
    scene.claim('polite', 'lights', { priority: -5, preempt: false });
    scene.release('high');
    assert.deepEqual(scene.yield('low'), ['lost low preempted by high', 'granted polite']);
  });

  it('may hand over to the standing claim that was revoked, raised meanwhile', () => {
    const scene = open();
    scene.claim('low', 'lights', { grace: 50, standing: true });
    scene.claim('high', 'lights', { priority: 1 });
    scene.update('low', { priority: 2 });
    assert.deepEqual(scene.yield('low'), ['requeued low by high', 'granted low regained']);
  });
});
