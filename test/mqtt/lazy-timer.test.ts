import assert from 'node:assert/strict';
import { LazyTimer } from '../../src/mqtt/lazy-timer';
import { HandClock } from '../support/hand-clock';

function make() {
  const clock = new HandClock();
  const calls: number[] = [];
  const timer = new LazyTimer(clock, () => calls.push(clock.monotonic));
  return { clock, calls, timer };
}

describe('a timer that is put off again and again', () => {
  it('comes once, at the moment that was set last', async () => {
    const { clock, calls, timer } = make();
    timer.set(0, 100);
    await clock.advance(60);
    timer.set(60, 100);
    assert.equal(clock.timers, 1);
    await clock.advance(1_000);
    assert.deepEqual([calls, timer.isSet, clock.timers], [[160], false, 0]);
  });

  it('comes earlier when that is wanted', async () => {
    const { clock, calls, timer } = make();
    timer.set(0, 100);
    timer.set(0, 20);
    assert.equal(clock.timers, 1);
    await clock.advance(1_000);
    assert.deepEqual(calls, [20]);
  });

  it('does not come when nothing is due any more, and can be set again then', async () => {
    const { clock, calls, timer } = make();
    timer.set(0, 100);
    timer.clear();
    assert.equal(timer.isSet, false);
    timer.set(0, 150);
    timer.clear();
    await clock.advance(100);
    assert.deepEqual([calls, clock.timers], [[], 0]);
    timer.set(100, 50);
    await clock.advance(50);
    assert.deepEqual(calls, [150]);
  });

  it('may be set again by what it calls', async () => {
    const clock = new HandClock();
    let calls = 0;
    const timer = new LazyTimer(clock, () => {
      if (++calls < 3) timer.set(clock.monotonic, 10);
    });
    timer.set(0, 10);
    await clock.advance(100);
    assert.deepEqual([calls, clock.timers], [3, 0]);
  });

  it('leaves nothing behind when it is stopped', async () => {
    const { clock, calls, timer } = make();
    timer.set(0, 100);
    timer.stop();
    assert.equal(clock.timers, 0);
    await clock.advance(200);
    assert.deepEqual(calls, []);
    timer.set(200, 10);
    await clock.advance(10);
    assert.deepEqual(calls, [210]);
  });
});
