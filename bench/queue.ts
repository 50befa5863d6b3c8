// Many who wait with priorities: to enqueue them, and to hand over from one to the next; against p-queue.
import createAcquire, { type Lock } from '@priority-redlock/node-red';
import PQueue from 'p-queue';
import { medians, type Row, ratioRow, timed } from './measure';

const ROUNDS = 21;
const WAITERS = 10_000;
const GROWTH_ROUNDS = 5;
/** The peer's long queue takes seconds. */
const PEER_GROWTH_ROUNDS = 3;
const LEVELS = 100;

/** Both have the same number of waiters, so that memory and caches see the same of both. */
const ONE_LONG: Shape = { queues: 1, waiters: 100_000 };
const MANY_SHORT: Shape = { queues: 100, waiters: 1_000 };

/** A heap of a hundred times the size has 1.67 times as many levels. */
const MOST_GROWTH = 2;

/** So many queues, each with so many who wait. */
interface Shape {
  readonly queues: number;
  readonly waiters: number;
}

export async function benchQueue(): Promise<readonly Row[]> {
  const [ours = 0, peer = 0] = await medians(
    ROUNDS,
    () => handOver({ queues: 1, waiters: WAITERS }),
    () => runQueues({ queues: 1, waiters: WAITERS }),
  );
  return [
    ratioRow(
      'enqueue + hand-over, 10,000 waiters',
      { us: (ours * 1_000) / WAITERS },
      { us: (peer * 1_000) / WAITERS, name: 'p-queue' },
      0.7,
    ),
    growthRow(await growth(handOver, GROWTH_ROUNDS), await growth(runQueues, PEER_GROWTH_ROUNDS)),
    rawGrowthRow(await rawGrowth(handOver), await rawGrowth(resolvePromises)),
  ];
}

/** How many times as long a waiter takes in a long queue as in a short one, among as many waiters in all. */
async function growth(round: (shape: Shape) => Promise<number>, rounds: number): Promise<number> {
  const [short = 0, long = 0] = await medians(
    rounds,
    () => round(MANY_SHORT),
    () => round(ONE_LONG),
  );
  return long / short;
}

function growthRow(ours: number, peer: number): Row {
  return {
    what: '100,000 in one queue over 100 × 1,000',
    ours: `${ours.toFixed(2)} ×`,
    peer: `p-queue ${peer.toFixed(2)} ×`,
    result: `${ours.toFixed(2)} ×`,
    budget: `at most ${MOST_GROWTH} ×`,
    isKept: ours <= MOST_GROWTH,
  };
}

/** How many times as long a waiter takes among 100,000 as one among 1,000, when there are no others. */
async function rawGrowth(round: (shape: Shape) => Promise<number>): Promise<number> {
  const [few = 0, many = 0] = await medians(
    GROWTH_ROUNDS,
    async () => {
      let ms = 0;
      for (let n = 0; n < MANY_SHORT.queues; n++) ms += await round({ queues: 1, waiters: 1_000 });
      return ms;
    },
    () => round(ONE_LONG),
  );
  return many / few;
}

/** Bare promises are shown to tell how much of it is theirs: the caches and the collector see them, too. */
function rawGrowthRow(ours: number, bare: number): Row {
  return {
    what: '100,000 waiters over 1,000 alone',
    ours: `${ours.toFixed(1)} ×`,
    peer: `bare promises ${bare.toFixed(1)} ×`,
    result: `${ours.toFixed(1)} ×`,
    budget: 'none',
    isKept: undefined,
  };
}

function handOver({ queues, waiters }: Shape): Promise<number> {
  const acquire = createAcquire();
  return timed(async () => {
    const holders: Lock[] = [];
    for (let q = 0; q < queues; q++) {
      holders.push(await acquire(`lights ${q}`, 'holder', { priority: LEVELS }));
    }
    const waiting: Promise<unknown>[] = [];
    for (let n = 0; n < waiters; n++) {
      for (let q = 0; q < queues; q++) {
        const lock = acquire(`lights ${q}`, `waiter ${n}`, { priority: priorityOf(n) });
        waiting.push(lock.then((held) => held.release()));
      }
    }
    for (const holder of holders) await holder.release();
    await Promise.all(waiting);
  });
}

function runQueues({ queues, waiters }: Shape): Promise<number> {
  return timed(async () => {
    const all = Array.from({ length: queues }, () => new PQueue({ concurrency: 1, autoStart: false }));
    const waiting: Promise<unknown>[] = [];
    for (let n = 0; n < waiters; n++) {
      for (const queue of all) waiting.push(queue.add(async () => undefined, { priority: priorityOf(n) }));
    }
    for (const queue of all) queue.start();
    await Promise.all(waiting);
  });
}

/** The least that a hand-over takes: the next promise is resolved when the one before has been heard of. */
function resolvePromises({ waiters }: Shape): Promise<number> {
  return timed(async () => {
    const resolves: (() => void)[] = [];
    const waiting: Promise<unknown>[] = [];
    for (let n = 0; n < waiters; n++) {
      const turn = new Promise<void>((resolve) => resolves.push(resolve));
      waiting.push(turn.then(() => resolves[n + 1]?.()));
    }
    resolves[0]?.();
    await Promise.all(waiting);
  });
}

/** All levels, in no order. */
function priorityOf(n: number): number {
  return (n * 7_919) % LEVELS;
}
