// What a registry is to know of its broker, and a broker of somebody else.
import { MqttConnection } from '../mqtt/connection';
import type { Access } from '../mqtt/member';
import type { Connecting } from '../mqtt/member-desk';
import type { Clock } from '../protocol';
import { systemRandom } from './chance';
import type { BrokerSettings } from './registry';
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

export class RemoteBroker implements Broker {
  readonly access: Access;
  readonly report: BrokerReport;

  /** Throws a `RangeError` for a URL that is none. `onRefused` is told why the broker does not let us in. */
  constructor(
    settings: BrokerSettings & { readonly kind: 'url' },
    clock: Clock,
    onRefused?: (reason: string) => void,
  ) {
    const { url, user, password, tls, protocolVersion } = settings;
    this.report = { text: withoutSecrets(url), isWell: true };
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
    this.access = { connect };
  }

  onReport(): () => void {
    return () => undefined;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}
}

/** The URL as it may be shown: without user and password. */
export function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}
