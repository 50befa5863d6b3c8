// One connection to the broker in memory, as both of its ends see it: each may believe that it is there when the other
// knows better.
import { topicMatcher } from '../../src/mqtt/topic-filter';
import type { PublishOptions, TransportMessage, Will } from '../../src/mqtt/transport';
import type { SimulatedBroker } from './simulated-broker';
import { Lane, type Route } from './simulated-lane';

/** The client's end, in its process. */
export interface ClientEnd {
  readonly clientId: string;
  readonly will: Will | undefined;
  readonly keepaliveMs: number;
  readonly route: Route;
  /** What arrives happens in its process. */
  run(callback: () => void): void;
  opened(connection: SimulatedConnection): void;
  lost(connection: SimulatedConnection, reason: string): void;
  heard(connection: SimulatedConnection, message: TransportMessage): void;
}

export class SimulatedConnection {
  readonly clientId: string;
  readonly will: Will | undefined;
  readonly keepaliveMs: number;
  readonly #broker: SimulatedBroker;
  readonly #client: ClientEnd;
  readonly #route: Route;
  readonly #up: Lane;
  readonly #down: Lane;
  readonly #filters = new Map<string, (topic: string) => boolean>();
  #isOpenAtBroker = false;

  constructor(broker: SimulatedBroker, client: ClientEnd) {
    this.#broker = broker;
    this.#client = client;
    this.clientId = client.clientId;
    this.will = client.will;
    this.keepaliveMs = client.keepaliveMs;
    this.#route = client.route;
    this.#up = new Lane(broker.clock, client.route, 'up');
    this.#down = new Lane(broker.clock, client.route, 'down');
  }

  get isOpenAtBroker(): boolean {
    return this.#isOpenAtBroker;
  }

  // What the client's end does.

  open(): void {
    this.#up.send(() => {
      if (!this.#broker.isUp) {
        this.#toClient(() => this.#client.lost(this, 'the broker is gone'));
        return;
      }
      this.#isOpenAtBroker = true;
      this.#broker.join(this);
      this.#toClient(() => this.#client.opened(this));
    });
  }

  /** `landed` is called when the broker's acknowledgement has come back. */
  publish(topic: string, payload: string, options: PublishOptions, landed: () => void): void {
    const { qos, retain } = options;
    const published = { topic, payload, qos, retain, by: this.clientId };
    this.#up.send(() => {
      if (!this.#isHeard()) return;
      const copies = qos === 0 && !retain ? this.#route.copies() : 1;
      for (let copy = 0; copy < copies; copy++) this.#broker.receive(published);
      if (qos === 1) this.#toClient(landed);
    });
  }

  subscribe(filters: readonly string[], landed: () => void): void {
    this.#up.send(() => {
      if (!this.#isHeard()) return;
      // As on Mosquitto: the acknowledgement first, then what is retained.
      this.#toClient(landed);
      for (const filter of filters) this.#subscribeTo(filter);
      this.#broker.noteSubscriptions();
    });
  }

  unsubscribe(filter: string, landed: () => void): void {
    this.#up.send(() => {
      if (!this.#isHeard()) return;
      this.#filters.delete(filter);
      this.#broker.noteSubscriptions();
      this.#toClient(landed);
    });
  }

  /** Says goodbye after all that was sent before. */
  leave(landed: () => void): void {
    this.#up.send(() => {
      this.#broker.leave(this);
      this.#toClient(landed);
    });
  }

  /** The client's end is gone without a goodbye; what it had sent may still arrive. */
  abandon(reason: string): void {
    this.#down.close();
    this.#up.send(() => this.#broker.drop(this, reason));
  }

  /** The route, or the process, has changed its mind about letting something through. */
  goOn(): void {
    this.#up.goOn();
    this.#down.goOn();
  }

  // What the broker's end does.

  wants(topic: string): boolean {
    for (const matches of this.#filters.values()) if (matches(topic)) return true;
    return false;
  }

  deliver(message: TransportMessage, canBeLost: boolean): void {
    const copies = canBeLost ? this.#route.copies() : 1;
    for (let copy = 0; copy < copies; copy++) this.#toClient(() => this.#client.heard(this, message));
  }

  /** Without a reason the client is not told. */
  closeAtBroker(reason: string | undefined): void {
    this.#isOpenAtBroker = false;
    this.#filters.clear();
    if (reason !== undefined) this.#toClient(() => this.#client.lost(this, reason));
  }

  /** Both ends know it at once, and nothing that was on its way arrives. */
  cut(reason: string): void {
    this.#isOpenAtBroker = false;
    this.#filters.clear();
    this.#up.close();
    this.#down.close();
    this.#client.run(() => this.#client.lost(this, reason));
  }

  /** Whoever sends to a broker that does not know the connection is told so, if there is a broker. */
  #isHeard(): boolean {
    if (this.#isOpenAtBroker) return true;
    if (this.#broker.isUp) this.#toClient(() => this.#client.lost(this, 'the connection was lost'));
    return false;
  }

  #subscribeTo(filter: string): void {
    const matches = topicMatcher(filter);
    this.#filters.set(filter, matches);
    for (const [topic, payload] of this.#broker.retained) {
      if (matches(topic)) this.deliver({ topic, payload: Buffer.from(payload), retain: true }, false);
    }
  }

  #toClient(callback: () => void): void {
    this.#down.send(() => this.#client.run(callback));
  }
}
