// Keeps Home Assistant told of every resource, for as long as this arbiter decides and its rules say so; and has the broker
// forget what is told of resources that are gone. Publishes at a pace that a broker and Home Assistant can follow.
import type { Timer } from '../protocol';
import type { Complaints } from './arbiter-complaints';
import type { Context } from './arbiter-context';
import {
  allDiscovery,
  birthTopic,
  type DiscoveryNames,
  discoveryMessage,
  discoveryTopic,
  HOME_ASSISTANT,
} from './discovery-message';
import { errorText } from './error-text';
import { waitForGoodbye } from './goodbye';
import { manualPriority } from './levels';
import { topicMatcher } from './topic-filter';
import type { Transport, TransportMessage } from './transport';

/** So many messages each time, and the time between; in ms. */
const TOGETHER = 20;
const PACE_MS = 100;

export interface DiscoveryParts {
  readonly context: Context;
  readonly transport: Transport;
  readonly complaints: Complaints;
  /** Every resource that is shown. */
  readonly resources: () => Iterable<string>;
}

export class Discovery {
  readonly #parts: DiscoveryParts;
  /** `undefined` while Home Assistant is told nothing. */
  #names: DiscoveryNames | undefined;
  #isOpen = false;
  /** What the broker is to retain, and the resource that it is about. */
  readonly #wanted = new Map<string, string>();
  /** The same resources: each change looks here, and a topic costs. */
  readonly #noted = new Set<string>();
  /** What was published on this connection. */
  readonly #told = new Map<string, string>();
  readonly #due = new Set<string>();
  /** What the broker is to forget: kept in mind until there is one that does. */
  readonly #leaving = new Set<string>();
  #timer: Timer | undefined;
  readonly #underWay = new Set<Promise<void>>();
  readonly #stopListening: () => void;

  constructor(parts: DiscoveryParts) {
    this.#parts = parts;
    this.#stopListening = parts.transport.onMessage((message) => this.#hear(message));
  }

