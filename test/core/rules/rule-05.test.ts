// Rule 5: timeouts and polite claims.
import assert from 'node:assert/strict';
import { describeRule } from '../../support/core-rules';

describeRule('rule 5: timeouts and politeness', (open) => {
  it('denies a wait at its timeout and names who stood in the way', () => {
    const scene = open();
    scene.at(10).claim('holder', 'lights', { locker: 'A', requester: 'hall', priority: 3 });
    scene.claim('waiter', 'lights', { timeout: 40 });
    assert.equal(scene.table.nextDeadline(), 50);
    assert.deepEqual(scene.tickAt(49), []);
    scene.tickAt(50);
    const by = { locker: 'A', id: 'holder', requester: 'hall', priority: 3 };
    assert.deepEqual(scene.events[0], {
      type: 'denied',
      id: 'waiter',
      command: 'claim',
      reason: 'timeout',
      by,
    });
    assert.equal(scene.table.claim('waiter'), undefined);
  });

  it('names the strongest claim of the hold that stood in the way, among equals the first granted', () => {
    const scene = open();
    scene.claim('weak', 'lights', { locker: 'A' });
    scene.claim('strong', 'lights', { locker: 'A', priority: 1 });
    scene.claim('as strong', 'lights', { locker: 'A', priority: 1 });
    assert.deepEqual(scene.claim('waiter', 'lights', { timeout: 0 }), ['denied waiter timeout by strong']);
  });

  it('names nobody when only a reservation stood in the way', () => {
    const scene = open();
    scene.claim('holder', 'a', { grace: 50 });
    scene.claim('both', ['a', 'b'], { priority: 1 });
    assert.deepEqual(scene.claim('late', 'b', { timeout: 0 }), ['denied late timeout']);
  });

  it('bounds the first wait only: once granted, a standing claim waits on', () => {
    const scene = open();
    scene.claim('standing', 'lights', { standing: true, timeout: 10 });
    assert.equal(scene.see('standing').waitUntil, Infinity);
    scene.at(5).claim('alarm', 'lights', { priority: 1 });
    assert.deepEqual(scene.tickAt(1000), []);
    assert.deepEqual(scene.release('alarm'), ['released alarm', 'granted standing regained']);
  });

  it('takes timeout 0 for only if it can be had now', () => {
    const scene = open();
    assert.deepEqual(scene.claim('a', 'lights', { timeout: 0 }), ['granted a']);
    assert.deepEqual(scene.claim('b', 'lights', { timeout: 0 }), ['denied b timeout by a']);
    assert.deepEqual(scene.claim('c', 'lights', { timeout: 0, priority: 1 }), [
      'lost a preempted by c',
      'granted c',
    ]);
  });

  it('tells no change for a claim that is denied in its own step', () => {
    const scene = open();
    scene.claim('a', 'lights');
    scene.claim('b', ['lights', 'blinds'], { timeout: 0 });
    assert.deepEqual(
      scene.events.map(({ type }) => type),
      ['denied'],
    );
  });

  it('does not revoke for timeout 0', () => {
    const scene = open();
    scene.claim('a', 'lights', { grace: 50 });
    assert.deepEqual(scene.claim('b', 'lights', { timeout: 0, priority: 1 }), ['denied b timeout by a']);
    assert.equal(scene.see('a').revoking, false);
  });

  it('may revoke and still be denied when the wait is shorter than the grace', () => {
    const scene = open();
    scene.claim('a', 'lights', { grace: 50 });
    assert.deepEqual(scene.claim('b', 'lights', { timeout: 20, priority: 1 }), [
      'revoking a until=50 by b',
      'queued b',
    ]);
    assert.deepEqual(scene.tickAt(20), ['denied b timeout by a']);
    assert.deepEqual(scene.tickAt(50), ['lost a preempted by b']);
  });

  it('grants at the very end of the wait when the grace ends then', () => {
    const scene = open();
    scene.claim('a', 'lights', { grace: 50 });
    scene.claim('b', 'lights', { timeout: 50, priority: 1 });
    assert.deepEqual(scene.tickAt(50), ['lost a preempted by b', 'granted b']);
  });

  it('lets a polite claim take nothing from anybody', () => {
    const scene = open();
    scene.claim('holder', 'lights', { priority: -5 });
    assert.deepEqual(scene.claim('polite', 'lights', { priority: 9, preempt: false }), ['queued polite']);
    assert.deepEqual(scene.release('holder'), ['released holder', 'granted polite']);
  });

  it('lets a polite claim revoke nobody', () => {
    const scene = open();
    scene.claim('holder', 'lights', { priority: -5, grace: 50 });
    assert.deepEqual(scene.claim('polite', 'lights', { priority: 9, preempt: false }), ['queued polite']);
    assert.equal(scene.see('holder').revoking, false);
  });

  it('denies a polite claim with timeout 0 when somebody else has it', () => {
    const scene = open();
    scene.claim('holder', 'lights', { priority: -5 });
    assert.deepEqual(scene.claim('polite', 'lights', { priority: 9, preempt: false, timeout: 0 }), [
      'denied polite timeout by holder',
    ]);
  });

  it('grants a polite claim with timeout 0 when nobody else has it', () => {
    const scene = open();
    scene.claim('holder', 'lights', { locker: 'A' });
    assert.deepEqual(scene.claim('mine', 'lights', { locker: 'A', preempt: false, timeout: 0 }), [
      'granted mine',
    ]);
    assert.deepEqual(scene.claim('free', 'blinds', { preempt: false, timeout: 0 }), ['granted free']);
  });

  it('preempts a polite holder like any other', () => {
    const scene = open();
    scene.claim('polite', 'lights', { preempt: false });
    assert.deepEqual(scene.claim('high', 'lights', { priority: 1 }), [
      'lost polite preempted by high',
      'granted high',
    ]);
  });

  it('lets a polite waiter of high priority be passed by one that preempts', () => {
    const scene = open();
    scene.claim('holder', 'lights');
    scene.claim('polite', 'lights', { priority: 9, preempt: false });
    assert.deepEqual(scene.claim('rude', 'lights', { priority: 1 }), [
      'lost holder preempted by rude',
      'granted rude',
    ]);
  });
});
