// Many who wait with priorities: to enqueue them, and to hand over from one to the next; against p-queue.
import createAcquire from '@priority-redlock/node-red';
import PQueue from 'p-queue';
import { medians, type Round, type Row, ratioRow, timed } from './measure';

const ROUNDS = 9;
const WAITERS = 10_000;
const LEVELS = 100;

export async function benchQueue(): Promise<readonly Row[]> {
  const [ours = 0, peer = 0] = await medians(
    ROUNDS,
    () => handOver(WAITERS),
    () => runQueue(WAITERS),
  );
  const perWaiter = (ms: number, waiters: number) => ({ us: (ms * 1_000) / waiters });
  const small: Round = async () => {
    let ms = 0;
    for (let n = 0; n < 100; n++) ms += await handOver(1_000);
    return ms;
  };
  const [few = 0, many = 0] = await medians(3, small, () => handOver(100_000));
  return [
    ratioRow(
      'enqueue + hand-over, 10,000 waiters',
      perWaiter(ours, WAITERS),
      { ...perWaiter(peer, WAITERS), name: 'p-queue' },
      0.7,
    ),
    ratioRow(
      'the same with 100,000, per waiter',
      perWaiter(many, 100_000),
      { ...perWaiter(few, 100_000), name: 'with 1,000' },
      MOST_GROWTH,
    ),
  ];
}

/** A heap of a hundred times the size is a few levels deeper, and no longer in the cache of the processor. */
const MOST_GROWTH = 3;

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

/** All levels, in no order. */
function priorityOf(n: number): number {
  return (n * 7_919) % LEVELS;
}
