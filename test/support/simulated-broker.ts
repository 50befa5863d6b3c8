// An MQTT broker in memory for tests of the arbiter: retained messages, wills, one connection per client id, messages
// in order after a fixed latency of a clock that the test turns. No sockets, no chance.

import { subscribe } from '../../src/mqtt/listeners';
import { topicMatcher } from '../../src/mqtt/topic-filter';
import type { PublishOptions, Transport, TransportMessage, Will } from '../../src/mqtt/transport';
import type { Clock, Timer } from '../../src/protocol/clock';

export interface SimulatedBrokerOptions {
  readonly clock: Clock;
  /** From a client to the broker, and from the broker to a client. Default 1. */
  readonly latencyMs?: number;
  /** How long a client waits before it tries again. Default 100. */
  readonly reconnectMs?: number;
}

export interface Published extends PublishOptions {
  readonly topic: string;
  readonly payload: string;
  /** Whose client id; `undefined` for what the test itself published. */
  readonly by: string | undefined;
}

export interface SimulatedClientOptions {
  readonly clientId: string;
  /** Asked for at each connect; `undefined` where there is to be none. */
  readonly will?: () => Will | undefined;
  /** `false`: a connection that is lost is not made again. */
  readonly reconnects?: boolean;
}

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
  #up = true;
  #clients = new Map<string, SimulatedTransport>();

  constructor(options: SimulatedBrokerOptions) {
    this.clock = options.clock;
    this.latencyMs = options.latencyMs ?? 1;
    this.reconnectMs = options.reconnectMs ?? 100;
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

  /** Loses every connection; with `store: 'lost'` everything retained, too. */
  stop(store: 'kept' | 'lost' = 'kept'): void {
    this.#up = false;
    for (const client of [...this.#clients.values()]) this.cut(client.clientId, 'the broker is gone');
    if (store === 'lost') this.retained.clear();
  }

  start(): void {
    this.#up = true;
  }

  /** Loses one connection: its will is published. */
  cut(clientId: string, reason = 'the connection was lost'): void {
    const client = this.#clients.get(clientId);
    if (client === undefined) return;
    this.#clients.delete(clientId);
    client.lose(reason);
    if (client.will !== undefined) this.receive({ ...client.will, by: clientId });
  }

  /** For clients: joins, closing whoever has the same id. */
  join(client: SimulatedTransport): void {
    this.cut(client.clientId, 'another client has taken this client id');
    this.#clients.set(client.clientId, client);
  }

  /** For clients: leaves with a goodbye, so without a will. */
  leave(client: SimulatedTransport): void {
    if (this.#clients.get(client.clientId) === client) this.#clients.delete(client.clientId);
  }

  /** For clients: a publish has arrived. */
  receive(published: Published): void {
    const { topic, payload, by } = published;
    if (by !== undefined && !this.mayPublish(by, topic)) return;
    this.log.push(published);
    if (published.retain && payload === '') this.retained.delete(topic);
    else if (published.retain) this.retained.set(topic, payload);
    for (const client of this.#clients.values()) client.offer(topic, payload);
  }
}

interface Unacknowledged {
  readonly reject: (error: Error) => void;
}

export class SimulatedTransport implements Transport {
  readonly clientId: string;
  /** Of the connection that is there, or was there last. */
  will: Will | undefined;
  readonly #makeWill: SimulatedClientOptions['will'];
  readonly #reconnects: boolean;
  connected = false;
  readonly #broker: SimulatedBroker;
  #started = false;
  /** Grows with every connection: what was under way on an older one is lost. */
  #connection = 0;
  #retry: Timer | undefined;
  /** Why there is no connection, as it was told last. */
  #reason: string | undefined;
  readonly #filters = new Map<string, (topic: string) => boolean>();
  readonly #unacknowledged = new Set<Unacknowledged>();
  readonly #messageListeners = new Set<(message: TransportMessage) => void>();
  readonly #connectionListeners = new Set<(connected: boolean, reason?: string) => void>();

  constructor(broker: SimulatedBroker, options: SimulatedClientOptions) {
    this.#broker = broker;
    this.clientId = options.clientId;
    this.#makeWill = options.will;
    this.#reconnects = options.reconnects ?? true;
  }

  start(): void {
    this.#started = true;
    this.#retry = this.#broker.clock.setTimer(this.#broker.latencyMs, () => this.#connect());
  }

  async stop(): Promise<void> {
    this.#started = false;
    this.#retry?.cancel();
    this.#broker.leave(this);
    this.#end(new Error('stopped'));
  }

  publish(topic: string, payload: string, options: PublishOptions): Promise<void> {
    if (!this.connected) return Promise.reject(new Error('not connected'));
    const published = { topic, payload, qos: options.qos, retain: options.retain, by: this.clientId };
    if (options.qos === 1) return this.#roundTrip(() => this.#broker.receive(published));
    this.#later(() => this.#broker.receive(published));
    return Promise.resolve();
  }

  subscribe(filters: string | readonly string[]): Promise<void> {
    if (!this.connected) return Promise.reject(new Error('not connected'));
    return this.#roundTrip(() => {
      for (const filter of [filters].flat()) this.#subscribeAtBroker(filter, topicMatcher(filter));
    });
  }

  unsubscribe(filter: string): Promise<void> {
    if (!this.connected) return Promise.reject(new Error('not connected'));
    return this.#roundTrip(() => void this.#filters.delete(filter));
  }

  onMessage(listener: (message: TransportMessage) => void): () => void {
    return subscribe(this.#messageListeners, listener);
  }

  onConnection(listener: (connected: boolean, reason?: string) => void): () => void {
    return subscribe(this.#connectionListeners, listener);
  }

  /** For the broker: the connection is gone. */
  lose(reason: string): void {
    this.#end(new Error(reason));
    if (!this.#started) return;
    const told = this.#reason === reason;
    this.#reason = reason;
    if (!told) for (const listener of [...this.#connectionListeners]) listener(false, reason);
    if (this.#reconnects)
      this.#retry = this.#broker.clock.setTimer(this.#broker.reconnectMs, () => this.#connect());
  }

  /** For the broker: a message for whoever wants it. */
  offer(topic: string, payload: string): void {
    const wanted = [...this.#filters.values()].some((matches) => matches(topic));
    if (wanted) this.#deliver(topic, payload, false);
  }

  #subscribeAtBroker(filter: string, matches: (topic: string) => boolean): void {
    this.#filters.set(filter, matches);
    // As on Mosquitto: the acknowledgement first, then what is retained.
    for (const [topic, payload] of this.#broker.retained) {
      if (matches(topic)) this.#deliver(topic, payload, true);
    }
  }

  #connect(): void {
    if (!this.#broker.isUp) {
      this.lose('the broker is gone');
      return;
    }
    this.will = this.#makeWill?.();
    this.#broker.join(this);
    this.#connection += 1;
    this.connected = true;
    this.#reason = undefined;
    for (const listener of [...this.#connectionListeners]) listener(true);
  }

  #end(error: Error): void {
    this.connected = false;
    this.#connection += 1;
    this.#filters.clear();
    for (const { reject } of this.#unacknowledged) reject(error);
    this.#unacknowledged.clear();
  }

  #deliver(topic: string, payload: string, retain: boolean): void {
    const message = { topic, payload: Buffer.from(payload), retain };
    this.#later(() => {
      for (const listener of [...this.#messageListeners]) listener(message);
    });
  }

  /** Does something at the broker, and resolves when the acknowledgement has come back. */
  #roundTrip(atBroker: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting = { reject };
      this.#unacknowledged.add(waiting);
      this.#later(() => {
        this.#later(() => {
          this.#unacknowledged.delete(waiting);
          resolve();
        });
        atBroker();
      });
    });
  }

  #later(callback: () => void): void {
    const connection = this.#connection;
    this.#broker.clock.setTimer(this.#broker.latencyMs, () => {
      if (connection === this.#connection) callback();
    });
  }
}
