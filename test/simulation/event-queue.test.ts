import assert from 'node:assert/strict';
import { Chance } from './chance';
import { EventQueue } from './event-queue';

describe('the queue of what is to happen', () => {
  it('gives everything in order of time, then of setting', () => {
    const chance = new Chance(7);
    const queue = new EventQueue();
    const times = Array.from({ length: 2_000 }, () => chance.integer(0, 300));
    for (const at of times) queue.add(at, () => undefined);
    const taken: { at: number; order: number }[] = [];
    for (let next = queue.take(Infinity); next !== undefined; next = queue.take(Infinity)) taken.push(next);
    const sorted = [...taken].sort((left, right) => left.at - right.at || left.order - right.order);
    assert.deepEqual(taken, sorted);
    assert.equal(taken.length, times.length);
  });

  it('gives nothing that is later than asked for', () => {
    const queue = new EventQueue();
    queue.add(5, () => undefined);
    assert.equal(queue.take(4), undefined);
    assert.equal(queue.take(5)?.at, 5);
  });

  it('forgets what is cancelled, also when it is much', () => {
    const queue = new EventQueue();
    const timers = Array.from({ length: 5_000 }, (_, at) => queue.add(at, () => undefined));
    for (const timer of timers.slice(0, 4_999)) timer.cancel();
    timers[0]?.cancel();
    assert.equal(queue.size, 1);
    assert.equal(queue.take(Infinity)?.at, 4_999);
    assert.equal(queue.take(Infinity), undefined);
  });
});
