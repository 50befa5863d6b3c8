// The middle of the embedded broker: aedes, with every publish checked, and what is retained written down before it is
// acknowledged. (aedes acknowledges before it stores, so the writing is part of its permission to publish.)
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { Aedes, AedesPublishPacket, AuthenticateError, Client, PublishPacket } from 'aedes';
import type { Complaints } from './arbiter-complaints';
import type { Access } from './embedded-access';
import { Overlaps } from './embedded-overlaps';
import { Absentees, persistenceOver } from './embedded-persistence';
import { type RetainedStore, retainedUnder } from './embedded-retained';
import type { Hub, HubConnection } from './embedded-transport';
import type { Retained } from './journal-format';

export interface AedesHubOptions {
  readonly store: RetainedStore;
  readonly access: Access;
  readonly complaints: Complaints;
}

/** Larger ones are for passing on, not for keeping. */
const MAX_RETAINED_BYTES = 16 * 1024 * 1024;
/** What may wait in the socket of a client that does not read, before it is cut off. */
const MAX_BACKLOG_BYTES = 8 * 1024 * 1024;
/** How long a client may read nothing at all. */
const DRAIN_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 10_000;
const BAD_CREDENTIALS = 4;
/** Where refused messages go: nobody can publish there, and wildcards do not match it. */
const NOWHERE = '$SYS/refused';

export class AedesHub implements Hub {
  readonly running: Promise<void>;
  readonly #options: AedesHubOptions;
  readonly #absentees = new Absentees();
  readonly #overlaps = new Overlaps();
  readonly #usernames = new WeakMap<Client, string>();
  readonly #connections = new Set<HubConnection>();
  #aedes: Aedes | undefined;
  #isStopping = false;
  #run: () => void = () => undefined;

  constructor(options: AedesHubOptions) {
    this.#options = options;
    this.running = new Promise((resolve) => {
      this.#run = resolve;
    });
  }

  get hasAudience(): boolean {
    return this.#connections.size > 1 || (this.#aedes?.connectedClients ?? 0) > 0;
  }

  async start(): Promise<void> {
    // An ES module, which cannot be required everywhere.
    const { Aedes } = await import('aedes');
    const { store, complaints } = this.#options;
    const aedes = new Aedes({
      persistence: persistenceOver(store, this.#absentees),
      // Else a hundred messages to one stuck client would stop all others.
      concurrency: 0,
      drainTimeout: DRAIN_TIMEOUT_MS,
      connectTimeout: CONNECT_TIMEOUT_MS,
      authenticate: (client, username, password, done) => {
        this.#authenticate(client, username, password, done);
      },
      authorizePublish: (client, packet, done) => this.#authorize(client, packet, done),
      authorizeForward: (client, packet) => this.#forward(client, packet),
    });
    // Its types leave this one out, and an error that nobody listens to would end the process.
    const emitter: EventEmitter = aedes;
    emitter.on('error', ({ message }: Error) => complaints.warn('broker', `embedded broker: ${message}`));
    aedes.on('client', (client) => {
      this.#overlaps.adopt(client, aedes.id);
      this.#absentees.arrived(client.id);
    });
    aedes.on('clientDisconnect', ({ id }) => this.#absentees.left(id));
    await aedes.listen();
    await new Promise<void>((resolve) => {
      aedes.subscribe('#', (packet, done) => this.#hand(packet, done), resolve);
    });
    this.#aedes = aedes;
    this.#run();
  }

  /** Serves a client; one that comes before this runs, as soon as it does. */
  handle(socket: Socket): void {
    if (this.#isStopping) socket.destroy();
    else if (this.#aedes !== undefined) this.#aedes.handle(socket);
    else this.#handleLater(socket);
  }

  #handleLater(socket: Socket): void {
    // It may break off while it waits.
    socket.once('error', ignoreErrors);
    void this.running.then(() => {
      socket.off('error', ignoreErrors);
      if (!socket.destroyed) this.handle(socket);
    });
  }

  publish(message: Retained, retain: boolean, acknowledged: () => void): void {
    const pass = () => {
      acknowledged();
      this.#aedes?.publish({ cmd: 'publish', dup: false, retain: false, ...message }, ignoreErrors);
    };
    if (retain) this.#options.store.append(message, pass);
    else this.#options.store.after(pass);
  }

  retainedUnder(filters: readonly string[]): Iterable<Retained> {
    return retainedUnder(this.#options.store, filters);
  }

  join(connection: HubConnection): () => void {
    this.#connections.add(connection);
    return () => void this.#connections.delete(connection);
  }

  /** Closes every connection. Wills are not published: it is not the clients that are gone. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const aedes = this.#aedes;
    if (aedes !== undefined) await new Promise<void>((resolve) => aedes.close(resolve));
    this.#aedes = undefined;
    for (const connection of [...this.#connections]) connection.end('the embedded broker has stopped');
  }

  #authenticate(
    client: Client,
    username: string | undefined,
    password: Buffer | undefined,
    done: (error: AuthenticateError | null, success: boolean | null) => void,
  ): void {
    const { access, complaints } = this.#options;
    if (access.mayConnect(username, password)) {
      if (username !== undefined) this.#usernames.set(client, username);
      done(null, true);
      return;
    }
    const who = username === undefined ? 'nobody' : JSON.stringify(username.slice(0, 100));
    complaints.warn(`login ${who}`, `embedded broker: ${who} may not connect (wrong user name or password)`);
    done(Object.assign(new Error('bad user name or password'), { returnCode: BAD_CREDENTIALS }), null);
  }

  #authorize(client: Client | null, packet: PublishPacket, done: (error?: Error | null) => void): void {
    if (this.#isStopping) {
      done(new Error('the broker is stopping'));
      return;
    }
    const { store, access, complaints } = this.#options;
    const objection = access.objectToPublish(
      packet.topic,
      client === null ? undefined : this.#usernames.get(client),
    );
    if (objection !== undefined) {
      complaints.warn(
        packet.topic,
        `embedded broker: a message on ${packet.topic} was dropped: ${objection}`,
      );
      // MQTT 3.1.1 has no word for no: like other brokers, take it and throw it away.
      Object.assign(packet, { topic: NOWHERE, payload: '', retain: false });
    }
    if (!packet.retain) {
      store.after(() => done(null));
      return;
    }
    const payload = Buffer.from(packet.payload);
    if (payload.length > MAX_RETAINED_BYTES) {
      const text = `a message of ${payload.length} bytes on ${packet.topic} is too large to be retained`;
      complaints.warn(packet.topic, `embedded broker: ${text}`);
      done(new Error(text));
      return;
    }
    // From here on it is a message like any other; subscriptions never show this flag with a new message.
    packet.retain = false;
    store.append({ topic: packet.topic, payload, qos: packet.qos }, () => done(null));
  }

  #forward(client: Client, packet: AedesPublishPacket): AedesPublishPacket | null {
    if (client.conn.writableLength <= MAX_BACKLOG_BYTES) {
      return this.#overlaps.isNew(client, packet) ? packet : null;
    }
    this.#options.complaints.warn(
      client.id,
      `embedded broker: client ${client.id} reads too slowly and was cut off`,
    );
    client.conn.destroy();
    return null;
  }

  #hand(packet: AedesPublishPacket, done: () => void): void {
    if (!packet.topic.startsWith('$')) {
      const payload = Buffer.from(packet.payload);
      for (const connection of [...this.#connections]) connection.receive(packet.topic, payload);
    }
    done();
  }
}

// The broker is closing, which everybody is told otherwise.
function ignoreErrors(): void {
  return;
}
