// Holds each folder to its share of covered lines and branches: everything in core and library, most elsewhere.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { ROOT } from './run';

const LCOV = join(ROOT, 'coverage/lcov.info');

/** What is counted of a file or folder: its lines, or its branches. */
interface Count {
  total: number;
  covered: number;
}

interface Coverage {
  readonly lines: Count;
  readonly branches: Count;
  /** The lines where something is not covered. */
  readonly open: Set<number>;
}

const WHOLE = ['src/core', 'src/library'];
const LEAST_PERCENT = 95;

/** Prints one row per folder, and where that is too little the lines that are not covered. */
function holdCoverage(): boolean {
  const files = readFiles(LCOV);
  const folders = [...new Set([...files.keys()].map(folderOf))].sort();
  const results = folders.map((folder) => {
    const within = [...files].filter(([path]) => folderOf(path) === folder);
    return holdFolder(folder, within);
  });
  return results.every((result) => result);
}

function holdFolder(folder: string, files: readonly [path: string, coverage: Coverage][]): boolean {
  const lines = sum(files.map(([, coverage]) => coverage.lines));
  const branches = sum(files.map(([, coverage]) => coverage.branches));
  const least = WHOLE.includes(folder) ? 100 : LEAST_PERCENT;
  const isEnough = percent(lines) >= least && percent(branches) >= least;
  console.log(
    `${isEnough ? 'ok     ' : 'FAILED '} ${folder.padEnd(14)} lines ${show(lines)}  ` +
      `branches ${show(branches)}  at least ${least} %`,
  );
  if (isEnough) return true;
  for (const [path, { open }] of files) {
    if (open.size > 0) console.log(`          ${path}: ${[...open].sort((a, b) => a - b).join(' ')}`);
  }
  return false;
}

/** `nodes/acquire/settings.ts` is counted under `nodes/acquire`, `nodes/acquire.ts` under `nodes`. */
function folderOf(path: string): string {
  return path.split('/').slice(0, -1).slice(0, 2).join('/');
}

function readFiles(lcovFile: string): Map<string, Coverage> {
  const files = new Map<string, Coverage>();
  for (const record of readFileSync(lcovFile, 'utf8').split('end_of_record')) {
    const path = /^SF:(.*)$/m.exec(record)?.[1];
    if (path === undefined) continue;
    const source = readFileSync(join(ROOT, path), 'utf8');
    if (hasNothingToRun(source)) continue;
    const coverage = readRecord(record);
    files.set(path, coverage.lines.total === 0 ? coverNothing(source) : coverage);
  }
  return files;
}

/** Whether a source consists of types, and of names that it passes on. */
function hasNothingToRun(source: string): boolean {
  const { code } = transformSync(source, { loader: 'ts', minifyWhitespace: true });
  return /^((import|export)\b[^;]*\bfrom"[^"]*";\s*)*$/.test(code);
}

/** Lines read `DA:line,times`, branches `BRDA:line,block,branch,times`. */
function readRecord(record: string): Coverage {
  const lines: Count = { total: 0, covered: 0 };
  const branches: Count = { total: 0, covered: 0 };
  const open = new Set<number>();
  for (const [, kind, line, times] of record.matchAll(/^(DA|BRDA):(\d+),(?:\d+,\d+,)?(\d+|-)/gm)) {
    const count = kind === 'DA' ? lines : branches;
    count.total++;
    if (Number(times) > 0) count.covered++;
    else open.add(Number(line));
  }
  return { lines, branches, open };
}

/** What no test has loaded comes without numbers. */
function coverNothing(source: string): Coverage {
  const total = source.split('\n').length - 1;
  return { lines: { total, covered: 0 }, branches: { total, covered: 0 }, open: new Set([1]) };
}

function sum(counts: readonly Count[]): Count {
  return counts.reduce(
    (all, { total, covered }) => ({ total: all.total + total, covered: all.covered + covered }),
    { total: 0, covered: 0 },
  );
}

function percent({ total, covered }: Count): number {
  return total === 0 ? 100 : (100 * covered) / total;
}

function show(count: Count): string {
  return `${percent(count).toFixed(1)} %`.padStart(7);
}

process.exitCode = holdCoverage() ? 0 : 1;
