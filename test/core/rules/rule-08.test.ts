// Rule 8: several resources at once, all or nothing.
import assert from 'node:assert/strict';
import { describeRule } from '../../support/core-rules';

describeRule('rule 8: several resources at once', (open) => {
  it('grants a claim when all its resources are free, in one step', () => {
    const scene = open();
    assert.deepEqual(scene.claim('both', ['a', 'b']), ['granted both']);
    assert.deepEqual(scene.holders('a'), ['both']);
    assert.deepEqual(scene.holders('b'), ['both']);
  });

  it('grants over free, own and preemptible resources together', () => {
    const scene = open();
    scene.claim('own', 'a', { locker: 'A' });
    scene.claim('lower', 'b');
    assert.deepEqual(scene.claim('all', ['a', 'b', 'c'], { locker: 'A', priority: 1 }), [
      'lost lower preempted by all',
      'granted all',
    ]);
    assert.deepEqual(scene.holders('a'), ['own', 'all']);
  });

  it('waits when one of its resources cannot be had', () => {
    const scene = open();
    scene.claim('equal', 'b');
    assert.deepEqual(scene.claim('both', ['a', 'b']), ['queued both']);
    assert.deepEqual(scene.release('equal'), ['released equal', 'granted both']);
  });

  it('takes nothing from anybody while another of its resources cannot be had', () => {
    const scene = open();
    scene.claim('lower', 'a');
    scene.claim('lower with grace', 'b', { grace: 50 });
    scene.claim('equal', 'c', { priority: 1 });
    assert.deepEqual(scene.claim('all', ['a', 'b', 'c'], { priority: 1 }), ['queued all']);
  });

  it('holds nothing while it waits', () => {
    const scene = open();
    scene.claim('holder', 'b');
    scene.claim('both', ['a', 'b']);
    assert.equal(scene.seeResource('a').state, 'free');
    assert.deepEqual(scene.claim('single', 'a'), ['granted single']);
  });

  it('cannot deadlock with another of its kind', () => {
    const scene = open();
    scene.claim('a', 'a');
    scene.claim('ab', ['a', 'b']);
    scene.claim('ba', ['b', 'a']);
    assert.deepEqual(scene.release('a'), ['released a', 'granted ab']);
    assert.deepEqual(scene.release('ab'), ['released ab', 'granted ba']);
  });

  it('is lost as a whole when one of its resources is lost', () => {
    const scene = open();
    scene.claim('both', ['a', 'b']);
    scene.claim('waits for b', 'b');
    assert.deepEqual(scene.claim('high', 'a', { priority: 1 }), [
      'lost both preempted by high',
      'granted high',
      'granted waits for b',
    ]);
  });

  it('is requeued as a whole when it stands', () => {
    const scene = open();
    scene.claim('both', ['a', 'b'], { standing: true });
    scene.claim('high', 'a', { priority: 1 });
    assert.equal(scene.see('both').state, 'waiting');
    assert.equal(scene.seeResource('b').state, 'free');
    assert.deepEqual(scene.release('high'), ['released high', 'granted both regained']);
  });

  it('is revoked as a whole, for all its resources', () => {
    const scene = open();
    scene.claim('both', ['a', 'b'], { grace: 50 });
    scene.claim('high', 'a', { priority: 1 });
    assert.equal(scene.seeResource('b').state, 'revoking');
    assert.deepEqual(scene.claim('other', 'b', { priority: 1 }), ['queued other']);
    assert.deepEqual(scene.tickAt(50), ['lost both preempted by high', 'granted high', 'granted other']);
  });

  it('revokes at once all that must be revoked', () => {
    const scene = open();
    scene.claim('a', 'a', { grace: 50 });
    scene.claim('b', 'b', { grace: 30 });
    assert.deepEqual(scene.claim('both', ['a', 'b'], { priority: 1 }), [
      'revoking a until=50 by both',
      'revoking b until=30 by both',
      'queued both',
    ]);
    assert.deepEqual(scene.tickAt(30), ['lost b preempted by both']);
    assert.deepEqual(scene.tickAt(50), ['lost a preempted by both', 'granted both']);
  });

  it('keeps its resources from everyone below while it waits only for revocations', () => {
    const scene = open();
    scene.claim('a', 'a', { grace: 50 });
    scene.claim('all', ['a', 'b', 'c'], { priority: 2 });
    assert.deepEqual(scene.claim('lower', 'b', { priority: 1 }), ['queued lower']);
    assert.deepEqual(scene.claim('equal but later', 'c', { priority: 2 }), ['queued equal but later']);
    assert.deepEqual(scene.tickAt(50), ['lost a preempted by all', 'granted all']);
  });

  it('keeps them also from the locker that holds one of them', () => {
    const scene = open();
    scene.claim('winding down', 'a', { grace: 50 });
    scene.claim('holder', 'b', { locker: 'B' });
    scene.claim('both', ['a', 'b'], { priority: 2 });
    assert.deepEqual(scene.claim('again', 'b', { locker: 'B' }), ['queued again']);
  });

  it('does not keep them from who ranks above', () => {
    const scene = open();
    scene.claim('a', 'a', { grace: 50 });
    scene.claim('both', ['a', 'b'], { priority: 1 });
    assert.deepEqual(scene.claim('higher', 'b', { priority: 2 }), ['granted higher']);
    assert.deepEqual(scene.tickAt(50), ['lost a preempted by both']);
    assert.deepEqual(scene.release('higher'), ['released higher', 'granted both']);
  });

  it('keeps nothing once another resource of it cannot be had', () => {
    const scene = open();
    scene.claim('a', 'a', { grace: 50 });
    scene.claim('all', ['a', 'b', 'c'], { priority: 1 });
    scene.claim('waits for c', 'c');
    assert.deepEqual(scene.claim('higher', 'b', { priority: 2 }), ['granted higher', 'granted waits for c']);
  });

  it('keeps nothing once it is withdrawn', () => {
    const scene = open();
    scene.claim('a', 'a', { grace: 50 });
    scene.claim('both', ['a', 'b'], { priority: 1 });
    scene.claim('waits for b', 'b');
    assert.deepEqual(scene.release('both'), ['released both', 'granted waits for b']);
  });

  it('keeps nothing with a wait that is over, also not from a wait that is over', () => {
    const scene = open();
    scene.claim('a', 'a', { grace: 50 });
    scene.claim('both', ['a', 'b'], { priority: 1, timeout: 20 });
    scene.claim('waits for b', 'b', { timeout: 20 });
    assert.deepEqual(scene.tickAt(20), ['granted waits for b', 'denied both timeout by a']);
  });

  it('keeps its resources as soon as the wait of the single claim above it is over', () => {
    const scene = open();
    scene.claim('a', 'a', { grace: 50 });
    scene.claim('above', 'a', { priority: 2, timeout: 20 });
    scene.claim('both', ['a', 'b'], { priority: 1 });
    assert.deepEqual(scene.at(20).claim('late', 'b'), ['queued late', 'denied above timeout by a']);
  });

  it('keeps its resources when it waits for a revocation that another began, even politely', () => {
    const scene = open();
    scene.claim('a', 'a', { grace: 50 });
    scene.claim('high', 'a', { priority: 3 });
    scene.claim('polite', ['a', 'b'], { priority: 2, preempt: false });
    assert.deepEqual(scene.claim('single', 'b'), ['granted single'], 'the higher one keeps a from it');
    scene.release('single');
    scene.release('high');
    assert.deepEqual(scene.claim('single', 'b'), ['queued single']);
    assert.deepEqual(scene.tickAt(50), ['lost a preempted by high', 'granted polite']);
  });

  it('takes holders with nothing to wait for at the grant, not before', () => {
    const scene = open();
    scene.claim('slow', 'a', { grace: 50 });
    scene.claim('quick', 'b');
    scene.claim('both', ['a', 'b'], { priority: 1 });
    assert.deepEqual(scene.holders('b'), ['quick']);
    assert.deepEqual(scene.tickAt(50), [
      'lost slow preempted by both',
      'lost quick preempted by both',
      'granted both',
    ]);
  });

  it('preempts a claim that holds several of its resources once', () => {
    const scene = open();
    scene.claim('low', ['a', 'b', 'c']);
    assert.deepEqual(scene.claim('high', ['c', 'b', 'a'], { priority: 1 }), [
      'lost low preempted by high',
      'granted high',
    ]);
  });

  it('can be passed by single claims of its priority again and again', () => {
    const scene = open();
    scene.claim('a', 'a');
    scene.claim('both', ['a', 'b']);
    assert.deepEqual(scene.claim('b', 'b'), ['granted b']);
    assert.deepEqual(scene.release('a'), ['released a']);
    assert.deepEqual(scene.claim('a again', 'a'), ['granted a again']);
    assert.deepEqual(scene.release('b'), ['released b']);
    assert.equal(scene.see('both').state, 'waiting');
  });

  it('is passed no longer once its priority is raised', () => {
    const scene = open();
    scene.claim('a', 'a');
    scene.claim('both', ['a', 'b']);
    scene.claim('b', 'b');
    assert.deepEqual(scene.update('both', { priority: 1 }), [
      'lost a preempted by both',
      'lost b preempted by both',
      'granted both',
    ]);
  });

  it('restarts from the highest rank when a revocation frees what somebody above waits for', () => {
    const scene = open();
    scene.claim('long', 'a', { locker: 'A', grace: 50 });
    scene.claim('short', ['a', 'b'], { locker: 'A' });
    scene.claim('polite', 'b', { priority: 9, preempt: false });
    scene.claim('low', 'b', { priority: -1 });
    assert.deepEqual(scene.claim('winner', 'a', { priority: 1 }), [
      'revoking long until=50 by winner',
      'lost short preempted by winner',
      'granted polite',
      'queued winner',
    ]);
  });
});
