// How the rows of the bench are measured: both sides in turn, so that what else the machine does hits both; medians.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly ours: string;
  readonly peer: string;
  /** What counts: a ratio, or an amount. */
  readonly result: string;
  readonly budget: string;
  /** `undefined`: it is shown without a limit. */
  readonly isKept: boolean | undefined;
}

/** What one round of something takes, in ms. */
export type Round = () => Promise<number>;

/** Runs the rounds of all in turn, and gives back the median of each. */
export async function medians(rounds: number, ...subjects: readonly Round[]): Promise<number[]> {
  const times: number[][] = subjects.map(() => []);
  for (const subject of subjects) await subject();
  for (let round = 0; round < rounds; round++) {
    for (const [index, subject] of subjects.entries()) times[index]?.push(await subject());
  }
  return times.map(median);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** Times one call. */
export async function timed(work: () => Promise<unknown> | unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** A row that holds one time to a multiple of another. */
export function ratioRow(
  what: string,
  ours: { readonly us: number },
  peer: { readonly us: number; readonly name: string },
  most: number,
): Row {
  const ratio = ours.us / peer.us;
  return {
    what,
    ours: `${ours.us.toFixed(2)} µs`,
    peer: `${peer.name} ${peer.us.toFixed(2)} µs`,
    result: `${ratio.toFixed(2)} ×`,
    budget: `at most ${most} ×`,
    isKept: ratio <= most,
  };
}

/** A row that holds an amount to a limit. */
export function amountRow(what: string, amount: number, most: number, unit: string): Row {
  const shown = `${Number(amount.toFixed(1)).toLocaleString('en')} ${unit}`;
  return {
    what,
    ours: shown,
    peer: '',
    result: shown,
    budget: `at most ${most.toLocaleString('en')} ${unit}`,
    isKept: amount <= most,
  };
}

/** The same row, to be looked at only: what is measured there has no peer to be held to. */
export function withoutLimit(row: Row): Row {
  return { ...row, budget: 'none', isKept: undefined };
}

/** The heap in use after everything that can go has gone, in bytes. */
export function settledHeap(): number {
  for (let turn = 0; turn < 4; turn++) collect();
  return process.memoryUsage().heapUsed;
}

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');
