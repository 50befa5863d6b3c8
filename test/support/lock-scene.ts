// One flow, one registry and one clock for each test of the nodes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeMessage } from 'node-red';
import type { LockInfo } from '../../nodes/shared/lock-info';
import { closeAllRegistries, openRegistry } from '../../src/registry/open';
import type { Registry, RegistrySettings } from '../../src/registry/registry';
import { HandClock } from './hand-clock';
import { flowOf, type Nodes } from './lock-flow';
import { type FlowNode, type RunningFlow, runFlow, settled } from './node-red';

export interface Scene {
  readonly clock: HandClock;
  readonly registry: Registry;
  readonly flow: RunningFlow;
  /** Starts a flow of these nodes. */
  run(...nodes: readonly Nodes[]): Promise<void>;
  /** Starts exactly this flow; its lock-registry nodes are `registry` and, by id, these. */
  runAll(flow: readonly FlowNode[], registries?: Readonly<Record<string, Registry>>): Promise<void>;
  /** Opens the registry anew, with other settings. */
  open(settings: Partial<RegistrySettings>): void;
  /** A registry beside the one of the test. */
  openOther(): Registry;
  /** Lets the registry be not ready until what this returns is called. */
  holdReady(): () => void;
  /** Ends Node-RED and starts it again, after some time and with these nodes. */
  restart(afterMs: number, ...nodes: readonly Nodes[]): Promise<void>;
  /** Lets time pass, and everything arrive. */
  advance(ms: number): Promise<void>;
  /** The `msg.lock` of the next message at a helper node. */
  lock(id: string): Promise<LockInfo>;
  /** The code of the next error that a Catch node gets. */
  errorCode(): Promise<unknown>;
  /** How many messages each of the outputs has that nobody has taken. */
  untold(id: string, outputs?: number): readonly number[];
}

let count = 0;

/** Sets up the hooks of mocha; what it returns is made anew for each test. */
export function useScene(): Scene {
  const scene = new RegistryScene();
  beforeEach(() => scene.begin());
  afterEach(() => scene.end());
  return scene;
}

class RegistryScene implements Scene {
  clock = new HandClock();
  #settings: RegistrySettings = { broker: { kind: 'none' } };
  #registry: Registry | undefined;
  #isRebuilt: Promise<void> | undefined;
  #flow: RunningFlow | undefined;

  begin(): void {
    this.clock = new HandClock();
    count += 1;
    const folder = mkdtempSync(join(tmpdir(), 'redlock-nodes-'));
    this.#settings = { broker: { kind: 'none' }, prefix: `test${count}`, requester: 'here', folder };
    this.open({});
  }

  async end(): Promise<void> {
    await this.#flow?.stop();
    this.#flow = undefined;
    await closeAllRegistries();
    if (this.#settings.folder !== undefined) rmSync(this.#settings.folder, { recursive: true });
  }

  get registry(): Registry {
    if (this.#registry === undefined) throw new Error('there is no registry');
    return this.#registry;
  }

  get flow(): RunningFlow {
    if (this.#flow === undefined) throw new Error('the flow does not run');
    return this.#flow;
  }

  open(settings: Partial<RegistrySettings>): void {
    this.#settings = { ...this.#settings, ...settings };
    this.#registry = openRegistry(this.#settings, { clock: this.clock });
    this.#isRebuilt = this.#registry.ready;
  }

  openOther(): Registry {
    const settings = { ...this.#settings, prefix: `${this.#settings.prefix}/other` };
    return openRegistry(settings, { clock: this.clock });
  }

  holdReady(): () => void {
    const { ready } = this.registry;
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    Object.assign(this.registry, { ready: held.then(() => ready) });
    return release;
  }

  async runAll(
    flow: readonly FlowNode[],
    registries: Readonly<Record<string, Registry>> = {},
  ): Promise<void> {
    await this.#isRebuilt;
    this.#flow = await runFlow(flow, { registry: this.registry, ...registries });
  }

  async run(...nodes: readonly Nodes[]): Promise<void> {
    await this.runAll(flowOf(...nodes));
  }

  async restart(afterMs: number, ...nodes: readonly Nodes[]): Promise<void> {
    await this.#flow?.stop();
    await closeAllRegistries();
    await this.clock.advance(afterMs);
    this.open({});
    await this.run(...nodes);
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await settled();
  }

  async lock(id: string): Promise<LockInfo> {
    return lockOf(await this.flow.next(id));
  }

  async errorCode(): Promise<unknown> {
    return ((await this.flow.next('errors')).error as { code?: unknown }).code;
  }

  untold(id: string, outputs = 4): readonly number[] {
    return Array.from({ length: outputs }, (_, index) => this.flow.waiting(`${id}.${index + 1}`));
  }
}

export function lockOf(msg: NodeMessage): LockInfo {
  return msg.lock as LockInfo;
}
