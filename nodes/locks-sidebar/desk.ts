// The registries of the flows as the sidebar knows them: each with its history, its feed and its hand.
import type { NodeAPI, NodeDef } from 'node-red';
import type { Clock } from '../../src/protocol';
import type { Registry } from '../../src/registry/registry';
import { findRegistry } from '../shared/registry-node';
import { Feed } from './feed';
import { Hand } from './hand';
import { History } from './history';
import { Nudge } from './nudge';
import { Places } from './places';
import type { RegistryName, View } from './shown';

/** What is kept of a registry as long as a lock-registry node has it. */
interface Attended {
  readonly registry: Registry;
  readonly feed: Feed;
  readonly hand: Hand;
  stop(): void;
}

type RegistryNode = NodeDef & { readonly prefix?: string };

export class Desk {
  readonly #RED: NodeAPI;
  readonly #clock: Clock;
  readonly #places: Places;
  readonly #nudge: Nudge;
  /** By the id of the lock-registry node; of several nodes with one registry the first. */
  #attended: ReadonlyMap<string, Attended> = new Map();
  #names: readonly RegistryName[] = [];

  constructor(RED: NodeAPI, clock: Clock, tell: () => void) {
    this.#RED = RED;
    this.#clock = clock;
    this.#places = new Places(RED);
    this.#nudge = new Nudge(clock, tell);
  }

  /** The flows have started: some registries may have come or gone, and nodes too. */
  renew(): void {
    this.#places.renew();
    const before = new Map([...this.#attended.values()].map((one) => [one.registry, one]));
    const now = new Map<Registry, [id: string, attended: Attended]>();
    const names: RegistryName[] = [];
    this.#RED.nodes.eachNode((node: RegistryNode) => {
      const registry = node.type === 'lock-registry' ? findRegistry(this.#RED, node.id) : undefined;
      if (registry === undefined || now.has(registry)) return;
      now.set(registry, [node.id, before.get(registry) ?? this.#attend(registry)]);
      names.push({ id: node.id, name: node.name || node.prefix || 'locks' });
    });
    for (const [registry, { stop, feed }] of before) {
      if (now.has(registry)) feed.stop();
      else stop();
    }
    this.#attended = new Map(now.values());
    this.#names = names;
    this.#nudge.request();
  }

  /** Everything new of a registry since a cursor; of the first one if there is none with this id. */
  view(id: string | undefined, cursor: string | undefined): View {
    const { wall: now } = this.#clock.now();
    const registry = this.#names.find((one) => one.id === id)?.id ?? this.#names[0]?.id;
    const attended = this.#attended.get(registry ?? '');
    if (registry === undefined || attended === undefined) return { now, registries: [] };
    return { now, registries: this.#names, registry, changes: attended.feed.since(cursor) };
  }

  find(id: string): Attended | undefined {
    return this.#attended.get(id);
  }

  #attend(registry: Registry): Attended {
    const history = new History();
    const feed = new Feed({
      ...{ registry, history, places: this.#places, clock: this.#clock },
      makeId: () => this.#RED.util.generateId(),
      nudge: () => this.#nudge.request(),
    });
    // Nobody is told of what a registry has found from before its start.
    void registry.ready.then(() => {
      feed.stop();
      this.#nudge.request();
    });
    const deafen = registry.onEvent((event) => history.note(event));
    const stop = () => {
      deafen();
      feed.stop();
    };
    return { registry, feed, hand: new Hand(registry, this.#clock), stop };
  }
}
