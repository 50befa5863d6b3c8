// Runs every row of the bench, each side by side with its peer, and prints them with their budgets.
import { benchHeld, benchLeft } from './held';
import type { Row } from './measure';
import { benchMessages } from './messages';
import { benchQueue } from './queue';
import { benchUncontended } from './uncontended';
import { benchWeight } from './weight';

const SUBJECTS: readonly (() => Promise<readonly Row[]> | readonly Row[])[] = [
  benchUncontended,
  benchQueue,
  benchLeft,
  benchHeld,
  benchMessages,
  benchWeight,
];

const WIDTHS = [38, 14, 26, 14, 22] as const;

async function run(): Promise<void> {
  print(['', 'ours', 'against', 'result', 'budget', '']);
  for (const bench of SUBJECTS) {
    for (const row of await bench()) {
      print([row.what, row.ours, row.peer, row.result, row.budget, verdictOn(row)]);
      if (row.isKept === false) process.exitCode = 1;
    }
  }
}

function verdictOn({ isKept }: Row): string {
  if (isKept === undefined) return '';
  return isKept ? 'kept' : 'MISSED';
}

function print(cells: readonly string[]): void {
  console.log(cells.map((cell, index) => cell.padEnd(WIDTHS[index] ?? 0)).join(' '));
}

void run();
