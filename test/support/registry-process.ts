// A registry in a process of its own, which a test can kill.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { RegistrySettings, RegistryStatus } from '../../src/registry/registry';
import type { ClaimReport, Order } from './registry-child';

export class RegistryProcess {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  status: RegistryStatus = { state: 'starting', text: '' };

  private constructor(child: ChildProcess, lines: Interface) {
    this.#child = child;
    this.#lines = lines[Symbol.asyncIterator]();
  }

  /** Starts it, and resolves when it has rebuilt what was before. `timing` is for what no setting says, in ms. */
  static async start(
    settings: RegistrySettings,
    timing: { readonly beat?: number } = {},
  ): Promise<RegistryProcess> {
    const script = join(__dirname, 'registry-child.ts');
    const args = ['--require', 'tsx', script, JSON.stringify(settings), JSON.stringify(timing)];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    if (child.stdout === null) throw new Error('the child has no output');
    const started = new RegistryProcess(child, createInterface(child.stdout));
    try {
      started.status = await started.#answer();
    } catch (error) {
      await started.kill();
      throw error;
    }
    return started;
  }

  /** Where its embedded broker listens. */
  get port(): number {
    const [, port] = /:(\d+)$/.exec(this.status.text) ?? [];
    if (port === undefined) throw new Error(`no port: ${this.status.text}`);
    return Number(port);
  }

  /** Gives an order; resolves to the claims of its nodes after it. */
  async order(order: Order): Promise<Readonly<Record<string, ClaimReport | undefined>>> {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
    return this.#answer();
  }

  /** Ends it with a goodbye. */
  async stop(): Promise<void> {
    const exit = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await exit;
  }

  /** Kills it with -9. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }

  async #answer<Answer>(): Promise<Answer> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the process has ended');
    return JSON.parse(value);
  }
}
