// An MQTT broker in memory: retained messages, wills, keepalive, one connection per client id, messages in order after a
// latency of a clock that the test turns. No sockets, and no chance but what the routes of its clients bring.
import { topicMatcher } from '../../src/mqtt/topic-filter';
import type { PublishOptions } from '../../src/mqtt/transport';
import type { Clock, Timer } from '../../src/protocol/clock';
import { type SimulatedClientOptions, SimulatedTransport } from './simulated-client';
import type { SimulatedConnection } from './simulated-connection';

export type { SimulatedTransport } from './simulated-client';

export interface SimulatedBrokerOptions {
  readonly clock: Clock;
  /** From a client to the broker, and from the broker to a client. Default 1. */
  readonly latencyMs?: number;
  /** How long a client waits before it tries again. Default 100. */
  readonly reconnectMs?: number;
  /** Keeps everything that was published; default `true`. */
  readonly isLogging?: boolean;
}

export interface Published extends PublishOptions {
  readonly topic: string;
  readonly payload: string;
  /** Whose client id; `undefined` for what the test itself published. */
  readonly by: string | undefined;
}

/** Silence of one and a half keepalives is the end of a connection. */
const PATIENCE = 1.5;

export class SimulatedBroker {
  /** What it retains: payloads by topic. */
  readonly retained = new Map<string, string>();
  /** Everything that was ever published, in order. */
  readonly log: Published[] = [];
  readonly clock: Clock;
  readonly latencyMs: number;
  readonly reconnectMs: number;
  /** Refuses a publish of a client, as a broker's access list does: it is acknowledged and dropped. */
  mayPublish: (clientId: string, topic: string) => boolean = () => true;
  /** Told of everything that is published. */
  onPublished: (published: Published) => void = () => undefined;
  readonly #isLogging: boolean;
  #up = true;
  readonly #connections = new Map<string, SimulatedConnection>();
  readonly #silences = new Map<SimulatedConnection, Timer>();
  /** Who wants a topic, as long as no subscription changes. */
  readonly #audiences = new Map<string, readonly SimulatedConnection[]>();

  constructor({ clock, latencyMs = 1, reconnectMs = 100, isLogging = true }: SimulatedBrokerOptions) {
    this.clock = clock;
    this.latencyMs = latencyMs;
    this.reconnectMs = reconnectMs;
    this.#isLogging = isLogging;
  }

  get isUp(): boolean {
    return this.#up;
  }

  /** A client that connects when it is started, and again whenever it can. */
  client(options: SimulatedClientOptions): SimulatedTransport {
    return new SimulatedTransport(this, options);
  }

  /** Publishes as a device would, at this moment. */
  publish(topic: string, payload: string, options: Partial<PublishOptions> = {}): void {
    this.receive({ topic, payload, qos: options.qos ?? 1, retain: options.retain ?? false, by: undefined });
  }

  /** Parsed payloads of everything that was published on topics that match, in order. */
  published(filter: string): readonly unknown[] {
    const matches = topicMatcher(filter);
    return this.log
      .filter(({ topic, payload }) => payload !== '' && matches(topic))
      .map(({ payload }) => JSON.parse(payload));
  }

  /** Loses every connection, publishing their wills; with `store: 'lost'` everything retained, too. */
  stop(store: 'kept' | 'lost' = 'kept'): void {
    this.#up = false;
    for (const clientId of [...this.#connections.keys()]) this.cut(clientId, 'the broker is gone');
    if (store === 'lost') this.retained.clear();
  }

  /** Is gone in the middle of everything, without wills. With `isSilent` nobody is told: its machine is off, too. */
  crash(isSilent: boolean): void {
    this.#up = false;
    for (const connection of [...this.#connections.values()]) {
      this.#forget(connection);
      connection.closeAtBroker(isSilent ? undefined : 'the broker is gone');
    }
  }

  /** With a store, if it is not to be the one that it had. */
  start(store?: ReadonlyMap<string, string>): void {
    this.#up = true;
    if (store === undefined) return;
    const old = [...store];
    this.retained.clear();
    for (const [topic, payload] of old) this.retained.set(topic, payload);
  }

  /** Loses one connection: both ends know it at once, and its will is published. */
  cut(clientId: string, reason = 'the connection was lost'): void {
    const connection = this.#connections.get(clientId);
    if (connection === undefined) return;
    this.#forget(connection);
    connection.cut(reason);
    this.#publishWill(connection);
  }

  /** The broker's end is closed, the client hears of it when it can, and the will is published. */
  drop(connection: SimulatedConnection, reason: string): void {
    if (!this.#has(connection)) return;
    this.#forget(connection);
    connection.closeAtBroker(reason);
    this.#publishWill(connection);
  }

  // For connections.

  /** Joins, closing whoever has the same client id. */
  join(connection: SimulatedConnection): void {
    const other = this.#connections.get(connection.clientId);
    if (other !== undefined) this.drop(other, 'another client has taken this client id');
    this.#connections.set(connection.clientId, connection);
  }

  /** Leaves with a goodbye, so without a will. */
  leave(connection: SimulatedConnection): void {
    if (!this.#has(connection)) return;
    this.#forget(connection);
    connection.closeAtBroker(undefined);
  }

  /** Nothing comes from it, or something comes again. */
  noteSilence(connection: SimulatedConnection, isSilent: boolean): void {
    if (!this.#has(connection) || isSilent === this.#silences.has(connection)) return;
    const { keepaliveMs } = connection;
    if (isSilent) {
      const timer = this.clock.setTimer(keepaliveMs * PATIENCE, () => this.drop(connection, 'keepalive'));
      this.#silences.set(connection, timer);
    } else this.#endSilence(connection);
  }

  /** A publish has arrived. */
  receive(published: Published): void {
    const { topic, payload, by, qos } = published;
    if (by !== undefined && !this.mayPublish(by, topic)) return;
    if (this.#isLogging) this.log.push(published);
    this.onPublished(published);
    if (published.retain && payload === '') this.retained.delete(topic);
    else if (published.retain) this.retained.set(topic, payload);
    const audience = this.#audienceOf(topic);
    if (audience.length === 0) return;
    const bytes = Buffer.from(payload);
    const canBeLost = qos === 0 && !published.retain;
    for (const connection of audience)
      connection.deliver({ topic, payload: bytes, retain: false }, canBeLost);
  }

  /** A subscription of that connection has changed. */
  noteSubscriptions(): void {
    this.#audiences.clear();
  }

  #has(connection: SimulatedConnection): boolean {
    return this.#connections.get(connection.clientId) === connection;
  }

  #forget(connection: SimulatedConnection): void {
    this.#connections.delete(connection.clientId);
    this.#audiences.clear();
    this.#endSilence(connection);
  }

  #endSilence(connection: SimulatedConnection): void {
    this.#silences.get(connection)?.cancel();
    this.#silences.delete(connection);
  }

  #publishWill({ will, clientId }: SimulatedConnection): void {
    if (will !== undefined) this.receive({ ...will, by: clientId });
  }

  #audienceOf(topic: string): readonly SimulatedConnection[] {
    const known = this.#audiences.get(topic);
    if (known !== undefined) return known;
    const audience = [...this.#connections.values()].filter((connection) => connection.wants(topic));
    this.#audiences.set(topic, audience);
    return audience;
  }
}
