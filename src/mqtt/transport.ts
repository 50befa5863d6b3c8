// The arbiter's and the participants' way to a broker, as narrow as they need it. Types only.

export interface PublishOptions {
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

/** What the broker publishes for us when the connection breaks without a goodbye. */
export interface Will extends PublishOptions {
  readonly topic: string;
  readonly payload: string;
}

export interface TransportMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** The broker replays it from its store: it was published before we subscribed. */
  readonly retain: boolean;
}

/**
 * One connection, and a new one by itself whenever it is lost. Subscriptions belong to a connection: the owner renews
 * them on each connect. Listeners are called in the order of arrival, never before `start` and never after `stop`.
 */
export interface Transport {
  start(): void;
  stop(): Promise<void>;
  readonly connected: boolean;
  /** `false`: nobody could hear now what is not retained. Absent where that cannot be known. */
  readonly isHeard?: boolean;
  /**
   * Resolves when the broker has it (QoS 1) or it is on its way (QoS 0); rejects when the connection is gone before, at
   * once when there is none: nothing is kept to be sent later.
   */
  publish(topic: string, payload: string, options: PublishOptions): Promise<void>;
  /**
   * Resolves when the broker has confirmed the subscription; rejects when it refuses it. What is retained may come before
   * or after that; of several filters in one call, it comes in their order. At QoS 1 a Mosquitto with its default
   * settings sends 1020 retained messages and drops the rest; at QoS 0 it sends as many as the connection takes.
   */
  subscribe(filters: string | readonly string[], qos: 0 | 1): Promise<void>;
  unsubscribe(filter: string): Promise<void>;
  onMessage(listener: (message: TransportMessage) => void): () => void;
  /**
   * Called on each connect and each loss, and when trying again fails for another reason than before; `reason` says in
   * words why there is no connection.
   */
  onConnection(listener: (connected: boolean, reason?: string) => void): () => void;
}
