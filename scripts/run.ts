// Runs commands for the scripts beside this file: one at a time with its output shown, or several with it kept.
import { spawn } from 'node:child_process';
import { delimiter, join, resolve } from 'node:path';

/** The folder of the package. */
export const ROOT = resolve(__dirname, '..');

export interface Outcome {
  readonly ok: boolean;
  /** What the command printed; empty where it was shown. */
  readonly output: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Keep the output for the caller instead of showing it. */
  readonly quiet?: boolean;
}

/** Runs a command with the tools of node_modules first in its path, and never rejects. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { cwd = ROOT, env = process.env, quiet = false } = options;
  const path = `${join(ROOT, 'node_modules/.bin')}${delimiter}${env.PATH ?? ''}`;
  return new Promise((settle) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...env, PATH: path },
      stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
      shell: process.platform === 'win32',
    });
    let output = '';
    const keep = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.on('error', (error) => settle({ ok: false, output: `${output}${error.message}\n` }));
    child.on('close', (code) => settle({ ok: code === 0, output }));
  });
}

/** Runs a command with its output shown, and ends this process where it fails. */
export async function runOrExit(
  command: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<void> {
  const { ok, output } = await run(command, args, options);
  if (ok) return;
  if (output !== '') console.error(output);
  process.exit(1);
}
