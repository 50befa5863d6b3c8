import assert from 'node:assert/strict';
import { Chance } from './chance';
import { Machine } from './machine';
import { Timeline } from './timeline';

describe('a simulated process', () => {
  let timeline: Timeline;
  let machine: Machine;
  let seen: string[];

  beforeEach(() => {
    timeline = new Timeline();
    machine = new Machine({ timeline, chance: new Chance(1), rate: 1.02, wall: 1_000_000 });
    seen = [];
  });

  const note = (what: string) => () => seen.push(`${what} at ${timeline.time.toFixed(0)}`);

  it('has a clock with a rate of its own, and timers that are never early by it', async () => {
    machine.setTimer(1_020, () => {
      note('timer')();
      assert.ok(machine.now().monotonic >= 1_020);
    });
    await timeline.run(2_000);
    assert.deepEqual(seen, ['timer at 1000']);
    assert.equal(Math.round(machine.now().monotonic), 2_040);
    assert.equal(machine.now().wall, 1_002_040);
  });

  it('that is frozen finds everything piled up, and its clock run on', async () => {
    machine.setTimer(100, note('timer'));
    await timeline.run(50);
    machine.freeze();
    machine.run(note('message'));
    await timeline.run(5_000);
    assert.deepEqual(seen, []);
    assert.equal(Math.round(machine.now().monotonic), 5_100);
    machine.resume();
    await timeline.run(5_000);
    assert.deepEqual(seen.toSorted(), ['message at 5000', 'timer at 5000']);
  });

  it('that is suspended goes on with its monotonic clock where it was, but not with the wall clock', async () => {
    machine.setTimer(1_020, note('timer'));
    await timeline.run(500);
    machine.suspend();
    await timeline.run(10_000);
    assert.equal(Math.round(machine.now().monotonic), 510);
    assert.equal(machine.now().wall, 1_010_200);
    machine.resume();
    await timeline.run(20_000);
    assert.deepEqual(seen, ['timer at 10500']);
  });

  it('that is dead does nothing more', async () => {
    machine.setTimer(10, note('timer'));
    machine.freeze();
    machine.run(note('message'));
    machine.kill();
    machine.resume();
    await timeline.run(100);
    assert.deepEqual(seen, []);
  });

  it('has timers that can be cancelled, also while they pile up', async () => {
    const timer = machine.setTimer(10, note('timer'));
    machine.freeze();
    await timeline.run(100);
    machine.resume();
    timer.cancel();
    await timeline.run(200);
    assert.deepEqual(seen, []);
  });

  it('has a wall clock that somebody sets', () => {
    machine.jumpWall(-5_000);
    assert.equal(machine.now().wall, 995_000);
    assert.equal(machine.now().monotonic, 0);
  });
});
