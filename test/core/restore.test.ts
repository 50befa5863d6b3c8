// A table that is given the claims of another behaves as that one would have.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type ClaimView, type LockEvent, LockTable, type Now, type RestoredClaim } from '../../src/core';
import { claimsOf, innerSteps, resourcesOf } from '../support/core-compare';
import { outcomes } from '../support/core-event-lines';
import { holds, seed } from '../support/core-fast-check';
import { history, play } from '../support/core-histories';
import type { Table } from '../support/core-table';

const STEPS = 40;
const NOW = { monotonic: 100, wall: 1_000 };

describe(`restoring a lock table (FC_SEED=${seed})`, function () {
  this.timeout(600_000);

  it('goes on as the one before would have, from any point of a random history', () => {
    holds(
      fc.property(history(STEPS), fc.nat(STEPS - 1), fc.boolean(), (steps, cut, backwards) => {
        const table = new LockTable();
        let copy: LockTable | undefined;
        let monotonic = 0;
        let left = cut;
        for (const { command, now, events } of play(table, steps)) {
          monotonic = Math.max(monotonic, now.monotonic);
          if (copy) assert.deepEqual(unordered(copy.apply(command, now)), unordered(events));
          else if (left-- === 0) copy = rebuilt(table, { ...now, monotonic }, backwards);
          if (copy) assert.deepEqual(lasting(copy), lasting(table));
        }
      }),
    );
  });

  it('gives holds back with their tokens, and nothing for free', () => {
    const table = new LockTable({ tokenFloor: 500 });
    const events = table.restore([held('a', ['lights', 'blinds'], [7, 900])], NOW);
    assert.deepEqual(outcomes(events), []);
    assert.deepEqual(table.claim('a')?.tokens, [7, 900]);
    assert.equal(table.resource('lights')?.token, 7);
    assert.equal(table.resource('lights')?.since, 33);
    assert.equal(table.lastToken, 900);
  });

  it('takes the time of the restart for the beginning of a hold that has lost it', () => {
    const table = new LockTable();
    const { since: _, ...claim } = held('a', ['lights'], [7]);
    table.restore([claim], NOW);
    assert.equal(table.resource('lights')?.since, 1_000);
  });

  it('makes a claim wait whose resource is with another locker by now', () => {
    const table = new LockTable();
    const claims = [held('a', ['lights'], [7]), { ...held('b', ['lights', 'blinds'], [5, 5]), order: 2 }];
    assert.deepEqual(outcomes(table.restore(claims, NOW)), []);
    assert.equal(table.claim('b')?.state, 'waiting');
    assert.equal(table.resource('blinds')?.state, 'free');
  });

  it('makes a claim wait of which one hold has no token, and grants it when it can be had', () => {
    for (const tokens of [[5], [], undefined]) {
      const table = new LockTable();
      const { tokens: _, ...claim } = held('a', ['lights', 'blinds'], []);
      const events = table.restore([{ ...claim, ...(tokens && { tokens }) }], NOW);
      assert.deepEqual(outcomes(events), ['granted a regained']);
      assert.deepEqual(table.claim('a')?.tokens, [1_000, 1_000]);
    }
  });

  it('counts the lease of a once claim anew that waits again', () => {
    const table = new LockTable();
    const claims = [
      held('a', ['lights'], [7]),
      { ...held('once', ['lights'], [5]), order: 2, ttl: 50, expires: 130 },
      { ...held('standing', ['lights'], [5]), order: 3, ttl: 50, expires: 130, standing: true },
    ];
    table.restore(claims, NOW);
    assert.equal(table.claim('once')?.expires, Infinity);
    assert.equal(table.claim('standing')?.expires, 130);
  });

  it('keeps seniority, waits and leases of those who wait', () => {
    const table = new LockTable();
    const waiting = (id: string, order: number): RestoredClaim => ({ ...bare(id, ['lights']), order });
    const claims = [
      held('a', ['lights'], [7]),
      waiting('younger', 9),
      { ...waiting('older', 4), waitUntil: 150 },
    ];
    table.restore(claims, NOW);
    assert.deepEqual(
      table.resource('lights')?.waiting.map(({ id }) => id),
      ['older', 'younger'],
    );
    assert.equal(table.nextDeadline(), 150);
    assert.deepEqual(
      outcomes(table.apply({ type: 'claim', id: 'new', resources: ['lights'], locker: 'n' }, NOW)),
      ['queued new'],
    );
    assert.ok((table.claim('new')?.order ?? 0) > 9, 'who comes later is younger than all that came before');
  });

  it('ends at once what was due meanwhile', () => {
    const table = new LockTable();
    const events = table.restore([{ ...held('a', ['lights'], [7]), expires: 90 }], NOW);
    assert.deepEqual(outcomes(events), ['lost a expired']);
  });

  it('goes on with a revocation, also one whose cause is forgotten', () => {
    const table = new LockTable();
    table.restore([{ ...held('a', ['lights'], [7]), until: 120 }], NOW);
    assert.equal(table.resource('lights')?.state, 'revoking');
    const events = table.apply({ type: 'tick' }, { monotonic: 120, wall: 0 });
    assert.deepEqual(events[0], { type: 'lost', id: 'a', reason: 'preempted', by: { locker: '' } });
  });

  it('tells of every resource that it got', () => {
    const table = new LockTable();
    const events = table.restore(
      [held('a', ['lights'], [7]), { ...bare('b', ['blinds', 'lights']), order: 2 }],
      NOW,
    );
    assert.deepEqual(
      events.map((event) => (event.type === 'changed' ? event.resource : event)),
      ['lights', 'blinds'],
    );
  });

  it('adds to what is there, each in the place that it had', () => {
    const table = new LockTable();
    table.restore([held('a', ['lights'], [7]), { ...bare('young', ['lights']), order: 5 }], NOW);
    assert.deepEqual(outcomes(table.restore([{ ...bare('old', ['lights']), order: 3 }], NOW)), []);
    assert.deepEqual(outcomes(table.apply({ type: 'release', id: 'a' }, NOW)), ['released a', 'granted old']);
  });

  it('throws at a claim that is alive', () => {
    const table = new LockTable();
    table.restore([held('a', ['lights'], [7])], NOW);
    assert.throws(() => table.restore([held('a', ['blinds'], [7])], NOW), /alive/);
  });
});

