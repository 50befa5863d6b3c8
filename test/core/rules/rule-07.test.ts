// Rule 7: fencing tokens.
import assert from 'node:assert/strict';
import { describeRule } from '../../support/core-rules';
import { EPOCH } from '../../support/core-scene';

describeRule('rule 7: tokens', (open) => {
  it('gives a hold that begins the wall time, whole', () => {
    const scene = open();
    scene.at(5, 2_000.75).claim('a', 'lights');
    assert.equal(scene.see('a').token, 2_000);
    assert.equal(scene.seeResource('lights').token, 2_000);
    assert.equal(scene.seeResource('lights').since, 2_000.75);
  });

  it('gives one more than the last where the wall clock is not beyond it', () => {
    const scene = open();
    scene.at(0, 500).claim('a', 'lights');
    scene.claim('b', 'blinds');
    scene.at(1, 3).claim('c', 'heating');
    assert.deepEqual(
      ['a', 'b', 'c'].map((id) => scene.see(id).token),
      [500, 501, 502],
    );
    assert.equal(scene.table.lastToken, 502);
  });

  it('starts above the floor that a table is made with', () => {
    const scene = open({ tokenFloor: 9_000_000 });
    assert.equal(scene.table.lastToken, 9_000_000);
    scene.claim('a', 'lights');
    assert.equal(scene.see('a').token, 9_000_001);
  });

  it('gives a token greater than any before it in the whole table', () => {
    const scene = open();
    scene.claim('a', 'lights');
    scene.claim('b', 'blinds');
    scene.claim('c', 'lights', { priority: 1 });
    assert.equal(scene.see('c').token, EPOCH + 2);
  });

  it('gives a new token to a claim that regains', () => {
    const scene = open();
    scene.claim('a', 'lights', { standing: true });
    scene.claim('alarm', 'lights', { priority: 1 });
    scene.release('alarm');
    assert.equal(scene.see('a').token, EPOCH + 2);
  });

  it('shares the token among the holds begun by one grant', () => {
    const scene = open();
    scene.claim('a', ['lights', 'blinds']);
    assert.deepEqual(scene.see('a').tokens, [EPOCH, EPOCH]);
    assert.equal(scene.seeResource('blinds').token, EPOCH);
  });

  it('keeps the token on re-entrance', () => {
    const scene = open();
    scene.claim('outer', 'lights', { locker: 'A' });
    scene.at(10).claim('inner', 'lights', { locker: 'A' });
    assert.equal(scene.see('inner').token, EPOCH);
    assert.equal(scene.table.lastToken, EPOCH);
    scene.release('outer');
    assert.equal(scene.seeResource('lights').token, EPOCH);
    assert.equal(scene.seeResource('lights').since, EPOCH);
  });

  it('gives a claim the greatest token of its holds; each resource has its own', () => {
    const scene = open();
    scene.claim('outer', 'lights', { locker: 'A' });
    scene.at(10).claim('both', ['blinds', 'lights'], { locker: 'A' });
    assert.equal(scene.see('both').token, EPOCH + 10);
    assert.deepEqual(scene.see('both').tokens, [EPOCH + 10, EPOCH]);
    assert.equal(scene.seeResource('lights').token, EPOCH);
    assert.equal(scene.seeResource('blinds').token, EPOCH + 10);
    assert.equal(scene.seeResource('blinds').since, EPOCH + 10);
  });

  it('tells the token and the lease at the grant', () => {
    const scene = open();
    scene.claim('a', 'lights', { ttl: 100 });
    assert.deepEqual(scene.events[0], {
      type: 'granted',
      id: 'a',
      token: EPOCH,
      expires: 100,
      regained: false,
      repeated: false,
    });
  });

  it('shows token 0 for what is free or waits', () => {
    const scene = open();
    scene.claim('holder', 'a', { grace: 50 });
    scene.claim('waiter', ['a', 'b'], { priority: 1 });
    assert.equal(scene.see('waiter').token, 0);
    assert.deepEqual(scene.see('waiter').tokens, []);
    const free = { state: 'free', locker: undefined, priority: undefined, value: undefined, token: 0 };
    assert.deepEqual(scene.seeResource('b'), {
      resource: 'b',
      ...free,
      since: undefined,
      expires: Infinity,
      claims: [],
      waiting: [{ id: 'waiter', locker: 'waiter', requester: '', priority: 1 }],
      waitingCount: 1,
    });
  });
});
