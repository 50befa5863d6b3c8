// What it costs to load the library: in a process, and over a network.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { amountRow, median, type Row } from './measure';

const ROUNDS = 15;
const ROOT = join(__dirname, '..');

export function benchWeight(): readonly Row[] {
  const times = Array.from({ length: ROUNDS }, loadingMs);
  const bundle = gzipSync(readFileSync(join(ROOT, 'dist/browser.mjs')), { level: 9 });
  return [
    amountRow('require', median(times), 15, 'ms'),
    amountRow('browser bundle, gzipped', bundle.length, 12 * 1_024, 'bytes'),
  ];
}

/** In a new process each time. */
function loadingMs(): number {
  const program = `
    const start = performance.now();
    require('@priority-redlock/node-red');
    console.log(performance.now() - start);
  `;
  return Number(execFileSync(process.execPath, ['--eval', program], { cwd: ROOT, encoding: 'utf8' }));
}
