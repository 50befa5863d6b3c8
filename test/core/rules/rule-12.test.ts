// Rule 12: ends by force, by the end of a session, and how an end is told.
import assert from 'node:assert/strict';
import { describeRule } from '../../support/core-rules';

describeRule('rule 12: forced and session ends', (open) => {
  it('ends the whole hold that the operator saw', () => {
    const scene = open();
    scene.claim('outer', 'lights', { locker: 'A' });
    scene.claim('inner', 'lights', { locker: 'A' });
    scene.claim('waiter', 'lights');
    assert.deepEqual(scene.force('lights', scene.seeResource('lights').token), [
      'lost outer forced by operator',
      'lost inner forced by operator',
      'granted waiter',
    ]);
  });

  it('names only the operator as who did it', () => {
    const scene = open();
    scene.claim('a', 'lights');
    scene.force('lights', scene.see('a').token);
    assert.deepEqual(scene.events[0], {
      type: 'lost',
      id: 'a',
      reason: 'forced',
      by: { locker: 'operator' },
    });
  });

  it('ends standing claims too, for good', () => {
    const scene = open();
    scene.claim('stuck', 'lights', { standing: true });
    assert.deepEqual(scene.force('lights', scene.see('stuck').token), ['lost stuck forced by operator']);
    assert.equal(scene.table.claim('stuck'), undefined);
  });

  it('ends a revoking hold', () => {
    const scene = open();
    scene.claim('stuck', 'lights', { handover: Infinity });
    scene.claim('high', 'lights', { priority: 1 });
    assert.deepEqual(scene.force('lights', scene.see('stuck').token), [
      'lost stuck forced by operator',
      'granted high',
    ]);
  });

  it('ends a claim of several resources as a whole', () => {
    const scene = open();
    scene.claim('both', ['a', 'b']);
    scene.claim('waiter', 'b');
    assert.deepEqual(scene.force('a', scene.see('both').token), [
      'lost both forced by operator',
      'granted waiter',
    ]);
  });

  it('leaves those who wait alone', () => {
    const scene = open();
    scene.claim('holder', 'lights', { locker: 'A', grace: 50 });
    scene.claim('high', 'lights', { priority: 1 });
    scene.claim('same locker', 'lights', { locker: 'A' });
    assert.deepEqual(scene.force('lights', scene.see('holder').token), [
      'lost holder forced by operator',
      'granted high',
    ]);
  });

  it('compares the token of the resource, not the greatest of the claim', () => {
    const scene = open();
    scene.claim('outer', 'a', { locker: 'A' });
    scene.at(10).claim('both', ['a', 'b'], { locker: 'A' });
    assert.deepEqual(scene.force('a', scene.see('both').token), ['denied a forceRelease changed']);
    assert.deepEqual(scene.force('a', scene.see('outer').token), [
      'lost outer forced by operator',
      'lost both forced by operator',
    ]);
  });

  it('is denied as changed when another hold is there by now', () => {
    const scene = open();
    scene.claim('seen', 'lights');
    const { token } = scene.see('seen');
    scene.claim('next', 'lights', { priority: 1 });
    assert.deepEqual(scene.force('lights', token), ['denied lights forceRelease changed']);
    assert.deepEqual(scene.holders('lights'), ['next']);
  });

  it('is denied as changed when the resource is free, or unknown', () => {
    const scene = open();
    scene.claim('a', 'a', { grace: 50 });
    scene.claim('both', ['a', 'b'], { priority: 1 });
    assert.deepEqual(scene.force('b', 0), ['denied b forceRelease changed']);
    assert.deepEqual(scene.force('nowhere', 0), ['denied nowhere forceRelease changed']);
  });

  it('ends every claim of a session: lost if held or revoking, denied if it waited', () => {
    const scene = open();
    scene.claim('held', 'a', { session: 'panel', standing: true });
    scene.claim('revoking', 'b', { session: 'panel', grace: 50 });
    scene.claim('high', 'b', { priority: 1 });
    scene.claim('waiting', 'b', { session: 'panel' });
    scene.claim('stranger', 'c', { session: 'other' });
    assert.deepEqual(scene.endSession('panel'), [
      'lost held session',
      'lost revoking session',
      'denied waiting session',
      'granted high',
    ]);
    assert.equal(scene.see('stranger').state, 'held');
  });

  it('has nothing to end for a session that nobody knows, or a second time', () => {
    const scene = open();
    scene.claim('a', 'lights', { session: 'panel' });
    assert.deepEqual(scene.endSession('nobody'), []);
    scene.endSession('panel');
    assert.deepEqual(scene.endSession('panel'), []);
  });

  it('ends what a session claims after its end once was told', () => {
    const scene = open();
    scene.claim('a', 'lights', { session: 'panel' });
    scene.endSession('panel');
    scene.claim('b', 'lights', { session: 'panel' });
    assert.deepEqual(scene.endSession('panel'), ['lost b session']);
  });

  it('grants only after all claims of the session have ended', () => {
    const scene = open();
    scene.claim('first', 'lights', { session: 'panel' });
    scene.claim('second', 'lights', { session: 'panel', priority: -1 });
    scene.claim('third', 'lights', { priority: -2 });
    assert.deepEqual(scene.endSession('panel'), [
      'lost first session',
      'denied second session',
      'granted third',
    ]);
  });

  it('tells released when its locker ends it, held, waiting or revoking', () => {
    const scene = open();
    scene.claim('held', 'lights', { grace: 50 });
    scene.claim('waiting', 'lights');
    assert.deepEqual(scene.release('waiting'), ['released waiting']);
    scene.claim('high', 'lights', { priority: 1 });
    assert.deepEqual(scene.release('held'), ['released held', 'granted high']);
    assert.deepEqual(scene.release('high'), ['released high']);
  });
});
