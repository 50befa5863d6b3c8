// The client's end of a connection to the broker in memory: connects when started, and again whenever it can.
import { subscribe } from '../../src/mqtt/listeners';
import type { PublishOptions, Transport, TransportMessage, Will } from '../../src/mqtt/transport';
import type { Clock, Timer } from '../../src/protocol/clock';
import type { SimulatedBroker } from './simulated-broker';
import { type ClientEnd, SimulatedConnection } from './simulated-connection';
import type { Route } from './simulated-lane';

/** The process in which a client lives. */
export interface Host extends Clock {
  /** Happens there, when it runs. */
  run(callback: () => void): void;
  readonly isRunning: boolean;
}

export interface SimulatedClientOptions {
  readonly clientId: string;
  /** Asked for at each connect; `undefined` where there is to be none. */
  readonly will?: () => Will | undefined;
  /** `false`: a connection that is lost is not made again. */
  readonly reconnects?: boolean;
  /** Without: one that never stands still, and whose goodbyes are heard at once. */
  readonly host?: Host;
  /** Without: the broker's latency, and nothing is lost. */
  readonly route?: Route;
  /** Default 15 s. */
  readonly keepaliveMs?: number;
  /** How long it waits before it tries again, in ms; default: the broker's setting. */
  readonly retryMs?: () => number;
}

const KEEPALIVE_MS = 15_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** How long a broker is waited for that does not answer a goodbye. */
const GOODBYE_MS = 1_000;

export class SimulatedTransport implements Transport, ClientEnd {
  readonly clientId: string;
  readonly keepaliveMs: number;
  readonly route: Route;
  /** Of the connection that is there, or was there last. */
  will: Will | undefined;
  connected = false;
  readonly #broker: SimulatedBroker;
  readonly #options: SimulatedClientOptions;
  readonly #host: Host;
  #isStarted = false;
  #wasStarted = false;
  #connection: SimulatedConnection | undefined;
  /** Until the next try, or until this one has failed. */
  #timer: Timer | undefined;
  /** Until it gives up a connection on which nothing comes. */
  #deafness: Timer | undefined;
  /** Why there is no connection, as it was told last. */
  #reason: string | undefined;
  readonly #unsettled = new Set<(error: Error) => void>();
  readonly #messageListeners = new Set<(message: TransportMessage) => void>();
  readonly #connectionListeners = new Set<(connected: boolean, reason?: string) => void>();

  constructor(broker: SimulatedBroker, options: SimulatedClientOptions) {
    const { clock, latencyMs } = broker;
    this.#broker = broker;
    this.#options = options;
    this.clientId = options.clientId;
    this.keepaliveMs = options.keepaliveMs ?? KEEPALIVE_MS;
    this.route = options.route ?? { delay: () => latencyMs, isCut: () => false, copies: () => 1 };
    this.#host = options.host ?? {
      now: () => clock.now(),
      setTimer: (delayMs, callback) => clock.setTimer(delayMs, callback),
      run: (callback) => callback(),
      isRunning: true,
    };
  }

  /** It was there, is not any more, and never will be. */
  get isOver(): boolean {
    return this.#wasStarted && !this.#isStarted && this.#options.reconnects === false;
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#wasStarted = true;
    this.#connect();
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    const connection = this.#end(new Error('stopped'));
    if (connection === undefined) return;
    if (this.#options.host === undefined) this.#broker.leave(connection);
    else await this.#goodbye(connection);
  }

  publish(topic: string, payload: string, options: PublishOptions): Promise<void> {
    return this.#send((connection, landed) => {
      connection.publish(topic, payload, options, landed);
      if (options.qos === 0) landed();
    });
  }

  subscribe(filters: string | readonly string[]): Promise<void> {
    return this.#send((connection, landed) => connection.subscribe([filters].flat(), landed));
  }

  unsubscribe(filter: string): Promise<void> {
    return this.#send((connection, landed) => connection.unsubscribe(filter, landed));
  }

  onMessage(listener: (message: TransportMessage) => void): () => void {
    return subscribe(this.#messageListeners, listener);
  }

  onConnection(listener: (connected: boolean, reason?: string) => void): () => void {
    return subscribe(this.#connectionListeners, listener);
  }

  /** Its process is gone without a word. */
  kill(): void {
    this.#isStarted = false;
    this.#end(new Error('killed'))?.abandon('killed');
  }

  /** The route has been cut or mended, the process stands still or goes on, or the broker's machine is off. */
  noteRoute(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    connection.goOn();
    if (!this.connected) return;
    const { route } = this;
    this.#broker.noteSilence(connection, route.isCut('up') || !this.#host.isRunning);
    const isDeaf = route.isCut('up') || route.isCut('down') || !connection.isOpenAtBroker;
    if (isDeaf) this.#deafness ??= this.#host.setTimer(this.keepaliveMs, () => this.#giveUp(connection));
    else this.#endDeafness();
  }

  // For the connection.

  run(callback: () => void): void {
    this.#host.run(callback);
  }

  opened(connection: SimulatedConnection): void {
    if (connection !== this.#connection) return;
    this.#timer?.cancel();
    this.connected = true;
    this.#reason = undefined;
    for (const listener of [...this.#connectionListeners]) listener(true);
    this.noteRoute();
  }

  lost(connection: SimulatedConnection, reason: string): void {
    if (connection !== this.#connection) return;
    this.#end(new Error(reason));
    this.#isStarted = this.#options.reconnects ?? true;
    if (this.#isStarted) this.#retry();
    if (this.#reason === reason) return;
    this.#reason = reason;
    for (const listener of [...this.#connectionListeners]) listener(false, reason);
  }

  heard(connection: SimulatedConnection, message: TransportMessage): void {
    if (connection !== this.#connection) return;
    for (const listener of [...this.#messageListeners]) listener(message);
  }

  #connect(): void {
    this.will = this.#options.will?.();
    const connection = new SimulatedConnection(this.#broker, this);
    this.#connection = connection;
    connection.open();
    this.#timer = this.#host.setTimer(CONNECT_TIMEOUT_MS, () => this.#giveUp(connection));
  }

  #giveUp(connection: SimulatedConnection): void {
    if (connection !== this.#connection) return;
    this.#deafness = undefined;
    connection.abandon('the client has given it up');
    this.lost(connection, 'nothing comes from the broker');
  }

  #retry(): void {
    const { retryMs } = this.#options;
    this.#timer = this.#host.setTimer(retryMs?.() ?? this.#broker.reconnectMs, () => this.#connect());
  }

  #end(error: Error): SimulatedConnection | undefined {
    const connection = this.#connection;
    this.#connection = undefined;
    this.connected = false;
    this.#timer?.cancel();
    this.#endDeafness();
    for (const reject of this.#unsettled) reject(error);
    this.#unsettled.clear();
    return connection;
  }

  #endDeafness(): void {
    this.#deafness?.cancel();
    this.#deafness = undefined;
  }

  #goodbye(connection: SimulatedConnection): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#host.setTimer(GOODBYE_MS, resolve);
      connection.leave(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  /** Sends something, and resolves when it has landed; rejects when the connection is gone before. */
  #send(send: (connection: SimulatedConnection, landed: () => void) => void): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined || !this.connected) return Promise.reject(new Error('not connected'));
    return new Promise((resolve, reject) => {
      this.#unsettled.add(reject);
      send(connection, () => {
        this.#unsettled.delete(reject);
        resolve();
      });
    });
  }
}
