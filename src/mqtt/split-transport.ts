// One transport made of two connections: what is published goes over one, what is subscribed to comes over the other. So
// acknowledgements never hold up messages, as they do on brokers whose small writes wait for each other.
import { subscribe } from './listeners';
import type { PublishOptions, Transport, TransportMessage } from './transport';

export interface SplitOptions {
  /** Carries what is published; its will is the will of both. */
  readonly write: Transport;
  /** Carries subscriptions, and all messages. */
  readonly read: Transport;
}

export class SplitTransport implements Transport {
  readonly #write: Transport;
  readonly #read: Transport;
  #isStarted = false;
  /** What was told last: `true` when connected, else why not. */
  #told: true | string | undefined;
  #stopListening: readonly (() => void)[] = [];
  readonly #connectionListeners = new Set<(connected: boolean, reason?: string) => void>();

  constructor({ write, read }: SplitOptions) {
    this.#write = write;
    this.#read = read;
  }

  /** Only when both are. */
  get connected(): boolean {
    return this.#write.connected && this.#read.connected;
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#told = undefined;
    this.#stopListening = [this.#write, this.#read].map((half) =>
      half.onConnection((connected, reason) => this.#hear(connected, reason)),
    );
    this.#read.start();
    this.#write.start();
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    for (const stop of this.#stopListening) stop();
    this.#stopListening = [];
    await Promise.all([this.#write.stop(), this.#read.stop()]);
  }

  publish(topic: string, payload: string, options: PublishOptions): Promise<void> {
    return this.#write.publish(topic, payload, options);
  }

  subscribe(filters: string | readonly string[], qos: 0 | 1): Promise<void> {
    return this.#read.subscribe(filters, qos);
  }

  unsubscribe(filter: string): Promise<void> {
    return this.#read.unsubscribe(filter);
  }

  onMessage(listener: (message: TransportMessage) => void): () => void {
    return this.#read.onMessage(listener);
  }

  onConnection(listener: (connected: boolean, reason?: string) => void): () => void {
    return subscribe(this.#connectionListeners, listener);
  }

  /** When one half is lost, the whole is; when both have failed for the same reason, that is told once. */
  #hear(isUp: boolean, reason: string | undefined): void {
    if (isUp && !this.connected) return;
    const news = isUp ? true : (reason ?? 'the connection is lost');
    if (news === this.#told) return;
    this.#told = news;
    for (const listener of [...this.#connectionListeners]) listener(isUp, reason);
  }
}
