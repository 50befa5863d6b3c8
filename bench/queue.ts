// Many who wait with priorities: to enqueue them, and to hand over from one to the next; against p-queue.
import createAcquire from '@priority-redlock/node-red';
import PQueue from 'p-queue';
import { medians, type Row, ratioRow, timed } from './measure';

const ROUNDS = 9;
const WAITERS = 10_000;
const GROWTH_ROUNDS = 5;
const LEVELS = 100;

/** The time per waiter is to stay flat but for the few more levels of a heap of a hundred times the size. */
const MOST_GROWTH = 3;

export async function benchQueue(): Promise<readonly Row[]> {
  const [ours = 0, peer = 0] = await medians(
    ROUNDS,
    () => handOver(WAITERS),
    () => runQueue(WAITERS),
  );
  return [
    ratioRow(
      'enqueue + hand-over, 10,000 waiters',
      { us: (ours * 1_000) / WAITERS },
      { us: (peer * 1_000) / WAITERS, name: 'p-queue' },
      0.7,
    ),
    growthRow(await growth(handOver), await growth(resolvePromises)),
  ];
}

/** How many times as long one of 100,000 takes as one of 1,000. */
async function growth(round: (waiters: number) => Promise<number>): Promise<number> {
  const [few = 0, many = 0] = await medians(
    GROWTH_ROUNDS,
    async () => {
      let ms = 0;
      for (let n = 0; n < 100; n++) ms += await round(1_000);
      return ms;
    },
    () => round(100_000),
  );
  return many / few;
}

/** Bare promises are shown to tell how much of it is theirs: the caches and the collector see them, too. */
function growthRow(ours: number, bare: number): Row {
  return {
    what: '100,000 waiters, growth over 1,000',
    ours: `${ours.toFixed(1)} ×`,
    peer: `bare promises ${bare.toFixed(1)} ×`,
    result: `${ours.toFixed(1)} ×`,
    budget: `at most ${MOST_GROWTH} ×`,
    isKept: ours <= MOST_GROWTH,
  };
}

function handOver(waiters: number): Promise<number> {
  const acquire = createAcquire();
  return timed(async () => {
    const holder = await acquire('lights', 'holder', { priority: LEVELS });
    const waiting: Promise<unknown>[] = [];
    for (let n = 0; n < waiters; n++) {
      const lock = acquire('lights', `waiter ${n}`, { priority: priorityOf(n) });
      waiting.push(lock.then((held) => held.release()));
    }
    await holder.release();
    await Promise.all(waiting);
  });
}

function runQueue(waiters: number): Promise<number> {
  return timed(async () => {
    const queue = new PQueue({ concurrency: 1, autoStart: false });
    const waiting: Promise<unknown>[] = [];
    for (let n = 0; n < waiters; n++) {
      waiting.push(queue.add(async () => undefined, { priority: priorityOf(n) }));
    }
    queue.start();
    await Promise.all(waiting);
  });
}

/** The least that a hand-over takes: the next promise is resolved when the one before has been heard of. */
function resolvePromises(waiters: number): Promise<number> {
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
