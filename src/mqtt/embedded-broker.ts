// The broker that a registry starts in its own process: what it retains is journalled, its port may be taken without
// anything stopping, and the arbiter beside it is connected without a socket.
import { isIP } from 'node:net';
import type { Clock } from '../protocol/clock';
import { Complaints } from './arbiter-complaints';
import type { Log } from './arbiter-context';
import { Access, type Credentials } from './embedded-access';
import { AedesHub } from './embedded-hub';
import { Listener } from './embedded-listener';
import { MemoryStore, type RetainedStore } from './embedded-retained';
import { EmbeddedTransport } from './embedded-transport';
import { Journal } from './journal';
import { subscribe } from './listeners';
import type { Transport } from './transport';

export interface EmbeddedBrokerOptions {
  /** A folder of its own, where what is retained is kept; without one it is forgotten with the process. */
  readonly directory?: string;
  /** Without one there is no port, and only this process can connect. 0 takes any free one. */
  readonly port?: number;
  /** Default `127.0.0.1`: this machine only. */
  readonly host?: string;
  /** Without users everybody may connect who can reach the port. */
  readonly users?: readonly Credentials[];
  /** Survives power cuts, and not only killed processes, at the price of a disk flush per batch. Default false. */
  readonly syncEach?: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** How the broker is, in words. */
export interface EmbeddedBrokerStatus {
  /** Where it listens; `undefined` when it does not. */
  readonly address: { readonly host: string; readonly port: number } | undefined;
  readonly text: string;
  /** What somebody should do something about, though it works. */
  readonly warning: string | undefined;
}

const LOOPBACK = '127.0.0.1';
const MAX_CONNECTIONS = 1_000;

export class EmbeddedBroker {
  readonly #options: EmbeddedBrokerOptions;
  readonly #access: Access;
  readonly #store: RetainedStore;
  readonly #hub: AedesHub;
  readonly #listener: Listener | undefined;
  readonly #statusListeners = new Set<(status: EmbeddedBrokerStatus) => void>();
  #storeTrouble: string | undefined;
  #isRunning: boolean | undefined;

  constructor(options: EmbeddedBrokerOptions) {
    this.#options = options;
    const { clock, log, users = [] } = options;
    const complaints = new Complaints(log, clock);
    this.#access = new Access(users);
    this.#store = this.#makeStore();
    this.#hub = new AedesHub({ store: this.#store, access: this.#access, complaints });
    this.#listener = this.#makeListener(complaints);
  }

  get status(): EmbeddedBrokerStatus {
    const host = this.#host;
    const port = this.#listener?.port;
    const address = port === undefined ? undefined : { host, port };
    const warnings = [this.#storeTrouble, this.#openness].filter((warning) => warning !== undefined);
    const warning = warnings.length === 0 ? undefined : warnings.join('; ');
    return { address, text: this.#text(address), warning };
  }

  onStatus(listener: (status: EmbeddedBrokerStatus) => void): () => void {
    return subscribe(this.#statusListeners, listener);
  }

  /** Resolves when it works in this process, and its port was tried. Never rejects for a port or a folder. */
  async start(): Promise<void> {
    // At once: who connects together with the start of everything else waits instead of being turned away.
    const tried = this.#listener?.start();
    await this.#store.start();
    await this.#hub.start();
    await tried;
    this.#isRunning = true;
    this.#tellListening();
  }

  /** A connection in this process, which may write everything. */
  transport(): Transport {
    return new EmbeddedTransport(this.#hub);
  }

  /** Keeps the topics under a prefix for their writers, until the returned function is called. */
  guard(prefix: string): () => void {
    return this.#access.guard(prefix);
  }

  /** Closes every connection and the port, and writes what is left. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    await this.#hub.stop();
    await this.#listener?.stop();
    await this.#store.stop();
  }

  get #host(): string {
    return this.#options.host ?? LOOPBACK;
  }

  /** That everybody may use it, where that is so. */
  get #openness(): string | undefined {
    const isPrivate = isLoopback(this.#host) || !this.#access.isOpen || this.#listener === undefined;
    return isPrivate ? undefined : 'everybody in the network may use the broker: set a user and a password';
  }

  #text(address: EmbeddedBrokerStatus['address']): string {
    if (this.#isRunning === undefined) return 'embedded broker is starting';
    if (!this.#isRunning) return 'embedded broker has stopped';
    if (this.#listener === undefined) return 'embedded broker, in this process only';
    if (address !== undefined) return `embedded broker on ${showHost(address.host)}:${address.port}`;
    return `${this.#listener.trouble}; locks work in this process meanwhile`;
  }

  #makeStore(): RetainedStore {
    const { directory, clock, syncEach = false, log } = this.#options;
    if (directory === undefined) return new MemoryStore();
    return new Journal({
      ...{ directory, clock, syncEach },
      warn: (text) => log.warn(text),
      onTrouble: (trouble) => {
        this.#storeTrouble = trouble;
        if (trouble === undefined) log.info(`${directory} can be written again`);
        else log.warn(trouble);
        this.#tell();
      },
    });
  }

  #makeListener(complaints: Complaints): Listener | undefined {
    const { port, clock } = this.#options;
    if (port === undefined) return undefined;
    return new Listener({
      ...{ host: this.#host, port, clock, maxConnections: MAX_CONNECTIONS },
      onSocket: (socket) => this.#hub.handle(socket),
      warn: (text) => complaints.warn('port', `embedded broker: ${text}`),
      onChange: () => {
        if (this.#isRunning === true) this.#tellListening();
      },
    });
  }

  #tellListening(): void {
    const { address, text } = this.status;
    if (this.#listener !== undefined && address === undefined) this.#options.log.warn(text);
    else if (this.#listener !== undefined) this.#options.log.info(text);
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#statusListeners]) listener(this.status);
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function showHost(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}
