// What must be the same of two tables that were asked the same: their events and everything that can be seen of them.
import assert from 'node:assert/strict';
import type { ClaimView, LockEvent, ResourceView } from '../../src/core';
import { type History, play } from './core-histories';
import type { Table } from './core-table';

/**
 * Plays a history on both.
 * @throws {AssertionError} at the first step after which they answer or show something else.
 */
export function compareTables(steps: History, one: Table, other: Table): void {
  const played = play(other, steps);
  for (const { command, events } of play(one, steps)) {
    const expected = played.next().value;
    assert.deepEqual(command, expected?.command);
    assert.deepEqual(essence(events), essence(expected?.events ?? []));
    assert.deepEqual(viewOf(one), viewOf(other));
  }
}

/** Events without their wording: no `detail`, and the `changed` of one inner step, whose order is free, by name. */
function essence(events: readonly LockEvent[]): unknown[] {
  return innerSteps(events).flatMap((step) => [
    ...step.filter((event) => event.type !== 'changed').map(withoutWording),
    ...changedIn(step)
      .sort()
      .map((resource) => `changed ${resource}`),
  ]);
}

/** The events cut at the ends of inner steps: each ends with its `changed` events. */
export function innerSteps(events: readonly LockEvent[]): LockEvent[][] {
  const steps: LockEvent[][] = [];
  events.forEach((event, i) => {
    const begins = i === 0 || (events[i - 1]?.type === 'changed' && event.type !== 'changed');
    if (begins) steps.push([]);
    steps.at(-1)?.push(event);
  });
  return steps;
}

/** Names of the resources that changed, in the order told. */
export function changedIn(events: readonly LockEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'changed' ? [event.resource] : []));
}

function withoutWording(event: LockEvent): unknown {
  const { detail: _, ...rest } = { detail: undefined, ...event };
  return defined(rest);
}

/** Everything that can be seen of a table, in an order of its own. */
export function viewOf(table: Table): unknown {
  return {
    deadline: table.nextDeadline(),
    lastToken: table.lastToken,
    claims: claimsOf(table).map(({ written: _, ...claim }) => defined(claim)),
    resources: resourcesOf(table).map(defined),
  };
}

/** All live claims in order of arrival. */
export function claimsOf(table: Table): ClaimView[] {
  return [...table.claims()].sort((a, b) => a.order - b.order);
}

/** All resources with live claims, with every waiter, by name. */
export function resourcesOf(table: Table): ResourceView[] {
  return [...table.resources()].sort().map((name) => {
    const view = table.resource(name, Infinity);
    assert.ok(view, `a resource that is listed is there: ${name}`);
    return view;
  });
}

/** Without the fields that are there but undefined. */
function defined(view: object): object {
  return Object.fromEntries(Object.entries(view).filter(([, field]) => field !== undefined));
}
