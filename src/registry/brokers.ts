// The brokers that the registries of a Node-RED use: those of others, and embedded ones that several registries share.
import { join } from 'node:path';
import type { Log } from '../mqtt/arbiter-context';
import { EmbeddedBroker } from '../mqtt/embedded-broker';
import type { Access } from '../mqtt/member';
import type { Clock } from '../protocol';
import type { BrokerSettings } from './registry';
import { type Broker, RemoteBroker, withoutSecrets } from './remote-broker';
import type { BrokerReport } from './status';

export interface BrokerOptions {
  readonly settings: BrokerSettings;
  readonly prefix: string;
  readonly folder: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
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

/** Names the broker for the memory of this runtime: without secrets, and the same when they are changed. */
export function brokerPlace(settings: BrokerSettings): string {
  switch (settings.kind) {
    case 'none':
      return 'none';
    case 'embedded':
      return `embedded ${settings.port}`;
    case 'url':
      return withoutSecrets(settings.url);
  }
}

export function makeBroker(options: BrokerOptions): Broker {
  const { settings } = options;
  return settings.kind === 'url' ? new RemoteBroker(settings, options) : new SharedBroker(settings, options);
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
