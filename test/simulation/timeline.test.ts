import assert from 'node:assert/strict';
import { Timeline } from './timeline';

describe('simulated time', () => {
  it('lets every promise go on as far as it can before the next step', async () => {
    const timeline = new Timeline();
    const seen: string[] = [];
    const deep = async (depth: number): Promise<void> => {
      if (depth === 0) seen.push(`deep at ${timeline.time}`);
      else await deep(depth - 1);
    };
    timeline.setTimer(10, () => void deep(1_000));
    timeline.setTimer(10, () => seen.push('next'));
    timeline.afterStep = () => seen.push('checked');
    await timeline.run(20);
    assert.deepEqual(seen, ['checked', 'deep at 10', 'checked', 'next', 'checked']);
    assert.equal(timeline.time, 20);
  });

  it('does not go beyond what was asked for, and goes on from there', async () => {
    const timeline = new Timeline();
    const seen: number[] = [];
    const again = () => {
      seen.push(timeline.time);
      timeline.setTimer(4, again);
    };
    again();
    await timeline.run(9);
    assert.deepEqual(seen, [0, 4, 8]);
    await timeline.run(12);
    assert.deepEqual(seen, [0, 4, 8, 12]);
  });

  it('stops at what throws', async () => {
    const timeline = new Timeline();
    timeline.setTimer(1, () => {
      throw new Error('broken');
    });
    await assert.rejects(timeline.run(2), /broken/);
  });
});
