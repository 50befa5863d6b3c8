// Runs one simulated history from its plan, and says whether the promise was kept.
import { Judge, Violation } from './judge';
import { FREE_STATE, makeMember } from './member-runtime';
import type { Plan } from './plan';
import { findFaults, findGarbage } from './quiet';
import type { MakeRuntime } from './runtime';
import { World } from './world';

export interface Outcome {
  /** What went wrong; `undefined` when all was well. */
  readonly violation: Violation | undefined;
  /** The last lines of what has happened. */
  readonly trace: readonly string[];
  /** Simulated ms. */
  readonly time: number;
  readonly steps: number;
  readonly grants: number;
  readonly takeovers: number;
  readonly overlaps: number;
  readonly faults: ReadonlyMap<string, number>;
}

const SESSION = 10_000;
const FAILOVER_DELAY = 5_000;
/** Jitter of the candidates, connecting again, and a few round trips. */
const ROUND_TRIPS = 5_000;
/** What is on its way, and leases that run out just now, may make it look wrong for a moment. */
const LOOKS = 4;
const BETWEEN_LOOKS = 2_500;
const TRACE_LINES = 400;

export interface SimulateOptions {
  readonly makeRuntime?: MakeRuntime;
  /** Traces every message that is published. */
  readonly isVerbose?: boolean;
}

/** Ends with the first violation. */
export async function simulate(
  plan: Plan,
  { makeRuntime = makeMember, isVerbose = false }: SimulateOptions = {},
): Promise<Outcome> {
  let judge: Judge | undefined;
  const world = new World({
    ...{ plan, makeRuntime },
    witness: (made) => {
      judge = new Judge(made);
      return judge;
    },
  });
  if (judge === undefined) throw new Error('nobody judges');
  const judged: Judge = judge;
  const violation = await unlessRejected(() => run(world, judged, isVerbose));
  const { time, steps } = world.timeline;
  const { grants, overlaps, takeovers } = judged;
  return {
    ...{ violation, time, steps, grants, overlaps, takeovers, faults: world.faults },
    trace: world.trace.last(TRACE_LINES),
  };
}

/** A rejection that nobody handles is an error of its own, too; the event loop tells of it in its next turn. */
async function unlessRejected(judge: () => Promise<Violation | undefined>): Promise<Violation | undefined> {
  let rejection: Violation | undefined;
  const note = (error: unknown) => {
    rejection ??= new Violation('no error of its own', String(stackOf(error)));
  };
  process.on('unhandledRejection', note);
  try {
    const violation = await judge();
    await new Promise((resolve) => setImmediate(resolve));
    return violation ?? rejection;
  } finally {
    process.off('unhandledRejection', note);
  }
}

async function run(world: World, judge: Judge, isVerbose: boolean): Promise<Violation | undefined> {
  world.timeline.afterStep = () => judge.check();
  world.broker.onPublished = (published) => {
    const { by = 'a device', topic, payload } = published;
    if (isVerbose) world.trace.note('broker', `${by}: ${topic} ${payload}`);
    judge.published(published);
  };
  try {
    world.start();
    for (const round of world.plan.rounds) {
      await world.live(round.steps, round.length);
      await becomeQuiet(world, judge);
    }
    await sayGoodbye(world);
    return judge.violation;
  } catch (error) {
    return error instanceof Violation ? error : new Violation('no error of its own', String(stackOf(error)));
  }
}

/** After the last fault everything must come right in bounded time. */
async function becomeQuiet(world: World, judge: Judge): Promise<void> {
  const { timeline, plan } = world;
  const { keepalive, processes } = plan.shape;
  const slowest = Math.max(...processes.map(({ latency }) => latency[1]));
  // A connection that is dead without anybody having been told is a fault until that is noticed.
  // So is what was slowed down, until it has arrived.
  const late = Math.max(0, world.lateUntil - timeline.time);
  const bound = late + 1.5 * keepalive + SESSION + FAILOVER_DELAY + ROUND_TRIPS + 20 * slowest;
  await timeline.run(timeline.time + bound);
  await settle(world, () => findFaults(world, judge), 'everything comes right');
}

async function sayGoodbye(world: World): Promise<void> {
  const { timeline } = world;
  world.withdrawAll();
  await timeline.run(timeline.time + 2 * FREE_STATE + ROUND_TRIPS);
  await settle(
    world,
    () => findGarbage(world, /^locks\/(arbiter(\/term)?|session\/[^/]+)$/),
    'nothing is left',
  );
  world.stopAll();
  await timeline.run(timeline.time + ROUND_TRIPS + SESSION);
  await settle(world, () => findGarbage(world, /^locks\/arbiter(\/term)?$/), 'nobody leaves anything behind');
}

/** What is wrong only for a moment is on its way to be right. */
async function settle(
  { timeline, trace }: World,
  find: () => readonly string[],
  rule: string,
): Promise<void> {
  let wrong = find();
  for (let look = 1; look < LOOKS && wrong.length > 0; look++) {
    for (const what of wrong) trace.note('judge', what);
    await timeline.run(timeline.time + BETWEEN_LOOKS);
    const still = new Set(find());
    wrong = look === 1 ? [...still] : wrong.filter((what) => still.has(what));
  }
  if (wrong.length > 0) throw new Violation(rule, wrong.slice(0, 5).join('; '));
}

function stackOf(error: unknown): unknown {
  return error instanceof Error ? error.stack : error;
}
