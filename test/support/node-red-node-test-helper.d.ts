// What the tests use of node-red-node-test-helper, which has no types of its own.
declare module 'node-red-node-test-helper' {
  import type { EventEmitter } from 'node:events';
  import type { Node, NodeAPI, NodeMessage } from 'node-red';

  type FlowNode = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string };

  interface LogEntry {
    readonly id?: string;
    readonly level: number;
    readonly msg: unknown;
  }

  export class NodeTestHelper {
    _events: EventEmitter;
    _redNodes: {
      startFlows(): Promise<void>;
      stopFlows(): Promise<void>;
      setFlows(
        flow: readonly FlowNode[],
        credentials: object,
        type: 'full' | 'flows' | 'nodes',
      ): Promise<unknown>;
    };
    init(runtimePath: string, settings?: object): void;
    settings(settings: object): object;
    load(
      nodes: readonly ((RED: NodeAPI) => void)[],
      flow: readonly FlowNode[],
      credentials?: object,
    ): Promise<void>;
    getNode(id: string): (Node & { receive(msg: NodeMessage): void }) | null;
    log(): { readonly args: readonly (readonly [LogEntry])[] };
    unload(): Promise<void>;
  }
}
