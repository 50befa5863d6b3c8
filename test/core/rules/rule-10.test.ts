// Rule 10: repeated claims, and what the table forgets.
import assert from 'node:assert/strict';
import { describeRule } from '../../support/core-rules';

describeRule('rule 10: repeated claims', (open) => {
  it('answers a repeated claim that is held with its token and lease', () => {
    const scene = open();
    scene.claim('a', 'lights', { ttl: 100 });
    assert.deepEqual(scene.at(10).claim('a', 'lights', { ttl: 100 }), ['granted a repeated']);
    assert.deepEqual(scene.events, [
      { type: 'granted', id: 'a', token: 1_000_000, expires: 100, regained: false, repeated: true },
    ]);
  });

  it('answers a repeated claim that waits', () => {
    const scene = open();
    scene.claim('holder', 'lights');
    scene.claim('a', 'lights');
    assert.deepEqual(scene.claim('a', 'lights'), ['queued a repeated']);
  });

  it('answers a repeated claim that is revoking', () => {
    const scene = open();
    scene.claim('a', 'lights', { grace: 50 });
    scene.claim('high', 'lights', { priority: 1 });
    assert.deepEqual(scene.claim('a', 'lights'), ['revoking a until=50 by high repeated']);
  });

  it('answers a repeated claim that was regained', () => {
    const scene = open();
    scene.claim('a', 'lights', { standing: true });
    scene.claim('high', 'lights', { priority: 1 });
    scene.release('high');
    assert.deepEqual(scene.claim('a', 'lights'), ['granted a regained repeated']);
  });

  it('changes nothing by a repeated claim, whatever it says', () => {
    const scene = open();
    scene.claim('holder', 'blinds', { priority: 5 });
    scene.claim('a', 'lights', { priority: 1, value: 'on' });
    const before = scene.see('a');
    scene.claim('a', ['blinds'], {
      locker: 'B',
      priority: 9,
      value: 'off',
      ttl: 5,
      standing: true,
      grace: 9,
    });
    assert.deepEqual(scene.see('a'), before);
    assert.deepEqual(scene.holders('blinds'), ['holder']);
    assert.equal(scene.table.nextDeadline(), Infinity);
  });

  it('does not look at the arguments of a repeated claim', () => {
    const scene = open();
    scene.claim('a', 'lights');
    assert.deepEqual(scene.claim('a', [], { priority: Number.NaN }), ['granted a repeated']);
  });

  it('answers only once when the repeated claim is granted in that step', () => {
    const scene = open();
    scene.claim('holder', 'lights', { ttl: 100 });
    scene.claim('a', 'lights');
    assert.deepEqual(scene.at(100).claim('a', 'lights'), ['lost holder expired', 'granted a']);
  });

  it('answers only once when the wait of the repeated claim is over now', () => {
    const scene = open();
    scene.claim('holder', 'lights');
    scene.claim('a', 'lights', { timeout: 100 });
    assert.deepEqual(scene.at(100).claim('a', 'lights'), ['denied a timeout by holder']);
  });

  it('answers only once when the repeated claim is requeued in that step', () => {
    const scene = open();
    scene.claim('a', 'lights', { grace: 50, standing: true });
    scene.claim('high', 'lights', { priority: 1 });
    assert.deepEqual(scene.at(50).claim('a', 'lights'), ['requeued a by high', 'granted high']);
  });

  it('forgets what has ended: the id names a new claim then', () => {
    const scene = open();
    scene.claim('a', 'lights');
    scene.release('a');
    assert.deepEqual(scene.claim('a', 'blinds', { locker: 'B' }), ['granted a']);
    assert.deepEqual(scene.see('a').resources, ['blinds']);
  });

  it('takes a claim for new whose old one ends in that very step', () => {
    const scene = open();
    scene.claim('a', 'lights', { ttl: 100 });
    assert.deepEqual(scene.at(100).claim('a', 'blinds'), ['lost a expired', 'granted a']);
    scene.claim('holder', 'heating');
    scene.at(150).update('a', { renew: true, ttl: 50 });
    assert.deepEqual(scene.at(200).claim('a', 'heating'), ['lost a expired', 'queued a']);
  });

  it('answers unknown for an id that is not live', () => {
    const scene = open();
    scene.claim('a', 'lights');
    scene.release('a');
    assert.deepEqual(scene.release('a'), ['denied a release unknown']);
    assert.deepEqual(scene.update('a', { value: 'on' }), ['denied a update unknown']);
    assert.deepEqual(scene.yield('a'), ['denied a yield unknown']);
    assert.deepEqual(
      scene.events.map(({ type }) => type),
      ['denied'],
    );
  });
});
