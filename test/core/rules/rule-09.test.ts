// Rule 9: circles of claims that wait for one another's holds.
import assert from 'node:assert/strict';
import { describeRule, type OpenScene } from '../../support/core-rules';
import type { Scene } from '../../support/core-scene';

/** Two lockers, each with one resource, each keeping it while it wants the other's. */
function cross(
  open: OpenScene,
  first: object = {},
  second: object = {},
): { scene: Scene; outcome: string[] } {
  const scene = open();
  scene.claim('A has a', 'a', { locker: 'A' });
  scene.claim('B has b', 'b', { locker: 'B' });
  scene.claim('A wants b', 'b', { locker: 'A', holding: ['A has a'], ...first });
  const outcome = scene.claim('B wants a', 'a', { locker: 'B', holding: ['B has b'], ...second });
  return { scene, outcome };
}

describeRule('rule 9: deadlock', (open) => {
  it('denies the youngest of a circle of equals', () => {
    const { scene, outcome } = cross(open);
    assert.deepEqual(outcome, ['denied B wants a deadlock']);
    assert.equal(scene.see('A wants b').state, 'waiting');
  });

  it('denies the lowest of a circle, though it came first', () => {
    const { outcome } = cross(open, { priority: -1 });
    assert.deepEqual(outcome, ['denied A wants b deadlock', 'queued B wants a']);
  });

  it('names the lockers on the circle', () => {
    const { scene } = cross(open);
    const [denied] = scene.events;
    assert.ok(denied?.type === 'denied');
    assert.match(denied.detail ?? '', /\bA\b.*\bB\b|\bB\b.*\bA\b/);
  });

  it('does not take claims for a circle that do not name what they keep', () => {
    assert.deepEqual(cross(open, { holding: [] }).outcome, ['queued B wants a']);
    assert.deepEqual(cross(open, {}, { holding: [] }).outcome, ['queued B wants a']);
  });

  it('does not take a claim for a circle that can preempt', () => {
    const { outcome } = cross(open, {}, { priority: 1 });
    assert.deepEqual(outcome, ['lost A has a preempted by B wants a', 'granted B wants a']);
  });

  it('counts a hold that a polite claim is too polite to preempt', () => {
    const { outcome } = cross(open, {}, { priority: 1, preempt: false });
    assert.deepEqual(outcome, ['denied A wants b deadlock', 'queued B wants a']);
  });

  it('lets the other one of a circle go on when the denied one gives back what it keeps', () => {
    const { scene } = cross(open);
    assert.deepEqual(scene.release('B has b'), ['released B has b', 'granted A wants b']);
  });

  it('does not take a revocation for a part of a circle: it ends by itself', () => {
    const scene = open();
    scene.claim('A has a', 'a', { locker: 'A', grace: 100 });
    scene.claim('B has b', 'b', { locker: 'B' });
    scene.claim('alarm', 'a', { locker: 'alarm', priority: 10 });
    scene.claim('A wants b', 'b', { locker: 'A', holding: ['A has a'] });
    assert.deepEqual(scene.claim('B wants a', 'a', { locker: 'B', holding: ['B has b'] }), [
      'queued B wants a',
    ]);
  });

  it('finds a circle of one', () => {
    const scene = open();
    scene.claim('outer', 'a', { locker: 'me as A' });
    assert.deepEqual(scene.claim('inner', 'a', { locker: 'me as B', holding: ['outer'] }), [
      'denied inner deadlock',
    ]);
  });

  it('finds a circle of three', () => {
    const scene = open();
    for (const name of ['a', 'b', 'c']) scene.claim(`has ${name}`, name, { locker: name });
    scene.claim('a wants b', 'b', { locker: 'a', holding: ['has a'] });
    scene.claim('b wants c', 'c', { locker: 'b', holding: ['has b'] });
    assert.deepEqual(scene.claim('c wants a', 'a', { locker: 'c', holding: ['has c'] }), [
      'denied c wants a deadlock',
    ]);
  });

  it('denies nobody who only waits for a circle', () => {
    const scene = open();
    scene.claim('A has a', 'a', { locker: 'A' });
    scene.claim('B has b', 'b', { locker: 'B' });
    scene.claim('C has c', 'c', { locker: 'C' });
    scene.claim('A wants b', 'b', { locker: 'A', holding: ['A has a'] });
    scene.claim('C wants a', 'a', { locker: 'C', holding: ['C has c'], priority: -1 });
    assert.deepEqual(scene.claim('B wants a', 'a', { locker: 'B', holding: ['B has b'] }), [
      'denied B wants a deadlock',
    ]);
    assert.equal(scene.see('C wants a').state, 'waiting');
  });

  it('denies again until no circle is left', () => {
    const scene = open();
    scene.claim('A has a', 'a', { locker: 'A' });
    scene.claim('B has b', 'b', { locker: 'B' });
    scene.claim('C has c', 'c', { locker: 'C' });
    scene.claim('B wants a', 'a', { locker: 'B', holding: ['B has b'] });
    scene.claim('C wants a', 'a', { locker: 'C', holding: ['C has c'] });
    assert.deepEqual(
      scene.claim('A wants b and c', ['b', 'c'], { locker: 'A', holding: ['A has a'], priority: 0 }),
      ['denied A wants b and c deadlock'],
    );
    assert.deepEqual(scene.update('B wants a', { priority: -1 }), ['queued B wants a repeated']);
    const outcome = scene.claim('A wants both', ['b', 'c'], {
      locker: 'A',
      holding: ['A has a'],
      priority: 1,
      preempt: false,
    });
    assert.deepEqual(outcome, [
      'denied B wants a deadlock',
      'denied C wants a deadlock',
      'queued A wants both',
    ]);
  });

  it('finds a circle through the claim that keeps more than one thing', () => {
    const scene = open();
    scene.claim('A has a', 'a', { locker: 'A' });
    scene.claim('A has x', 'x', { locker: 'A' });
    scene.claim('B has b', 'b', { locker: 'B' });
    scene.claim('A wants b', 'b', { locker: 'A', holding: ['A has a', 'A has x'] });
    assert.deepEqual(scene.claim('B wants x', 'x', { locker: 'B', holding: ['B has b'] }), [
      'denied B wants x deadlock',
    ]);
  });

  it('finds a circle that closes when a lower priority takes the way out', () => {
    const scene = open();
    scene.claim('A has a', 'a', { locker: 'A' });
    scene.claim('B has b', 'b', { locker: 'B' });
    scene.claim('A wants b', 'b', { locker: 'A', holding: ['A has a'] });
    scene.claim('C has c', 'c', { locker: 'C', priority: 9 });
    scene.claim('B wants', ['a', 'c'], { locker: 'B', holding: ['B has b'], priority: 1 });
    assert.equal(scene.see('B wants').state, 'waiting');
    assert.deepEqual(scene.update('A has a', { priority: 1 }), [
      'denied A wants b deadlock',
      'granted A has a repeated',
    ]);
  });

  it('has no circle once what is kept has ended', () => {
    const scene = open();
    scene.claim('A has a', 'a', { locker: 'A' });
    scene.claim('B has b', 'b', { locker: 'B' });
    scene.claim('A wants b', 'b', { locker: 'A', holding: ['A has a'] });
    scene.release('A has a');
    scene.claim('C has a', 'a', { locker: 'C' });
    assert.deepEqual(scene.claim('B wants a', 'a', { locker: 'B', holding: ['B has b'] }), [
      'queued B wants a',
    ]);
  });

  it('leaves a circle alone one of whose waits is over now', () => {
    const { scene, outcome } = cross(open, {}, { timeout: 0 });
    assert.deepEqual(outcome, ['denied B wants a timeout by A has a']);
    assert.equal(scene.see('A wants b').state, 'waiting');
  });
});
