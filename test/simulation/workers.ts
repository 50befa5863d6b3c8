// Runs many simulated histories on several processes, and tells of each.
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Job, Report } from './worker';

export interface Histories extends Omit<Job, 'stride'> {
  readonly workers: number;
}

export class Workers {
  /** Resolves when all histories were told of, or nobody listens any more; rejects when a worker dies. */
  readonly done: Promise<void>;
  readonly #children: readonly ChildProcess[];

  constructor({ workers, first, count, ...rest }: Histories, hear: (report: Report) => void) {
    this.#children = Array.from({ length: workers }, (_, index) => {
      const own = Math.ceil((count - index) / workers);
      return startWorker({ ...rest, first: first + index, stride: workers, count: own });
    });
    this.done = Promise.all(this.#children.map((child) => follow(child, hear))).then(() => undefined);
  }

  /** Each ends with the history in which it is. */
  stop(): void {
    for (const child of this.#children) if (child.connected) child.disconnect();
  }
}

function startWorker(job: Job): ChildProcess {
  // What the histories run through is covered by tests that say what it should do; counting makes them slow.
  const { NODE_V8_COVERAGE: _, ...env } = process.env;
  const child = fork(join(__dirname, 'worker.ts'), { execArgv: ['--import', 'tsx'], env });
  child.send(job);
  return child;
}

function follow(child: ChildProcess, hear: (report: Report) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('message', (report) => hear(report as Report));
    child.on('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`a worker ended with ${code}`));
    });
  });
}
