import assert from 'node:assert/strict';
import { SystemClock, systemClock } from '../../src/protocol/system-clock';

const DAY = 86_400_000;

/** A machine whose clocks a test can turn one by one. */
class Machine {
  monotonic = 1_000;
  wall = Date.UTC(2026, 0, 1);
  uptime = 50;

  clock({ tellsUptime }: { tellsUptime: boolean }): SystemClock {
    return new SystemClock({
      monotonic: () => this.monotonic,
      wall: () => this.wall,
      uptime: tellsUptime ? () => this.uptime : undefined,
    });
  }

  run(ms: number): void {
    this.monotonic += ms;
    this.suspend(ms);
  }

  /** The monotonic source stands still. */
  suspend(ms: number): void {
    this.wall += ms;
    this.uptime += ms / 1_000;
  }
}

describe('the system clock', () => {
  for (const tellsUptime of [true, false]) {
    describe(tellsUptime ? 'where the machine tells its uptime' : 'where nothing tells the uptime', () => {
      it('goes with the machine', () => {
        const machine = new Machine();
        const clock = machine.clock({ tellsUptime });
        machine.run(5_000);
        assert.deepEqual(clock.now(), { monotonic: 6_000, wall: machine.wall });
      });

      it('goes on while the machine sleeps', () => {
        const machine = new Machine();
        const clock = machine.clock({ tellsUptime });
        for (const hours of [8, 10]) {
          const before = clock.now().monotonic;
          machine.run(5_000);
          machine.suspend(hours * 3_600_000);
          machine.run(5_000);
          assert.equal(Math.round(clock.now().monotonic - before), hours * 3_600_000 + 10_000);
        }
      });

      it('does not jump when the machine learns the date, or is set back', () => {
        const machine = new Machine();
        machine.wall = 0;
        const clock = machine.clock({ tellsUptime });
        for (const wall of [Date.UTC(2026, 0, 1), Date.UTC(2025, 0, 1), Date.UTC(2030, 0, 1)]) {
          machine.wall = wall;
          machine.run(100);
          assert.deepEqual(clock.now(), { monotonic: machine.monotonic, wall: wall + 100 });
        }
      });

      it('goes on between two looks at the wall clock', () => {
        const machine = new Machine();
        const clock = machine.clock({ tellsUptime });
        assert.equal(clock.now().wall, machine.wall);
        const { wall } = machine;
        machine.monotonic += 20.5;
        machine.wall = 5;
        assert.deepEqual(clock.now(), { monotonic: 1_020.5, wall: wall + 20 });
        machine.monotonic += 30;
        assert.equal(clock.now().wall, 5);
      });

      it('takes no notice of a wall clock that is only corrected', () => {
        const machine = new Machine();
        const clock = machine.clock({ tellsUptime });
        machine.wall += 1_500;
        assert.equal(clock.now().monotonic, 1_000);
      });
    });
  }

  it('believes the uptime, not the date, when that is set forward by some hours', () => {
    const machine = new Machine();
    const clock = machine.clock({ tellsUptime: true });
    machine.wall += 3 * 3_600_000;
    assert.equal(clock.now().monotonic, 1_000);
  });

  it('cannot tell a date that is set forward by some hours from sleep, without an uptime', () => {
    const machine = new Machine();
    const clock = machine.clock({ tellsUptime: false });
    machine.wall += 3 * 3_600_000;
    assert.equal(clock.now().monotonic, 1_000 + 3 * 3_600_000);
    machine.wall += 31 * DAY;
    assert.equal(clock.now().monotonic, 1_000 + 3 * 3_600_000);
  });

  it('of this machine goes on, and never back', () => {
    const first = systemClock.now();
    const second = systemClock.now();
    assert(second.monotonic >= first.monotonic);
    assert(Math.abs(second.wall - Date.now()) < 1_000);
  });

  describe('timers', () => {
    it('call back once, after their time', async () => {
      const start = systemClock.now().monotonic;
      await new Promise<void>((resolve) => systemClock.setTimer(20, resolve));
      assert(systemClock.now().monotonic - start >= 20);
    });

    it('can be cancelled, also twice and afterwards', async () => {
      const cancelled = systemClock.setTimer(5, () => assert.fail('it was cancelled'));
      cancelled.cancel();
      cancelled.cancel();
      const done = await new Promise<{ cancel(): void }>((resolve) => {
        const timer = systemClock.setTimer(15, () => resolve(timer));
      });
      done.cancel();
    });

    it('may have any length', async () => {
      const long = [2 ** 31, 2 ** 40, Number.MAX_VALUE, Infinity];
      const timers = long.map((ms) => systemClock.setTimer(ms, () => assert.fail(`${ms} ms are over`)));
      await new Promise<void>((resolve) => systemClock.setTimer(-5, resolve));
      for (const timer of timers) timer.cancel();
    });

    it('look again when they come too early, or the machine has slept', async () => {
      const machine = new Machine();
      const clock = machine.clock({ tellsUptime: false });
      let isOver = false;
      const over = new Promise<void>((resolve) => {
        clock.setTimer(1, () => {
          isOver = true;
          resolve();
        });
      });
      await new Promise<void>((resolve) => systemClock.setTimer(10, resolve));
      assert.equal(isOver, false);
      machine.suspend(60_000);
      machine.run(100);
      await over;
    });
  });
});
