// A message through acquire → release in a whole Node-RED, with what a user has there by default (an embedded broker, its
// journal in the user directory, the editor), against the same message through two change nodes of the same runtime.
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { medians, type Row, ratioRow, timed, withoutLimit } from './measure';

/** What runs hot is compiled first: a Node-RED runs for weeks. */
const WARM_UP_ROUNDS = 10;
const ROUNDS = 61;
const MESSAGES = 2_000;
const IN_FLIGHT = 100;
const LIMIT = 2;

const NODE_RED_SETTINGS = {
  uiHost: '127.0.0.1',
  flowFile: 'flows.json',
  telemetry: { enabled: false },
  logging: { console: { level: 'error', metrics: false, audit: false } },
};

/** Two nodes between where messages are put in and where they are counted. */
interface Line {
  readonly first: string;
  readonly last: string;
}

const CHANGES: Line = { first: 'change-1', last: 'change-end' };
const LOCKS: Line = { first: 'acquire', last: 'lock-end' };
const MUTEX: Line = { first: 'mutex', last: 'mutex-end' };

/** A node as the flow file has it. */
type StoredNode = { readonly id: string; readonly type: string } & Readonly<Record<string, unknown>>;

interface Runtime {
  node(id: string): Node;
  stop(): Promise<void>;
}

export async function benchMessages(): Promise<readonly Row[]> {
  const runtime = await startRuntime();
  try {
    return [
      await compare(runtime, 'message through acquire → release', LOCKS, 1),
      // Those wait for each other, which messages through change nodes do not.
      withoutLimit(await compare(runtime, `${IN_FLIGHT} at once, each a claim of its own`, MUTEX, IN_FLIGHT)),
    ];
  } finally {
    await runtime.stop();
  }
}

async function compare(runtime: Runtime, what: string, locks: Line, inFlight: number): Promise<Row> {
  const round = (line: Line) => {
    const send = sender(runtime, line, inFlight);
    return () => timed(send);
  };
  const rounds = [round(locks), round(CHANGES)];
  await medians(WARM_UP_ROUNDS, ...rounds);
  const [ours = 0, changes = 0] = await medians(ROUNDS, ...rounds);
  const us = (ms: number) => ({ us: (ms * 1_000) / MESSAGES });
  return ratioRow(what, us(ours), { ...us(changes), name: 'two change nodes' }, LIMIT);
}

/** Sends a round of messages through a line, each next one when one has come out. */
function sender(runtime: Runtime, { first, last }: Line, inFlight: number): () => Promise<void> {
  const entry = runtime.node(first);
  let arrived: (msg: NodeMessage) => void = () => undefined;
  const exit = runtime.node(last);
  exit.removeAllListeners('input');
  exit.on('input', (msg) => arrived(msg));
  return () =>
    new Promise((resolve, reject) => {
      let sent = 0;
      let left = MESSAGES;
      const send = () => {
        sent += 1;
        entry.receive({ payload: sent });
      };
      arrived = ({ lock }) => {
        left -= 1;
        if (lock !== undefined) reject(new Error('a message has come out with its lock'));
        else if (left === 0) resolve();
        else if (sent < MESSAGES) send();
      };
      for (let n = 0; n < inFlight; n += 1) send();
    });
}

async function startRuntime(): Promise<Runtime> {
  // Which asks for much at its start, so that the other rows are measured without it.
  const { default: nodeRed } = await import('node-red');
  const userDir = userDirectory();
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  const settings = { ...NODE_RED_SETTINGS, uiPort: port, userDir };
  nodeRed.init(server, settings as unknown as Parameters<typeof nodeRed.init>[1]);
  const started = once(nodeRed.events, 'flows:started');
  await nodeRed.start();
  await started;
  // Else they wait for the next deploy.
  const { closeAllRegistries }: typeof import('../src/registry/open') = require('../dist/src/registry/open');
  // Its types keep from programs what nodes are shown.
  const { nodes } = nodeRed as unknown as NodeAPI;
  return {
    node: (id) => nodes.getNode(id),
    stop: async () => {
      await nodeRed.stop();
      await closeAllRegistries();
      server.close();
      rmSync(userDir, { recursive: true });
    },
  };
}

/** A user directory in which this package is installed, with a flow. */
function userDirectory(): string {
  const userDir = mkdtempSync(join(tmpdir(), 'bench-messages-'));
  const scope = join(userDir, 'node_modules/@priority-redlock');
  mkdirSync(scope, { recursive: true });
  symlinkSync(join(__dirname, '..'), join(scope, 'node-red'), 'junction');
  const installed = { name: 'flows', dependencies: { '@priority-redlock/node-red': '*' } };
  writeFileSync(join(userDir, 'package.json'), JSON.stringify(installed));
  writeFileSync(join(userDir, 'flows.json'), JSON.stringify(FLOW));
  return userDir;
}

const FLOW: readonly StoredNode[] = [
  { id: 'tab', type: 'tab', label: 'House', disabled: false },
  // Of its own, because the usual port may be in use here.
  {
    id: 'registry',
    type: 'lock-registry',
    broker: 'embedded',
    bind: '127.0.0.1',
    port: '0',
    prefix: 'locks',
  },
  changeNode('change-1', 'change-2'),
  changeNode('change-2', 'change-end'),
  endNode('change-end'),
  acquireNode('acquire', 'lights', 'renew', 'release'),
  releaseNode('release', 'lock-end'),
  endNode('lock-end'),
  acquireNode('mutex', 'heating', 'each', 'mutex-release'),
  releaseNode('mutex-release', 'mutex-end'),
  endNode('mutex-end'),
];

function changeNode(id: string, next: string): StoredNode {
  const rule = { t: 'set', p: 'topic', pt: 'msg', to: 'lights', tot: 'str' };
  return { id, type: 'change', z: 'tab', x: 0, y: 0, rules: [rule], wires: [[next]] };
}

/** As it comes from the palette, but for the resource. */
function acquireNode(id: string, resource: string, further: string, next: string): StoredNode {
  return {
    ...{
      id,
      type: 'acquire',
      z: 'tab',
      x: 0,
      y: 0,
      registry: 'registry',
      resources: [{ v: resource, t: 'str' }],
      further,
    },
    ...{ level: 'comfort', levelType: 'level', valueType: 'none' },
    // A mutex for messages has a lease of its own.
    ...(further === 'each' ? {} : { ttlType: 'none' }),
    ttlUnit: 'min',
    wires: [[next], [], [], []],
  };
}

function releaseNode(id: string, next: string): StoredNode {
  return {
    id,
    type: 'release',
    z: 'tab',
    x: 0,
    y: 0,
    registry: 'registry',
    mode: 'lock',
    nodes: [],
    wires: [[next]],
  };
}

function endNode(id: string): StoredNode {
  return { id, type: 'junction', z: 'tab', x: 0, y: 0, wires: [[]] };
}
