// No claim's fate is changed by a strictly lower one: what happens to the higher claims of a history is the same without
// the lower ones, where no grace, politeness or circle lets these stand in the way.
import assert from 'node:assert/strict';
import { type Flavour, type History, type HistoryStep, play, withNewIds } from './core-histories';
import type { Table } from './core-table';

/** Histories of nothing that lets a lower claim stand in the way of a higher one. */
export const STRICT: Flavour = { grace: 'never', polite: 'never', holding: 'never', reprioritize: 'never' };

/** @throws {AssertionError} if a claim of at least that priority fares otherwise without the claims below. */
export function checkInsulation(steps: History, level: number, create: () => Table): void {
  const whole = withNewIds(steps);
  const ids = claimsFrom(whole, level);
  const without = whole.map((step) => ('id' in step.wish && !ids.has(step.wish.id) ? tick(step) : step));
  assert.deepEqual(fatesOf(create(), whole, ids), fatesOf(create(), without, ids));
}

/** The ids of the claims of at least that priority. */
function claimsFrom(steps: History, level: number): ReadonlySet<string> {
  const wishes = steps.map(({ wish }) => wish);
  const claims = wishes.filter((wish) => wish.type === 'claim' && (wish.priority ?? 0) >= level);
  return new Set(claims.flatMap((wish) => ('id' in wish ? [wish.id] : [])));
}

function tick(step: HistoryStep): HistoryStep {
  return { ...step, wish: { type: 'tick' } };
}

/** What became of those claims: all but tokens, which count the grants of others too, and who stood in the way. */
function fatesOf(table: Table, steps: History, ids: ReadonlySet<string>): unknown[] {
  return [...play(table, steps)]
    .flatMap(({ events }) => events)
    .filter((event) => 'id' in event && ids.has(event.id))
    .map((event) => ({ ...event, token: undefined, by: undefined }));
}
