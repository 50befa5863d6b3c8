// The port of the embedded broker: opened when it can be, tried again now and then when it cannot, and explained.
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock, Timer } from '../protocol/clock';
import { findListener } from './embedded-port';

export interface ListenerOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly clock: Clock;
  readonly maxConnections: number;
  readonly onSocket: (socket: Socket) => void;
  /** Called when it begins to listen, or cannot for another reason than before. */
  readonly onChange: () => void;
  readonly warn: (text: string) => void;
}

const RETRY_MS = 10_000;
/** A device that lost its power says no goodbye: the system asks after it, even if its keepalive is off. */
const PROBE_MS = 60_000;

export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #retry: Timer | undefined;
  #trying: Promise<void> = Promise.resolve();
  #trouble: string | undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
    const settings = { noDelay: true, keepAlive: true, keepAliveInitialDelay: PROBE_MS };
    this.#server = createServer(settings, (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      options.onSocket(socket);
    });
    this.#server.maxConnections = options.maxConnections;
    // While it listens, such as for want of files: it goes on.
    this.#server.on('error', (error) => {
      if (this.#server.listening) options.warn(`a connection could not be accepted (${error.message})`);
    });
    this.#server.on('drop', () =>
      options.warn(`more than ${options.maxConnections} connections: one was refused`),
    );
  }

  /** The port that it listens on. */
  get port(): number | undefined {
    const address = this.#server.listening ? this.#server.address() : undefined;
    return typeof address === 'object' ? address?.port : undefined;
  }

  /** Why it does not listen, in words. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Resolves when the first try has succeeded or failed. */
  start(): Promise<void> {
    this.#trying = this.#try();
    return this.#trying;
  }

  async stop(): Promise<void> {
    await this.#trying;
    this.#retry?.cancel();
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  async #try(): Promise<void> {
    this.#retry = undefined;
    const { host, port, clock, onChange } = this.#options;
    const error = await this.#listen(host, port);
    if (error !== undefined) this.#retry = clock.setTimer(RETRY_MS, () => void this.start());
    const trouble = error === undefined ? undefined : await explain(error, host, port);
    const isNews = trouble === undefined || trouble !== this.#trouble;
    this.#trouble = trouble;
    if (isNews) onChange();
  }

  #listen(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
    return new Promise((resolve) => {
      const server = this.#server;
      const settle = (error?: NodeJS.ErrnoException) => {
        server.off('error', settle);
        server.off('listening', succeed);
        resolve(error);
      };
      const succeed = () => settle();
      server.on('error', settle);
      server.on('listening', succeed);
      server.listen({ host, port });
    });
  }
}

async function explain(error: NodeJS.ErrnoException, host: string, port: number): Promise<string> {
  switch (error.code) {
    case 'EADDRINUSE': {
      const holder = (await findListener(port)) ?? 'another MQTT broker';
      return `port ${port} is taken, probably by ${holder}: use that broker (mqtt://127.0.0.1:${port}), or choose another port`;
    }
    case 'EACCES':
      return `port ${port} is not allowed here (EACCES): choose one above 1023`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `this machine has no address ${host} (${error.code}): choose 127.0.0.1, 0.0.0.0 or one that it has`;
    default:
      return `port ${port} on ${host} cannot be opened (${error.message})`;
  }
}
