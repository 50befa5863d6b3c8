// Holds each folder to its share of covered lines and branches: everything in core and library, most elsewhere.
import { readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { transformSync } from 'esbuild';
import { ROOT } from './run';

interface Count {
  readonly total: number;
  readonly covered: number;
}

interface FileCoverage {
  readonly lines: Count;
  readonly branches: Count;
}

interface Folder {
  readonly lines: Count;
  readonly branches: Count;
  /** Files with something left uncovered. */
  readonly open: readonly string[];
}

const WHOLE = ['src/core', 'src/library'];
const LEAST_PERCENT = 95;
const NOTHING: Folder = { lines: { total: 0, covered: 0 }, branches: { total: 0, covered: 0 }, open: [] };

/**
 * Prints one row per folder and what is uncovered where that is too much.
 *
 * @param summaryFile what c8's `json-summary` reporter wrote
 * @returns whether every folder has its share
 */
export function holdCoverage(summaryFile: string): boolean {
  let ok = true;
  for (const [name, folder] of [...readFolders(summaryFile)].sort()) {
    const least = WHOLE.includes(name) ? 100 : LEAST_PERCENT;
    const enough = percent(folder.lines) >= least && percent(folder.branches) >= least;
    ok &&= enough;
    console.log(
      `${enough ? 'ok     ' : 'FAILED '} ${name.padEnd(14)} lines ${show(folder.lines)}  ` +
        `branches ${show(folder.branches)}  at least ${least} %`,
    );
    if (!enough) for (const file of folder.open) console.log(`          ${file}`);
  }
  return ok;
}

function readFolders(summaryFile: string): Map<string, Folder> {
  const summary: Record<string, FileCoverage> = JSON.parse(readFileSync(summaryFile, 'utf8'));
  const folders = new Map<string, Folder>();
  for (const [path, file] of Object.entries(summary)) {
    if (path === 'total' || hasOnlyTypes(path)) continue;
    const name = relative(ROOT, path).split(sep).slice(0, -1).slice(0, 2).join('/');
    folders.set(name, add(folders.get(name) ?? NOTHING, file, relative(ROOT, path)));
  }
  return folders;
}

/** Nothing of such a file is left to run, so no test can ever load it. */
function hasOnlyTypes(path: string): boolean {
  const { code } = transformSync(readFileSync(path, 'utf8'), { loader: 'ts', minify: true });
  return code.trim() === '';
}

function add(folder: Folder, file: FileCoverage, path: string): Folder {
  const isOpen = percent(file.lines) < 100 || percent(file.branches) < 100;
  const row = `${path}: lines ${show(file.lines)}, branches ${show(file.branches)}`;
  return {
    lines: sum(folder.lines, file.lines),
    branches: sum(folder.branches, file.branches),
    open: isOpen ? [...folder.open, row] : folder.open,
  };
}

function sum(a: Count, b: Count): Count {
  return { total: a.total + b.total, covered: a.covered + b.covered };
}

function percent({ total, covered }: Count): number {
  return total === 0 ? 100 : (100 * covered) / total;
}

function show(count: Count): string {
  return `${percent(count).toFixed(1)} %`.padStart(7);
}
