// Runs every check and every test there is, and closes with one line that says how many passed.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { prepareTests } from './prepare-tests';
import { ROOT, run } from './run';

const COVERAGE = join(ROOT, 'coverage');
// Not beside the coverage, whose folder is emptied by each report.
const TALLY = join(ROOT, 'node_modules/.cache/tally.jsonl');
const MOCHA = [
  join(ROOT, 'node_modules/mocha/bin/mocha.js'),
  '--forbid-only',
  '--forbid-pending',
  '--reporter',
  join(ROOT, 'scripts/tally-reporter.ts'),
];

/** In this order; a later one runs also when an earlier one failed. */
const STAGES: Readonly<Record<string, () => Promise<boolean>>> = {
  check: () => succeeds('tsx', ['scripts/check.ts']),
  tests: () => succeeds('c8', [join(ROOT, 'node_modules/.bin/tsx'), 'scripts/test-lanes.ts', ...MOCHA]),
  coverage: () => succeeds('tsx', ['scripts/coverage.ts']),
};

interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** Of each that failed its whole title, and the stack of its error. */
  readonly failures: readonly string[];
}

async function test(): Promise<void> {
  await prepareTests();
  rmSync(COVERAGE, { recursive: true, force: true });
  rmSync(TALLY, { force: true });
  mkdirSync(dirname(TALLY), { recursive: true });
  const failed: string[] = [];
  for (const [name, stage] of Object.entries(STAGES)) {
    console.log(`\n=== ${name}`);
    if (!(await stage())) failed.push(name);
  }
  console.log(failed.length === 0 ? '' : `\nFailed: ${failed.join(', ')}`);
  const tally = readTally();
  // Once more: what a long log is read for stands at its end.
  for (const failure of tally.failures) console.log(`\n${failure}`);
  console.log(`${tally.passed} passed, ${tally.failed} failed`);
  if (failed.length > 0) process.exitCode = 1;
}

async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  const { ok, output } = await run(command, args, { env: { ...process.env, TALLY } });
  if (output !== '') console.error(output);
  return ok;
}

/** Adds up what the reporter noted of each run. */
function readTally(): Tally {
  if (!existsSync(TALLY)) return { passed: 0, failed: 0, failures: [] };
  const lines = readFileSync(TALLY, 'utf8').trim().split('\n');
  const runs = lines.map((line): Tally => JSON.parse(line));
  return {
    passed: runs.reduce((sum, { passed }) => sum + passed, 0),
    failed: runs.reduce((sum, { failed }) => sum + failed, 0),
    failures: runs.flatMap(({ failures }) => failures),
  };
}

test().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
