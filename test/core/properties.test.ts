// Random histories: the lock table and its model answer the same, and the invariants hold after each step.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type LockEvent, LockTable } from '../../src/core';
import { compareTables, viewOf } from '../support/core-compare';
import { holds, seed } from '../support/core-fast-check';
import { type History, history, type Played, play } from '../support/core-histories';
import { checkInsulation, STRICT } from '../support/core-insulation';
import { type Table, tables } from '../support/core-table';
import { Invariants } from '../support/table-invariants';
import { TableModel } from '../support/table-model';

const STEPS = 40;

describe(`random histories of the lock table (FC_SEED=${seed})`, function () {
  this.timeout(600_000);

  it('answers and shows what the model does, step by step', () => {
    holds(fc.property(history(STEPS), (steps) => compareTables(steps, new LockTable(), new TableModel())));
  });

  for (const [name, create] of tables) {
    it(`keeps the invariants after each step (${name})`, () => {
      holds(
        fc.property(history(STEPS), (steps) => {
          const table = create();
          const invariants = new Invariants(table);
          for (const { command, now, events } of play(table, steps)) invariants.check(command, now, events);
        }),
      );
    });
  }

  it('gives the same events when a history is replayed', () => {
    holds(
      fc.property(history(STEPS), (steps) => {
        const [first, second] = [new LockTable(), new LockTable()];
        assert.deepEqual(eventsOf(first, steps), eventsOf(second, steps));
        assert.deepEqual(viewOf(first), viewOf(second));
      }),
      0.5,
    );
  });

  it('makes of late ticks what punctual ones would have made', () => {
    holds(
      fc.property(history(STEPS), (steps) => {
        const [late, punctual] = [new LockTable(), new LockTable()];
        const played = [...play(late, steps)];
        assert.deepEqual(
          punctualEvents(punctual, played),
          played.flatMap(({ events }) => events),
        );
        assert.deepEqual(viewOf(late), viewOf(punctual));
      }),
    );
  });

  it('changes nobody’s fate by a strictly lower claim', () => {
    holds(
      fc.property(history(STEPS, STRICT), fc.integer({ min: 0, max: 2 }), (steps, level) =>
        checkInsulation(steps, level, () => new LockTable()),
      ),
    );
  });
});

function eventsOf(table: Table, steps: History): LockEvent[] {
  return [...play(table, steps)].flatMap(({ events }) => events);
}

/** What the same commands come to with a tick at every deadline between them. */
function punctualEvents(table: Table, commands: readonly Played[]): LockEvent[] {
  let time = 0;
  return commands.flatMap(({ command, now }) => {
    time = Math.max(time, now.monotonic);
    return [...ticksBefore(table, time, now.wall), ...table.apply(command, now)];
  });
}

function ticksBefore(table: Table, time: number, wall: number): LockEvent[] {
  const events: LockEvent[] = [];
  for (let due = table.nextDeadline(); due < time; due = table.nextDeadline()) {
    events.push(...table.apply({ type: 'tick' }, { monotonic: due, wall: wall - (time - due) }));
  }
  return events;
}
