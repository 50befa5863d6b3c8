// The brokers that registries use: connections to others, and embedded ones that several registries share.
import { join } from 'node:path';
import type { Log } from '../mqtt/arbiter-context';
import { MqttConnection } from '../mqtt/connection';
import { EmbeddedBroker } from '../mqtt/embedded-broker';
import type { Access } from '../mqtt/member';
import type { Connecting } from '../mqtt/member-desk';
import type { Clock } from '../protocol';
import { systemRandom } from './chance';
import type { BrokerSettings } from './registry';
import type { BrokerReport } from './status';

export interface BrokerOptions {
  readonly settings: BrokerSettings;
  readonly prefix: string;
  readonly folder: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** A registry's broker. */
export interface Broker {
  readonly access: Access;
  readonly report: BrokerReport;
  onReport(listener: () => void): () => void;
  /** Resolves when it can be connected to, as far as that is ours. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Names the broker: two registries with the same one and the same prefix are one. */
export function brokerIdentity(settings: BrokerSettings, folder: string | undefined): string {
  switch (settings.kind) {
    case 'none':
      return `none ${folder ?? ''}`;
    case 'embedded':
      return `embedded ${[settings.port, settings.host, settings.user, settings.password, folder].join(' ')}`;
    case 'url':
      return `url ${settings.url} ${settings.user ?? ''}`;
  }
}

export function makeBroker(options: BrokerOptions): Broker {
  const { settings } = options;
  return settings.kind === 'url' ? new RemoteBroker(settings, options) : new SharedBroker(settings, options);
}

class RemoteBroker implements Broker {
  readonly access: Access;
  readonly report: BrokerReport;

  constructor(settings: BrokerSettings & { readonly kind: 'url' }, { clock }: BrokerOptions) {
    const { url, user, password, tls, protocolVersion } = settings;
    this.report = { text: withoutSecrets(url), isWell: true };
    const common = {
      url,
      ...(user !== undefined && { username: user }),
      ...(password !== undefined && { password }),
      ...(tls !== undefined && { tls }),
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
function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}

/** An embedded broker, with how many registries use it. */
interface Shared {
  readonly broker: EmbeddedBroker;
  uses: number;
  started: Promise<void> | undefined;
}

const sharedBrokers = new Map<string, Shared>();

class SharedBroker implements Broker {
  readonly access: Access;
  readonly #identity: string;
  readonly #prefix: string;
  readonly #shared: Shared;
  #unguard: () => void = () => undefined;

  constructor(settings: EmbeddedSettings, options: BrokerOptions) {
    this.#identity = brokerIdentity(settings, options.folder);
    this.#prefix = options.prefix;
    this.#shared = sharedBrokers.get(this.#identity) ?? {
      broker: embed(settings, options),
      uses: 0,
      started: undefined,
    };
    sharedBrokers.set(this.#identity, this.#shared);
    this.#shared.uses++;
    this.access = { sole: this.#shared.broker.transport() };
  }

  get report(): BrokerReport {
    const { text, warning, address } = this.#shared.broker.status;
    return { text, warning, isWell: address !== undefined || this.#identity.startsWith('none') };
  }

  onReport(listener: () => void): () => void {
    return this.#shared.broker.onStatus(listener);
  }

  async start(): Promise<void> {
    this.#unguard = this.#shared.broker.guard(this.#prefix);
    this.#shared.started ??= this.#shared.broker.start();
    await this.#shared.started;
  }

  async stop(): Promise<void> {
    this.#unguard();
    this.#shared.uses--;
    if (this.#shared.uses > 0) return;
    sharedBrokers.delete(this.#identity);
    await this.#shared.started;
    await this.#shared.broker.stop();
  }
}

type EmbeddedSettings = Exclude<BrokerSettings, { readonly kind: 'url' }>;

function embed(settings: EmbeddedSettings, { folder, clock, log }: BrokerOptions): EmbeddedBroker {
  const name = `broker-${settings.kind === 'none' ? 'none' : settings.port}`;
  const directory = folder === undefined ? {} : { directory: join(folder, name) };
  if (settings.kind === 'none') return new EmbeddedBroker({ ...directory, clock, log });
  const { port, host, user, password = '' } = settings;
  return new EmbeddedBroker({
    ...directory,
    port,
    ...(host !== undefined && host !== '' && { host }),
    ...(user !== undefined && user !== '' && { users: [{ username: user, password }] }),
    ...{ clock, log },
  });
}
