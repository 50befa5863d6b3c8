// A real Node-RED runtime for tests of the nodes: version 4, or the one in the folder NODE_RED_DIR.
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Node, NodeAPI, NodeContext, NodeMessage, NodeStatus } from 'node-red';
import { type FlowNode, NodeTestHelper } from 'node-red-node-test-helper';
import acquire from '../../nodes/acquire';
import lockGuard from '../../nodes/lock-guard';
import lockRegistryNode from '../../nodes/lock-registry';
import lockStatus from '../../nodes/lock-status';
import release from '../../nodes/release';
import type { Registry } from '../../src/registry/registry';
import { REPOSITORY } from './repository';

export type { FlowNode };
export type NodeModule = (RED: NodeAPI) => void;

/** What the runtime says about a node. */
interface StatusEvent {
  readonly id: string;
  readonly status?: NodeStatus;
}

/** Levels in Node-RED's log. */
const ERROR = 20;
const WARNING = 30;

const CATALOGUE = readCatalogue();
const NODES: readonly NodeModule[] = [acquire, release, lockGuard, lockStatus];

export class RunningFlow {
  readonly #helper: NodeTestHelper;
  #nodes: readonly FlowNode[] = [];
  readonly #inboxes = new Map<string, Inbox<NodeMessage>>();
  readonly #statuses = new Map<string, NodeStatus[]>();
  readonly #onStatus = ({ id, status }: StatusEvent) => {
    if (status === undefined) return;
    const shown = this.#statuses.get(id);
    if (shown === undefined) this.#statuses.set(id, [status]);
    else shown.push(status);
  };

  constructor(helper: NodeTestHelper) {
    this.#helper = helper;
    helper._events.on('node-status', this.#onStatus);
  }

  async start(modules: readonly NodeModule[], flow: readonly FlowNode[], credentials: object): Promise<void> {
    await this.#helper.load([translated, ...modules], flow, credentials);
    this.#nodes = flow;
    this.#listen();
  }

  /** Gives a message to a node. */
  send(id: string, msg: NodeMessage = {}): void {
    const node = this.#helper.getNode(id);
    if (node === null) throw new Error(`there is no node ${id}`);
    node.receive(msg);
  }

  node(id: string): Node | null {
    return this.#helper.getNode(id);
  }

  /** The context of a node. */
  context(id: string): NodeContext {
    const node = this.#helper.getNode(id);
    if (node === null) throw new Error(`there is no node ${id}`);
    return node.context();
  }

  /** The next message that a helper node has not yet given out. */
  next(id: string): Promise<NodeMessage> {
    return this.#inbox(id).next();
  }

  /** How many messages a helper node has that nobody has taken. */
  waiting(id: string): number {
    return this.#inbox(id).size;
  }

  statuses(id: string): readonly NodeStatus[] {
    return this.#statuses.get(id) ?? [];
  }

  status(id: string): NodeStatus | undefined {
    return this.statuses(id).at(-1);
  }

  /** The errors of a node that no Catch node has got. */
  logged(id: string): readonly string[] {
    return this.#linesOf(id, ERROR);
  }

  warnings(id: string): readonly string[] {
    return this.#linesOf(id, WARNING);
  }

  /** A deploy as the editor makes it. */
  async deploy(flow: readonly FlowNode[], type: 'full' | 'flows' | 'nodes' = 'full'): Promise<void> {
    // The helper's own setFlows gives a slow machine no more than 300 ms.
    const started = once(this.#helper._events, 'flows:started');
    await Promise.all([started, this.#helper._redNodes.setFlows(flow, {}, type)]);
    this.#nodes = flow;
    this.#listen();
    await settled();
  }

  /** Calls back in the next deploy, between the stop of the old nodes and the start of the new ones. */
  whileAway(act: () => void): void {
    this.#helper._events.once('flows:stopped', act);
  }

  /** Stops all flows, as the editor's menu can. */
  halt(): Promise<void> {
    return this.#helper._redNodes.stopFlows();
  }

  async resume(): Promise<void> {
    await this.#helper._redNodes.startFlows();
    this.#listen();
    await settled();
  }

  async stop(): Promise<void> {
    await this.#helper.unload();
    this.#helper._events.removeListener('node-status', this.#onStatus);
  }

  #linesOf(id: string, level: number): readonly string[] {
    return this.#helper
      .log()
      .args.map(([entry]) => entry)
      .filter((entry) => entry.id === id && entry.level === level)
      .map(({ msg }) => String(msg));
  }

  #listen(): void {
    for (const { id, type } of this.#nodes) {
      if (type !== 'helper') continue;
      const node = this.#helper.getNode(id);
      node?.removeAllListeners('input');
      node?.on('input', (msg) => this.#inbox(id).put(msg));
    }
  }

  #inbox(id: string): Inbox<NodeMessage> {
    const inbox = this.#inboxes.get(id) ?? new Inbox();
    this.#inboxes.set(id, inbox);
    return inbox;
  }
}

/** Starts flows in a runtime of this process; `registries` are the lock-registry nodes, by id. */
export function runFlow(
  flow: readonly FlowNode[],
  registries: Readonly<Record<string, Registry>>,
): Promise<RunningFlow> {
  const lockRegistry: NodeModule = (RED) => {
    RED.nodes.registerType('lock-registry', function (this: Node, config) {
      Object.assign(this, { registry: registries[config.id] });
      RED.nodes.createNode(this, config);
    });
  };
  return runModules([lockRegistry, ...NODES], flow);
}

export interface RuntimeOptions {
  readonly userDir?: string;
  readonly credentials?: Readonly<Record<string, object>>;
  /** Types besides ours. */
  readonly modules?: readonly NodeModule[];
}

/** Starts flows with all of our nodes. */
export function runWholeFlow(flow: readonly FlowNode[], options: RuntimeOptions = {}): Promise<RunningFlow> {
  return runModules([lockRegistryNode, ...NODES], flow, options);
}

async function runModules(
  ours: readonly NodeModule[],
  flow: readonly FlowNode[],
  { userDir, credentials = {}, modules = [] }: RuntimeOptions = {},
): Promise<RunningFlow> {
  const helper = new NodeTestHelper();
  helper.init(nodeRedPath());
  helper.settings({ userDir });
  const running = new RunningFlow(helper);
  await running.start([fork, ...ours, ...modules], flow, credentials);
  await settled();
  return running;
}

/** One of Node-RED's own nodes, such as `network/10-mqtt`. */
export function coreNode(name: string): NodeModule {
  const runtime = createRequire(nodeRedPath());
  return runtime(runtime.resolve(`@node-red/nodes/core/${name}.js`));
}

/** The version of the runtime that the tests run on. */
export const nodeRedVersion: string = JSON.parse(
  readFileSync(join(nodeRedPath(), '../../package.json'), 'utf8'),
).version;

/** A way out for messages with `take`, another one for all others. */
function fork(RED: NodeAPI): void {
  RED.nodes.registerType('fork', function (this: Node, config) {
    RED.nodes.createNode(this, config);
    this.on('input', (msg) => this.send(msg.take === true ? [msg, null] : [null, msg]));
  });
}

/** Everything that was on its way through the flow has arrived: each hop is one turn of the event loop. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function nodeRedPath(): string {
  const folder = process.env.NODE_RED_DIR ?? REPOSITORY;
  return createRequire(join(folder, 'package.json')).resolve('node-red');
}

/** Puts the texts of the catalogue where the runtime has none. */
function translated(RED: NodeAPI): void {
  Object.assign(RED, { _: translate });
}

export function translate(key: string, values: Readonly<Record<string, string>> = {}): string {
  const text = CATALOGUE.get(key.slice(key.indexOf(':') + 1)) ?? key;
  return text.replace(/__(\w+)__/g, (_, name: string) => values[name] ?? '');
}

function readCatalogue(): ReadonlyMap<string, string> {
  const folder = join(REPOSITORY, 'nodes/locales/en-US');
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return new Map(files.flatMap((name) => flatten(JSON.parse(readFileSync(join(folder, name), 'utf8')))));
}

function flatten(tree: object, before = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null
      ? flatten(value, `${before}${key}.`)
      : [[before + key, String(value)] as [string, string]],
  );
}

class Inbox<Item> {
  readonly #items: Item[] = [];
  readonly #takers: ((item: Item) => void)[] = [];

  get size(): number {
    return this.#items.length;
  }

  put(item: Item): void {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#items.push(item);
    else taker(item);
  }

  next(): Promise<Item> {
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve(item);
    return new Promise((resolve) => this.#takers.push(resolve));
  }
}
