// Checks what can be checked without running the product: types, style, unused code, the package, and house rules.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Outcome, run, runOrExit } from './run';

type Gate = readonly [name: string, check: () => Promise<Outcome>];

const GATES: readonly Gate[] = [
  ['types', () => tool('tsc', ['-b'])],
  ['biome', () => tool('biome', ['check', '--error-on-warnings', '--colors=off'])],
  ['knip', () => tool('knip', ['--no-progress'])],
  ['package', checkPackage],
  ['tidy', () => tool('mocha', ['test/house/tidy.test.ts', '--reporter', 'dot'])],
];

async function check(): Promise<void> {
  await runOrExit('tsx', ['scripts/build.ts']);
  const failed: string[] = [];
  await Promise.all(
    GATES.map(async ([name, gate]) => {
      const { ok, output } = await gate();
      console.log(ok ? `ok      ${name}` : `\n${output}\nFAILED  ${name}`);
      if (!ok) failed.push(name);
    }),
  );
  if (failed.length > 0) process.exit(1);
}

function tool(command: string, args: string[]): Promise<Outcome> {
  return run(command, args, { quiet: true });
}

/** Packs once, and lets publint and are-the-types-wrong read the very file that users would install. */
async function checkPackage(): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'priority-redlock-'));
  try {
    const packed = await tool('npm', ['pack', '--ignore-scripts', '--pack-destination', folder]);
    const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
    if (!packed.ok || tarball === undefined) return { ok: false, output: packed.output };
    const publint = await tool('publint', ['run', join(folder, tarball), '--strict']);
    const types = await tool('attw', [join(folder, tarball), '--format', 'ascii', '--no-emoji']);
    return { ok: publint.ok && types.ok, output: publint.output + types.output };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

check().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
