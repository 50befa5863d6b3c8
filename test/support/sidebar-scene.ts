// The runtime side of the sidebar in a real runtime: asked over HTTP as the editor does it, and nudging as it does.
import type { EventEmitter } from 'node:events';
import { on, once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NodeAPI } from 'node-red';
import sidebar from '../../nodes/locks-sidebar';
import { Desk } from '../../nodes/locks-sidebar/desk';
import { serve } from '../../nodes/locks-sidebar/routes';
import { NUDGE_TOPIC, ROUTE, type Row, type View } from '../../nodes/locks-sidebar/shown';
import type { LockRegistryNode } from '../../nodes/shared/registry-node';
import type { Clock } from '../../src/protocol';
import type { Change, Nodes } from './lock-flow';
import { type FlowNode, type NodeModule, type RunningFlow, settled } from './node-red';
import { RegistryScene } from './registry-scene';

type Changes = NonNullable<View['changes']>;

export class SidebarScene {
  readonly registries = new RegistryScene();
  /** How often the editors were told to ask, by a sidebar that goes by a clock of the test. */
  nudges = 0;
  #server: Server | undefined;
  #events: EventEmitter | undefined;
  #before: readonly unknown[] = [];

  /** With a clock, the sidebar goes by that one. It waits until the registries are ready. */
  async run(
    all: readonly FlowNode[],
    clock?: Clock,
    { waits = true }: { readonly waits?: boolean } = {},
  ): Promise<RunningFlow> {
    const running = await this.registries.run(all, { modules: [this.#module(clock)] });
    if (!waits) return running;
    const ids = all.filter(({ type }) => type === 'lock-registry').map(({ id }) => id);
    const nodes = ids.map((id) => running.node(id) as LockRegistryNode | null);
    await Promise.all(nodes.map((node) => node?.registry.ready));
    return running;
  }

  /** One registry and these nodes. */
  flow(change: Change, ...nodes: readonly Nodes[]): readonly FlowNode[] {
    return this.registries.withRegistries([this.registries.registry(change)], ...nodes);
  }

  /** The editors are told to ask. */
  async nudged(): Promise<void> {
    if (this.#events === undefined) throw new Error('nothing runs');
    for await (const [{ topic }] of on(this.#events, 'comms')) if (topic === NUDGE_TOPIC) return;
  }

  async ask(since = '', registry = 'registry'): Promise<View> {
    const response = await fetch(`${this.#url}?${new URLSearchParams({ registry, since })}`);
    return response.json();
  }

  async changes(since?: string, registry?: string): Promise<Changes> {
    const { changes } = await this.ask(since, registry);
    if (changes === undefined) throw new Error('there is no registry');
    return changes;
  }

  async row(resource: string): Promise<Row | undefined> {
    const { rows } = await this.changes();
    return rows.find((row) => row.resource === resource);
  }

  /** Asks for a deed, in the one registry; gives back the status and what was told. */
  async post(deed: string, body: object): Promise<readonly [status: number, told: object]> {
    return this.send(deed, { registry: 'registry', ...body });
  }

  async send(deed: string, body: object): Promise<readonly [status: number, told: object]> {
    const response = await fetch(`${this.#url}/${deed}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return [response.status, await response.json()];
  }

  /** A request of this name has come, and everything has been done about it that can be done at once. */
  async arrived(deed: string): Promise<void> {
    if (this.#server === undefined) throw new Error('nothing runs');
    for await (const [{ url }, response] of on(this.#server, 'request')) {
      if (!String(url).endsWith(deed)) continue;
      // The request has a body, which is read after its head.
      if (!response.req.readableEnded) await once(response.req, 'end');
      await settled();
      return;
    }
  }

  async end(): Promise<void> {
    for (const listener of this.#events?.listeners(STARTED) ?? []) {
      if (!this.#before.includes(listener)) this.#events?.off(STARTED, listener as () => void);
    }
    this.#server?.closeAllConnections();
    this.#server?.close();
    await this.registries.end();
  }

  #module(clock: Clock | undefined): NodeModule {
    return (RED: NodeAPI) => {
      this.#events = RED.events;
      this.#before = RED.events.listeners(STARTED);
      if (clock === undefined) sidebar(RED);
      else this.#byClock(RED, clock);
      this.#server = RED.httpAdmin.listen(0, '127.0.0.1');
      // The runtime waits for it.
      return once(this.#server, 'listening');
    };
  }

  #byClock(RED: NodeAPI, clock: Clock): void {
    const desk = new Desk(RED, clock, () => {
      this.nudges += 1;
    });
    RED.events.on(STARTED, () => desk.renew());
    serve(RED, desk);
  }

  get #url(): string {
    const { port } = (this.#server?.address() ?? {}) as Partial<AddressInfo>;
    return `http://127.0.0.1:${port}/${ROUTE}`;
  }
}

const STARTED = 'flows:started';