function bare(id: string, resources: readonly string[]): RestoredClaim {
  return {
    id,
    resources,
    locker: id,
    priority: 0,
    standing: false,
    ttl: Infinity,
    order: 1,
    expires: Infinity,
  };
}

function held(id: string, resources: readonly string[], tokens: readonly number[]): RestoredClaim {
  return { ...bare(id, resources), tokens, since: resources.map(() => 33), grantedBefore: true };
}

/** A new table with the claims of another. */
function rebuilt(table: LockTable, now: Now, backwards: boolean): LockTable {
  const claims = claimsOf(table).map((claim) => remembered(table, claim));
  const copy = new LockTable({ tokenFloor: table.lastToken });
  const events = copy.restore(backwards ? claims.reverse() : claims, now);
  assert.deepEqual(outcomes(events), [], 'nothing is granted or lost by a restart alone');
  return copy;
}

/** What is needed of a claim to give it to another table. */
function remembered(table: Table, claim: ClaimView): RestoredClaim {
  return { ...claim, since: claim.resources.map((name) => table.resource(name)?.since ?? 0) };
}

/** What is seen after a restart as before: all but which of a hold's claims was granted first, and counts. */
function lasting(table: Table): unknown {
  return {
    deadline: table.nextDeadline(),
    lastToken: table.lastToken,
    claims: claimsOf(table).map(({ written: _, order: __, ...claim }) => claim),
    resources: resourcesOf(table).map(({ claims, ...view }) => ({
      ...view,
      claims: [...claims].sort(),
    })),
  };
}

/** The events of each inner step by name, without what only the order of the grants before the restart decides. */
function unordered(events: readonly LockEvent[]): string[][] {
  return innerSteps(events).map((step) => step.map(lastingEvent).sort());
}

function lastingEvent(event: LockEvent): string {
  if (event.type === 'denied') return JSON.stringify({ ...event, by: undefined });
  if (event.type === 'granted' && event.repeated) return JSON.stringify({ ...event, regained: undefined });
  return JSON.stringify(event);
}
