// Runs every subject of the bench, or those that are named, and prints their rows with their budgets. Each has a process
// of its own: what one leaves in the heap, and in code that was compiled for it, must not slow down the next.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { benchHeld, benchLeft } from './held';
import type { Row } from './measure';
import { benchMessages } from './messages';
import { benchMqtt } from './mqtt';
import { benchCrowd } from './mqtt-crowd';
import { benchFailover } from './mqtt-failover';
import { benchQueue } from './queue';
import { benchUncontended } from './uncontended';
import { benchWeight } from './weight';

const SUBJECTS = new Map<string, () => Promise<readonly Row[]> | readonly Row[]>([
  ['uncontended', benchUncontended],
  ['queue', benchQueue],
  ['left', benchLeft],
  ['held', benchHeld],
  ['messages', benchMessages],
  ['weight', benchWeight],
  ['mqtt', benchMqtt],
  ['failover', benchFailover],
  ['crowd', benchCrowd],
]);

/** Of a process for one subject. */
const HERE = '--here';

const WIDTHS = [39, 14, 26, 14, 22] as const;

async function runAll(names: Iterable<string>): Promise<void> {
  print(['', 'ours', 'against', 'result', 'budget', '']);
  for (const name of names) {
    const [code] = await once(fork(__filename, [HERE, name]), 'exit');
    if (code !== 0) process.exitCode = 1;
  }
}

async function runHere(name: string): Promise<void> {
  const bench = SUBJECTS.get(name);
  if (bench === undefined)
    throw new RangeError(`there is no ${name}, but ${[...SUBJECTS.keys()].join(', ')}`);
  for (const row of await bench()) {
    print([row.what, row.ours, row.peer, row.result, row.budget, verdictOn(row)]);
    if (row.isKept === false) process.exitCode = 1;
  }
}

function verdictOn({ isKept }: Row): string {
  if (isKept === undefined) return '';
  return isKept ? 'kept' : 'MISSED';
}

function print(cells: readonly string[]): void {
  console.log(cells.map((cell, index) => cell.padEnd(WIDTHS[index] ?? 0)).join(' '));
}

const [first = '', ...others] = process.argv.slice(2);
if (first === HERE) void runHere(others[0] ?? '');
else void runAll(first === '' ? SUBJECTS.keys() : [first, ...others]);
