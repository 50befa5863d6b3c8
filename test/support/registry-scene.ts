// A flow with lock-registry nodes, in a user directory of its own and under a prefix of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeAllRegistries } from '../../src/registry/open';
import { type Change, flowOf, type Nodes } from './lock-flow';
import { type FlowNode, type RunningFlow, type RuntimeOptions, runWholeFlow } from './node-red';

let prefixes = 0;

export class RegistryScene {
  readonly userDir = mkdtempSync(join(tmpdir(), 'redlock-user-'));
  readonly prefix = `house${++prefixes}`;
  flow: RunningFlow | undefined;

  /** A lock-registry node. */
  registry(change: Change = {}, id = 'registry'): FlowNode {
    return {
      id,
      type: 'lock-registry',
      name: '',
      broker: 'none',
      brokerNode: '',
      url: '',
      bind: '127.0.0.1',
      port: '1883',
      prefix: this.prefix,
      requester: 'here',
      levels: [{ id: 'motion', name: 'motion', priority: 100 }],
      values: [],
      policy: [],
      ...change,
    };
  }

  /** A flow with these lock-registry nodes in the place of the usual one. */
  withRegistries(registries: readonly FlowNode[], ...nodes: readonly Nodes[]): FlowNode[] {
    return [...registries, ...flowOf(...nodes).filter(({ type }) => type !== 'lock-registry')];
  }

  async run(all: readonly FlowNode[], options: RuntimeOptions = {}): Promise<RunningFlow> {
    this.flow = await runWholeFlow(all, { userDir: this.userDir, ...options });
    return this.flow;
  }

  async end(): Promise<void> {
    await this.flow?.stop();
    this.flow = undefined;
    await closeAllRegistries();
    rmSync(this.userDir, { recursive: true });
  }
}
