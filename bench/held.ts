// A million resources held: what an operation takes meanwhile, and what each lock weighs; and what a million leases
// that have come and gone leave behind.
import createAcquire, { type Acquire, type Lock } from '@priority-redlock/node-red';
import { LiveTimers } from './live-timers';
import { amountRow, medians, type Row, ratioRow, settledHeap, timed } from './measure';

const ROUNDS = 21;
const OPERATIONS = 20_000;
const MILLION = 1_000_000;

export async function benchHeld(): Promise<readonly Row[]> {
  const few = createAcquire();
  const kept = await hold(few, 1_000);
  const names = Array.from({ length: MILLION }, (_, n) => `resource ${n}`);
  const before = settledHeap();
  const many = createAcquire();
  const locks = new Array<Lock>(MILLION);
  for (const [n, name] of names.entries()) locks[n] = await many(name, 'me');
  const bytes = (settledHeap() - before) / MILLION;
  const [fewMs = 0, manyMs = 0] = await medians(
    ROUNDS,
    () => passBy(few),
    () => passBy(many),
  );
  const us = (ms: number) => ({ us: (ms * 1_000) / OPERATIONS });
  const row = ratioRow(
    'acquire + release, 1,000,000 held',
    us(manyMs),
    { ...us(fewMs), name: `${kept.length.toLocaleString('en')} held` },
    1.5,
  );
  await Promise.all(locks.map((lock) => lock.release()));
  return [row, amountRow('weight of a lock, 1,000,000 held', bytes, 600, 'bytes')];
}

async function hold(acquire: Acquire, count: number): Promise<readonly Lock[]> {
  const locks: Lock[] = [];
  for (let n = 0; n < count; n++) locks.push(await acquire(`resource ${n}`, 'me'));
  return locks;
}

/** Other resources come and go. */
function passBy(acquire: Acquire): Promise<number> {
  return timed(async () => {
    for (let n = 0; n < OPERATIONS; n++) await (await acquire(`other ${n % 1_000}`, 'me')).release();
  });
}

export async function benchLeft(): Promise<readonly Row[]> {
  const timers = new LiveTimers();
  timers.start();
  try {
    return await lookForLeftovers(timers);
  } finally {
    timers.stop();
  }
}

async function lookForLeftovers(timers: LiveTimers): Promise<readonly Row[]> {
  const acquire = createAcquire();
  const cycle = async (operations: number) => {
    for (let n = 0; n < operations; n++) {
      await (await acquire(`resource ${n % 5_000}`, 'me', { ttl: 60_000 })).release();
    }
  };
  await cycle(20_000);
  const before = settledHeap();
  await cycle(MILLION);
  const leftKiB = (settledHeap() - before) / 1_024;
  return [
    amountRow('timers left after 1,000,000 with a ttl', timers.count, 0, 'timers'),
    amountRow('memory left after 1,000,000 with a ttl', Math.max(0, leftKiB), MOST_LEFT_KIB, 'KiB'),
  ];
}

/** Less than a thousandth of a lock each: what the engine itself keeps for code that has run hot. */
const MOST_LEFT_KIB = 256;