  /** What is decided is published from now on. */
  opened(): void {
    this.#isOpen = true;
    this.#told.clear();
    this.#names = undefined;
    this.#begin();
    for (const topic of this.#leaving) this.#due.add(topic);
    this.#schedule(0);
  }

  /** There is no broker, or somebody else decides. */
  closed(): void {
    this.#isOpen = false;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#due.clear();
  }

  /** A resource is shown, as it may have been before. */
  note(resource: string): void {
    const names = this.#names;
    if (names === undefined || !this.#isOpen || this.#noted.has(resource)) return;
    this.#want(discoveryTopic(resource, names), resource);
    this.#schedule(0);
  }

  /** A resource is shown no longer. */
  noteForgotten(resource: string): void {
    const names = this.#names;
    if (names === undefined || this.#parts.context.rules.defaults.named.includes(resource)) return;
    this.#leave(discoveryTopic(resource, names));
    this.#schedule(0);
  }

  /** Other rules are in force. */
  rulesChanged(): void {
    if (!this.#isOpen) return;
    const before = this.#names;
    if (before !== undefined && before.prefix !== this.#parts.context.rules.discovery) {
      this.#unsubscribe(before);
      this.#names = undefined;
    }
    this.#begin();
    this.#schedule(0);
  }

  /** Has the broker forget what it should, and resolves when it has, or does not answer. */
  async stop(): Promise<void> {
    this.#stopListening();
    if (this.#isOpen) for (const topic of this.#leaving) this.#publish(topic, '');
    this.closed();
    if (this.#underWay.size > 0) await waitForGoodbye(this.#parts.context.clock, this.#underWay);
  }

  #begin(): void {
    const names = this.#namesNow();
    const shown = names === undefined ? new Map<string, string>() : this.#shown(names);
    for (const topic of [...this.#wanted.keys()]) if (!shown.has(topic)) this.#leave(topic);
    for (const [topic, resource] of shown) this.#want(topic, resource);
    for (const topic of shown.keys()) this.#due.add(topic);
    if (names !== undefined && this.#names === undefined) void this.#subscribe(names);
    this.#names = names;
  }

  #namesNow(): DiscoveryNames | undefined {
    const { topics, rules } = this.#parts.context;
    const { discovery: prefix, levels } = rules;
    return prefix === undefined ? undefined : { topics, prefix, manual: manualPriority(levels) };
  }

  /** The resources that there are, by topic. */
  #shown(names: DiscoveryNames): ReadonlyMap<string, string> {
    const { context, resources } = this.#parts;
    const shown = [...resources(), ...context.rules.defaults.named];
    return new Map(shown.map((resource) => [discoveryTopic(resource, names), resource]));
  }

  #want(topic: string, resource: string): void {
    if (this.#wanted.has(topic)) return;
    this.#wanted.set(topic, resource);
    this.#noted.add(resource);
    this.#leaving.delete(topic);
    this.#due.add(topic);
  }

  #leave(topic: string): void {
    this.#noted.delete(this.#wanted.get(topic) ?? '');
    this.#wanted.delete(topic);
    this.#leaving.add(topic);
    this.#due.add(topic);
  }

  async #subscribe(names: DiscoveryNames): Promise<void> {
    const { transport, complaints } = this.#parts;
    const filters = [birthTopic(names), allDiscovery(names)];
    try {
      await transport.subscribe(filters, 1);
    } catch (error) {
      if (transport.connected)
        complaints.warn(names.prefix, `may not read ${filters.join(', ')}: ${errorText(error)}`);
    }
  }

  #unsubscribe(names: DiscoveryNames): void {
    for (const filter of [birthTopic(names), allDiscovery(names)]) {
      // Without a connection nothing is subscribed.
      this.#parts.transport.unsubscribe(filter).catch(() => undefined);
    }
  }

  #hear({ topic, payload, retain }: TransportMessage): void {
    const names = this.#names;
    if (names === undefined || !this.#isOpen) return;
    if (topic === birthTopic(names)) {
      if (!retain && new TextDecoder().decode(payload) === 'online') this.#tellAgain();
      return;
    }
    // Of a resource that was gone before this start.
    const isLeft = retain && payload.length > 0 && !this.#wanted.has(topic);
    if (!isLeft || !topicMatcher(allDiscovery(names))(topic)) return;
    this.#leave(topic);
    this.#schedule(0);
  }

  /** Home Assistant has started. */
  #tellAgain(): void {
    this.#told.clear();
    for (const topic of this.#wanted.keys()) this.#due.add(topic);
    this.#schedule(0);
  }

  #schedule(delayMs: number): void {
    if (!this.#isOpen || this.#due.size === 0) return;
    this.#timer ??= this.#parts.context.clock.setTimer(delayMs, () => this.#tellSome());
  }

  #tellSome(): void {
    this.#timer = undefined;
    let left = TOGETHER;
    for (const topic of this.#due) {
      if (left === 0) break;
      this.#due.delete(topic);
      if (this.#tell(topic)) left -= 1;
    }
    this.#schedule(PACE_MS);
  }

  /** Whether there was something to tell. */
  #tell(topic: string): boolean {
    const resource = this.#wanted.get(topic);
    const names = this.#names;
    const text = resource === undefined || names === undefined ? '' : discoveryMessage(resource, names);
    if (this.#told.get(topic) === text) return false;
    this.#publish(topic, text);
    return true;
  }

  #publish(topic: string, text: string): void {
    const { transport, complaints } = this.#parts;
    if (text === '') this.#told.delete(topic);
    else this.#told.set(topic, text);
    const sent = transport.publish(topic, text, { qos: 1, retain: true }).then(
      () => {
        if (text === '') this.#leaving.delete(topic);
      },
      (error: unknown) => {
        // What is lost with the connection is told on the next one.
        if (transport.connected)
          complaints.warn(HOME_ASSISTANT, `the broker refuses a message on ${topic}: ${errorText(error)}`);
      },
    );
    const done = sent.finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
  }
}
