// The way to a real broker over the mqtt package. It makes a fresh client for each try, because a client that
// reconnects by itself sends what it had kept: whatever was meant for a lost connection must never be sent later.
import { connect, type IClientOptions, type IConnackPacket, type MqttClient } from 'mqtt';
import type { Clock, Random, Timer } from '../protocol/clock';
import { BackOff } from './back-off';
import { type Address, readAddress, type TlsOptions } from './connection-address';
import { explainFailure, isRefusal } from './connection-reason';
import { subscribe } from './listeners';
import { Outbox, type Send } from './outbox';
import type { PublishOptions, Transport, TransportMessage, Will } from './transport';

export interface ConnectionOptions {
  /** `mqtt://house:1883`, `mqtts:`, `ws:` or `wss:`. */
  readonly url: string;
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: TlsOptions;
  /** Asked for at each connect; `undefined` where there is to be none. */
  readonly will?: () => Will | undefined;
  /** In seconds, as everywhere in MQTT. Default 15. */
  readonly keepalive?: number;
  /** 4 is MQTT 3.1.1, the default. */
  readonly protocolVersion?: 4 | 5;
  /** How long a broker may take to answer, in ms. Default 10 s. */
  readonly connectTimeout?: number;
  /** `false`: it is never made again by itself, neither after a loss nor after a try that failed. Default `true`. */
  readonly reconnects?: boolean;
  /** Told why, whenever the broker refuses whoever connects as we do: the next try will end in the same way. */
  readonly onRefused?: (reason: string) => void;
  readonly clock: Clock;
  readonly random: Random;
}

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 30_000;
/** A connection that lasted as long was a good one: the next try may come soon again. */
const STABLE_MS = 10_000;
/** How long a broker is waited for that does not close its end after our goodbye. */
const GOODBYE_MS = 1_000;
const CONNECT_TIMEOUT_MS = 10_000;
const KEEPALIVE_S = 15;
/** As many as there are packet ids. */
const MOST_UNACKNOWLEDGED = 65_535;

export class MqttConnection implements Transport {
  readonly #options: ConnectionOptions;
  readonly #address: Address;
  readonly #backOff: BackOff;
  #client: MqttClient | undefined;
  #connectedAt: number | undefined;
  #retry: Timer | undefined;
  #lastError: unknown;
  /** Why there is no connection, as it was told last. */
  #told: string | undefined;
  #outbox = new Outbox(MOST_UNACKNOWLEDGED);
  readonly #messageListeners = new Set<(message: TransportMessage) => void>();
  readonly #connectionListeners = new Set<(connected: boolean, reason?: string) => void>();

