// Random histories of commands over a small alphabet, so that claims meet often, and how one is played on a table.
import fc from 'fast-check';
import type { Command, ForceReleaseCommand, LockEvent, Now } from '../../src/core';
import type { Table } from './core-table';

/** A command as it is written in a history: the operator of a forced release looks at the table first. */
export type Wish = Exclude<Command, ForceReleaseCommand> | ForceWish;

interface ForceWish {
  readonly type: 'forceRelease';
  readonly resource: string;
  /** The operator looked before the present hold began. */
  readonly stale: boolean;
}

export interface HistoryStep {
  readonly wish: Wish;
  /** Monotonic ms since the step before; below 0 the clock goes backwards. */
  readonly after: number;
  /** How far the wall clock is set forward, in ms; below 0 it is set back. */
  readonly jump: number;
}

export type History = readonly HistoryStep[];

/** What a history is made of; `never` a feature keeps it out. */
export interface Flavour {
  readonly grace?: 'never';
  readonly polite?: 'never';
  readonly holding?: 'never';
  readonly reprioritize?: 'never';
  /** No step brings a clock that goes backwards, and no wall clock is set. */
  readonly oddClocks?: 'never';
}

const RESOURCES = ['r1', 'r2', 'r3'];
const LOCKERS = ['A', 'B', 'C', 'D'];
const SESSIONS = ['s1', 's2'];
const IDS = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8', 'c9'];
const START: Now = { monotonic: 1_000, wall: 50_000 };
const BEYOND_TIMERS = 2 ** 31 + 7;

const id = fc.constantFrom(...IDS);
const priority = fc.integer({ min: -1, max: 2 });
const value = fc.constantFrom('on', 'off', null, 7);
const ttl = often(Infinity, 1, 3, 5, 10, 20, BEYOND_TIMERS);
const someResources = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...RESOURCES).map((name) => [name]) },
  { weight: 2, arbitrary: fc.shuffledSubarray(RESOURCES, { minLength: 2 }) },
);

/** One value half of the time, each of the others as often as the rest. */
function often<T>(usual: T, ...others: T[]): fc.Arbitrary<T> {
  return fc.oneof(fc.constant(usual), fc.constantFrom(...others));
}

function unless<T>(never: 'never' | undefined, usual: T, otherwise: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return never ? fc.constant(usual) : otherwise;
}

function claimWish(flavour: Flavour): fc.Arbitrary<Wish> {
  return fc.record({
    type: fc.constant('claim' as const),
    id,
    resources: someResources,
    locker: fc.constantFrom(...LOCKERS),
    session: often<string | undefined>(undefined, ...SESSIONS),
    priority,
    value: often<string | number | null | undefined>(undefined, 'on', 'off', null, 7),
    ttl,
    timeout: often(Infinity, 0, 2, 5, 10),
    grace: unless(flavour.grace, 0, often(0, 2, 5)),
    handover: unless(flavour.grace, 0, often(0, 0, 3, Infinity)),
    preempt: unless(flavour.polite, true, often(true, true, false)),
    standing: fc.boolean(),
    holding: unless<readonly string[]>(
      flavour.holding,
      [],
      often<readonly string[]>([], ...IDS.map((one) => [one])),
    ),
  });
}

function updateWish(flavour: Flavour): fc.Arbitrary<Wish> {
  const change = fc.record({
    priority: unless<number | undefined>(
      flavour.reprioritize,
      undefined,
      fc.option(priority, { nil: undefined }),
    ),
    value: fc.option(value, { nil: undefined }),
    renewal: fc.constantFrom({}, { renew: true }, { renew: true, ttl: 4 }, { renew: true, ttl: Infinity }),
  });
  return fc
    .tuple(id, change)
    .map(([one, { renewal, ...rest }]) => ({ type: 'update' as const, id: one, ...rest, ...renewal }));
}

const releaseWish = id.map((one): Wish => ({ type: 'release', id: one }));
const yieldWish = id.map((one): Wish => ({ type: 'yield', id: one }));
const forceWish = fc
  .tuple(fc.constantFrom(...RESOURCES), often(false, true))
  .map(([resource, stale]): Wish => ({ type: 'forceRelease', resource, stale }));
const endSessionWish = fc.constantFrom(...SESSIONS).map((session): Wish => ({ type: 'endSession', session }));

function wish(flavour: Flavour): fc.Arbitrary<Wish> {
  return fc.oneof(
    { weight: 24, arbitrary: claimWish(flavour) },
    { weight: 7, arbitrary: releaseWish },
    { weight: 5, arbitrary: updateWish(flavour) },
    { weight: 3, arbitrary: yieldWish },
    { weight: 1, arbitrary: forceWish },
    { weight: 1, arbitrary: endSessionWish },
    { weight: 5, arbitrary: fc.constant<Wish>({ type: 'tick' }) },
  );
}

/** Histories of up to `steps` commands. */
export function history(steps: number, flavour: Flavour = {}): fc.Arbitrary<History> {
  const after = flavour.oddClocks
    ? fc.constantFrom(0, 0, 1, 2, 5, 30)
    : fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(0, 0, 1, 2, 5, 30) },
        fc.constantFrom(-3, BEYOND_TIMERS),
      );
  const jump = unless(
    flavour.oddClocks,
    0,
    fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.constantFrom(-40_000, 0.5, 1e6)),
  );
  const step = fc.record({ wish: wish(flavour), after, jump });
  return fc.array(step, { minLength: 1, maxLength: steps, size: 'max' });
}

/** The time of each step of a history. */
function timesOf(steps: History): Now[] {
  let { monotonic, wall } = START;
  return steps.map(({ after, jump }) => {
    monotonic += after;
    wall += after + jump;
    return { monotonic, wall };
  });
}

/** What one step of a history came to on a table. */
export interface Played {
  readonly command: Command;
  readonly now: Now;
  readonly events: readonly LockEvent[];
}

/** Plays a history on a table, a step at a time. */
export function* play(table: Table, steps: History): Generator<Played, void, undefined> {
  const times = timesOf(steps);
  for (const [i, { wish: wished }] of steps.entries()) {
    const now = times[i] ?? START;
    const command = commandFor(table, wished);
    yield { command, now, events: table.apply(command, now) };
  }
}

/** The command that a table is given for a wish. */
function commandFor(table: Table, wished: Wish): Command {
  if (wished.type !== 'forceRelease') return wished;
  const token = (table.resource(wished.resource)?.token ?? 0) - (wished.stale ? 1 : 0);
  return { type: 'forceRelease', resource: wished.resource, token, by: 'operator' };
}

/** The same history in which every claim has an id of its own, and the rest means the latest claim of that name. */
export function withNewIds(steps: History): History {
  const latest = new Map<string, string>();
  return steps.map((step, i) => {
    const { wish: wished } = step;
    if (!('id' in wished)) return step;
    if (wished.type === 'claim') latest.set(wished.id, `${wished.id}.${i}`);
    return { ...step, wish: { ...wished, id: latest.get(wished.id) ?? wished.id } };
  });
}
