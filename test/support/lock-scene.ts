// One flow, one registry and one clock for each test of the nodes.
import type { NodeMessage } from 'node-red';
import type { LockInfo } from '../../nodes/shared/lock-info';
import type { Registry } from '../../src/registry/registry';
import { HandClock } from './hand-clock';
import { flowOf, type Nodes } from './lock-flow';
import { type FlowNode, type RunningFlow, runFlow, settled } from './node-red';
import { TableRegistry } from './table-registry';

export interface Scene {
  readonly clock: HandClock;
  readonly registry: TableRegistry;
  readonly flow: RunningFlow;
  /** Starts a flow of these nodes. */
  run(...nodes: readonly Nodes[]): Promise<void>;
  /** Starts exactly this flow; its lock-registry nodes are `registry` and, by id, these. */
  runAll(flow: readonly FlowNode[], registries?: Readonly<Record<string, Registry>>): Promise<void>;
  /** Lets time pass, and everything arrive. */
  advance(ms: number): Promise<void>;
  /** The `msg.lock` of the next message at a helper node. */
  lock(id: string): Promise<LockInfo>;
  /** How many messages each of the outputs has that nobody has taken. */
  untold(id: string, outputs?: number): readonly number[];
}

/** Sets up the hooks of mocha; what it returns is made anew for each test. */
export function useScene(): Scene {
  let clock: HandClock;
  let registry: TableRegistry;
  let flow: RunningFlow | undefined;
  beforeEach(() => {
    clock = new HandClock();
    registry = new TableRegistry(clock);
  });
  afterEach(async () => {
    await flow?.stop();
    flow = undefined;
  });
  const runAll: Scene['runAll'] = async (nodes, registries = {}) => {
    flow = await runFlow(nodes, { registry, ...registries });
  };
  return {
    get clock() {
      return clock;
    },
    get registry() {
      return registry;
    },
    get flow() {
      if (flow === undefined) throw new Error('the flow does not run');
      return flow;
    },
    runAll,
    run: (...nodes) => runAll(flowOf(...nodes)),
    async advance(ms) {
      await clock.advance(ms);
      await settled();
    },
    async lock(id) {
      return lockOf(await this.flow.next(id));
    },
    untold(id, outputs = 4) {
      return Array.from({ length: outputs }, (_, index) => this.flow.waiting(`${id}.${index + 1}`));
    },
  };
}

export function lockOf(msg: NodeMessage): LockInfo {
  return msg.lock as LockInfo;
}