  /** Throws a `RangeError` for a URL that is none. Connects only when started. */
  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#address = readAddress(options.url, options.tls);
    this.#backOff = new BackOff({ first: FIRST_RETRY_MS, longest: LONGEST_RETRY_MS, random: options.random });
  }

  get connected(): boolean {
    return this.#connectedAt !== undefined;
  }

  start(): void {
    if (this.#client === undefined && this.#retry === undefined) this.#connect();
  }

  async stop(): Promise<void> {
    this.#retry?.cancel();
    this.#retry = undefined;
    const client = this.#client;
    const wasConnected = this.connected;
    this.#client = undefined;
    this.#connectedAt = undefined;
    if (client !== undefined) await this.#end(client, wasConnected);
    this.#outbox.fail(new Error('stopped'));
  }

  publish(topic: string, payload: string, { qos, retain }: PublishOptions): Promise<void> {
    return this.#send(qos === 1, (client) => (done) => client.publish(topic, payload, { qos, retain }, done));
  }

  async subscribe(filters: string | readonly string[], qos: 0 | 1): Promise<void> {
    const wanted = [filters].flat();
    try {
      await this.#send(false, (client) => (done) => client.subscribe(wanted, { qos }, done));
    } catch (error) {
      if (!this.connected) throw error;
      throw new Error(`the broker refuses the subscription to ${wanted.join(', ')}`, { cause: error });
    }
  }

  unsubscribe(filter: string): Promise<void> {
    return this.#send(false, (client) => (done) => client.unsubscribe(filter, done));
  }

  onMessage(listener: (message: TransportMessage) => void): () => void {
    return subscribe(this.#messageListeners, listener);
  }

  onConnection(listener: (connected: boolean, reason?: string) => void): () => void {
    return subscribe(this.#connectionListeners, listener);
  }

  #send(counts: boolean, over: (client: MqttClient) => Send): Promise<void> {
    const client = this.#client;
    if (client === undefined || !this.connected) {
      return Promise.reject(new Error(`not connected (${this.#told ?? 'not yet'})`));
    }
    return this.#outbox.send(counts, over(client));
  }

  #connect(): void {
    this.#retry = undefined;
    this.#lastError = undefined;
    try {
      this.#client = connect(this.#clientOptions());
      this.#follow(this.#client);
    } catch (error) {
      // Certificates that cannot be read, for one.
      this.#lastError = error;
      this.#lose();
    }
  }

  #clientOptions(): IClientOptions {
    const { clientId, username, password, will, keepalive, protocolVersion, connectTimeout } = this.#options;
    return {
      ...this.#address.client,
      clientId,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      will: will?.(),
      keepalive: keepalive ?? KEEPALIVE_S,
      protocolVersion: protocolVersion ?? 4,
      connectTimeout: connectTimeout ?? CONNECT_TIMEOUT_MS,
      clean: true,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      // Else each message is told to a log that nobody reads, a fifth of all that is allocated.
      log: () => undefined,
    };
  }

  #follow(client: MqttClient): void {
    // The first error says why; those that follow are only its consequences.
    const note = (error: unknown) => {
      this.#lastError ??= error;
    };
    client.on('error', note);
    client.stream.on('error', note);
    client.on('disconnect', ({ reasonCode }) => note({ code: reasonCode }));
    client.on('connect', (connack) => {
      if (client === this.#client) this.#open(client, connack);
    });
    client.on('message', (topic, payload, { retain }) => {
      if (client !== this.#client) return;
      for (const listener of [...this.#messageListeners]) listener({ topic, payload, retain });
    });
    // Before the client itself hears of it, so that whoever waits is told the reason, and not only that it is closed.
    client.stream.prependListener('close', () => {
      if (client !== this.#client) return;
      this.#lose();
      client.end(true);
    });
  }

  #open(client: MqttClient, connack: IConnackPacket): void {
    sendAtOnce(client.stream);
    // Each publish that waits for a full socket listens for it: as many as may be on their way.
    client.stream.setMaxListeners(0);
    this.#outbox = new Outbox(connack.properties?.receiveMaximum ?? MOST_UNACKNOWLEDGED);
    this.#connectedAt = this.#options.clock.now().monotonic;
    this.#told = undefined;
    this.#tell(true);
  }

  #lose(): void {
    const { clock, reconnects = true } = this.#options;
    const since = this.#connectedAt;
    const established = since !== undefined;
    const reason = explainFailure({ address: this.#address.text, error: this.#lastError, established });
    this.#client = undefined;
    this.#connectedAt = undefined;
    if (established && clock.now().monotonic - since >= STABLE_MS) this.#backOff.reset();
    if (reconnects) this.#retry = clock.setTimer(this.#backOff.next(), () => this.#connect());
    this.#outbox.fail(new Error(`connection lost (${reason})`));
    if (!established && reason === this.#told) return;
    this.#told = reason;
    if (!established && isRefusal(this.#lastError)) this.#options.onRefused?.(reason);
    this.#tell(false, reason);
  }

  #tell(connected: boolean, reason?: string): void {
    for (const listener of [...this.#connectionListeners]) listener(connected, reason);
  }

  #end(client: MqttClient, politely: boolean): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.setTimer(GOODBYE_MS, () => client.stream.destroy());
      client.once('close', () => {
        timer.cancel();
        resolve();
      });
      client.end(!politely);
    });
  }
}

// Without it a small message waits for the acknowledgement of the one before it, 40 ms and more.
function sendAtOnce(stream: object): void {
  if ('setNoDelay' in stream && typeof stream.setNoDelay === 'function') stream.setNoDelay(true);
}
