// Python programs for tests: a Python that has an MQTT client, and a program that talks in lines of JSON.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Debian puts its packages into its own Python, which need not be the first in the PATH. */
const PYTHONS = ['/usr/bin/python3', 'python3'];
const FOLDER = join(__dirname, '../python');

/** The Python that has paho-mqtt; `undefined` where none has. */
export function findPython(): string | undefined {
  return PYTHONS.find((python) => {
    try {
      execFileSync(python, ['-c', 'import paho.mqtt.client'], { stdio: 'ignore' });
      return true;
    } catch {
      // It is missing, or its package is.
      return false;
    }
  });
}

/** A running program of test/python, and every line that it has printed. */
export class PythonProgram<Heard> {
  readonly heard: Heard[] = [];
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;
  readonly #looks = new Set<() => void>();
  #isOver = false;

  /** Starts `script` of test/python with arguments. */
  constructor(script: string, ...args: readonly string[]) {
    const python = findPython();
    if (python === undefined) throw new Error('no Python has paho-mqtt');
    const line = ['-B', join(FOLDER, script), ...args];
    this.#child = spawn(python, line, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#exit = once(this.#child, 'exit');
    this.#child.once('close', () => {
      this.#isOver = true;
      for (const look of [...this.#looks]) look();
    });
    if (this.#child.stdout === null) throw new Error('the program has no output');
    createInterface(this.#child.stdout).on('line', (text) => {
      this.heard.push(JSON.parse(text));
      for (const look of [...this.#looks]) look();
    });
  }

  /** Gives an order, as a line of JSON. */
  order(order: Readonly<Record<string, unknown>>): void {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  /** Resolves with the first line that is wanted, of those from the `from`-th on, seen or to come. */
  hears<Wanted extends Heard>(wanted: (heard: Heard) => heard is Wanted, from = 0): Promise<Wanted> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.heard.slice(from).find(wanted);
        if (found !== undefined) resolve(found);
        else if (this.#isOver)
          reject(new Error(`the program has ended; heard: ${JSON.stringify(this.heard)}`));
        else return;
        this.#looks.delete(look);
      };
      this.#looks.add(look);
      look();
    });
  }

  /** Stops it in the middle (SIGSTOP), lets it go on (SIGCONT), or kills it. */
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    this.#child.kill(name);
  }

  /** Lets it end as it does when there is nothing more to do. */
  async stop(): Promise<void> {
    this.#child.stdin?.end();
    await this.#exit;
  }
}
