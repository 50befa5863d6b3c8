// The command `priority-lock` as a process of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { REPOSITORY } from './repository';

/** From its sources, so that what the tests reach of them is counted. */
const COMMAND = ['--require', 'tsx', join(REPOSITORY, 'src/cli/priority-lock.ts')];

/** A command that runs, or has run. */
export class ShellCommand {
  output = '';
  complaints = '';
  /** Its exit code, when it has ended; `null` if a signal has ended it. */
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #readers = new Set<() => void>();

  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const child = spawn(process.execPath, [...COMMAND, ...args], { env: { ...process.env, ...environment } });
    this.#child = child;
    child.stdout.on('data', (text: Buffer) => {
      this.output += text;
      for (const read of this.#readers) read();
    });
    child.stderr.on('data', (text: Buffer) => {
      this.complaints += text;
      for (const read of this.#readers) read();
    });
    this.ended = once(child, 'close').then(([code]) => code);
  }

  /** Resolves when it has said something like this, by either way; rejects when it ends before. */
  async said(pattern: RegExp): Promise<void> {
    const found = new Promise<void>((resolve) => {
      const read = () => {
        if (pattern.test(this.output) || pattern.test(this.complaints)) resolve();
      };
      this.#readers.add(read);
      read();
    });
    const ended = this.ended.then((code) => {
      throw new Error(`ended with ${code} before ${pattern}: ${this.output}${this.complaints}`);
    });
    // Told above, unless it had said so by then.
    ended.catch(() => undefined);
    await Promise.race([found, ended]);
  }

  /** What a user types, and the end of it. */
  type(text: string): void {
    this.#child.stdin?.end(text);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Nobody reads its output any more. */
  closeOutput(): void {
    this.#child.stdout?.destroy();
  }
}
