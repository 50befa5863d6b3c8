// What a registry is to know of its broker, and a broker of somebody else.
import type { Log } from '../mqtt/arbiter-context';
import { MqttConnection } from '../mqtt/connection';
import { subscribe } from '../mqtt/listeners';
import type { Access } from '../mqtt/member';
import type { Connecting } from '../mqtt/member-desk';
import type { Clock } from '../protocol';
import { systemRandom } from './chance';
import type { BrokerSettings } from './registry';
import { Rivals } from './rivals';
import type { BrokerReport } from './status';

/** A registry's broker. */
export interface Broker {
  readonly access: Access;
  readonly report: BrokerReport;
  onReport(listener: () => void): () => void;
  /** Resolves when it can be connected to, as far as that is ours. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface Surroundings {
  readonly clock: Clock;
  readonly log: Log;
  /** Is told why the broker does not let us in. */
  readonly onRefused?: (reason: string) => void;
}

/** What is said where a broker lets only one connection of a user live. */
const ONE_AT_A_TIME =
  'each of our connections throws the other one out: this broker gives all connections of a user the same client id' +
  ' (on a Mosquitto, turn use_username_as_clientid off)';

export class RemoteBroker implements Broker {
  readonly access: Access;
  readonly #text: string;
  readonly #rivals: Rivals;
  readonly #reportListeners = new Set<() => void>();

  /** Throws a `RangeError` for a URL that is none. */
  constructor(settings: BrokerSettings & { readonly kind: 'url' }, { clock, log, onRefused }: Surroundings) {
    const { url, user, password, tls, protocolVersion } = settings;
    this.#text = withoutSecrets(url);
    this.#rivals = new Rivals(clock, () => {
      if (this.#rivals.areThere) {
        log.warn(`${this.#text}: ${ONE_AT_A_TIME}`);
        onRefused?.(ONE_AT_A_TIME);
      }
      for (const listener of [...this.#reportListeners]) listener();
    });
    const common = {
      url,
      ...(user !== undefined && { username: user }),
      ...(password !== undefined && { password }),
      ...(tls !== undefined && { tls }),
      ...(onRefused !== undefined && { onRefused }),
      protocolVersion: protocolVersion === 5 ? 5 : 4,
      ...{ clock, random: systemRandom },
    } as const;
    // Reads the settings at once, so that what is wrong with them is said before anything connects.
    const connect = (asked: Connecting) => new MqttConnection({ ...common, ...asked });
    connect({ clientId: '' });
    this.access = {
      connect: (asked) => {
        const connection = connect(asked);
        this.#rivals.follow(connection);
        return connection;
      },
    };
  }

  get report(): BrokerReport {
    const warning = this.#rivals.areThere ? ONE_AT_A_TIME : undefined;
    return { text: this.#text, isWell: true, warning };
  }

  onReport(listener: () => void): () => void {
    return subscribe(this.#reportListeners, listener);
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    this.#rivals.stop();
  }
}

/** The URL as it may be shown: without user and password. */
export function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}
