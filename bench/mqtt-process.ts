// A process of the bench, which can be frozen and killed.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { JOBS } from './mqtt-jobs';

type Jobs = typeof JOBS;

export interface Order {
  readonly id: number;
  readonly job: keyof Jobs;
  readonly of: readonly unknown[];
}

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

export class BenchProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #orders = 0;

  constructor(execArgv: readonly string[] = []) {
    this.#child = fork(join(__dirname, 'mqtt-child.ts'), { execArgv: ['--require', 'tsx', ...execArgv] });
    this.#child.on('message', ({ id, result, error }: Reply) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(result as never);
      else waiting?.reject(new Error(error));
    });
    this.#child.on('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`ended with ${code ?? signal}`));
    });
  }

  /** Does a job there; resolves to what came of it. */
  do<Job extends keyof Jobs>(
    job: Job,
    ...of: Parameters<Jobs[Job]>
  ): Promise<Awaited<ReturnType<Jobs[Job]>>> {
    const id = ++this.#orders;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, job, of } satisfies Order);
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }
}
