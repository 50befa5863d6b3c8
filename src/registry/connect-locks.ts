// The library over MQTT for programs: the same locks as Node-RED and devices have, in Node and, over websockets, in a
// browser. Nothing here may need more than a browser has.
import { createLocks, type Locks } from '../library';
import type { Log } from '../mqtt/arbiter-context';
import type { TlsOptions } from '../mqtt/connection-address';
import type { DefaultValue } from '../mqtt/defaults';
import type { Decide } from '../mqtt/member';
import { sleep, systemClock } from '../protocol';
import { randomName } from './chance';
import type { Level } from './levels';
import { LocalRegistry } from './local-registry';
import type { PolicyRow } from './policy';
import type { RegistrySettings, RegistryStatus } from './registry';
import { RemoteBroker } from './remote-broker';

/** All lengths in ms. */
export interface ConnectOptions {
  /** `mqtt://`, `mqtts://`, `ws://` or `wss://`; in a browser one of the last two. */
  readonly url: string;
  readonly user?: string;
  readonly password?: string;
  readonly tls?: TlsOptions;
  /** 4 is MQTT 3.1.1, the default. */
  readonly protocolVersion?: 4 | 5;
  /** Of all topics. Default `locks`. */
  readonly prefix?: string;
  /** The name of this program; only one that is alive may have it. Default: a random one. */
  readonly requester?: string;
  /**
   * Whether this program may decide: `never`, the default; `alone` unless somebody else does, also without the broker;
   * `takeover` whenever nobody else does.
   */
  readonly decide?: Decide;
  /** How long to wait for the broker and for somebody who decides. Default 15 000. */
  readonly connectTimeout?: number;
  /** How long a program or a Node-RED is believed to live without a sign of it. Default 10 000. */
  readonly session?: number;
  /** How long the one that decides may be silent before another one takes over. Default 5 000. */
  readonly failoverDelay?: number;
  /** How long a holder in another process has to wind down. Default 1 000; `Infinity`: until it is gone. */
  readonly handoverTimeout?: number;
  /** Named levels, where this program decides. */
  readonly levels?: readonly Level[];
  /** Who may claim what, where this program decides. */
  readonly policy?: readonly PolicyRow[];
  /** What free resources show, where this program decides. */
  readonly values?: readonly DefaultValue[];
  /** Holder and value as plain text, too, where this program decides. Default `false`. */
  readonly plainText?: boolean;
  /** Told of what people should know. Default: nobody. */
  readonly log?: Log;
}

/** The library, over MQTT. */
export interface ConnectedLocks extends Locks {
  /** The name of this program. */
  readonly requester: string;
  /** What this program is at the moment; `starting` until somebody has decided for the first time. */
  role(): 'arbiter' | 'participant' | 'starting';
  /** The number of the term that is in force. */
  epoch(): number;
  /** How it stands with the broker and with whoever decides, in words. */
  status(): RegistryStatus;
  /** Calls back on every change of that, until the function that it gives back is called. */
  onStatus(listener: (status: RegistryStatus) => void): () => void;
  /**
   * The number of a level by its name, as whoever decides has them.
   * @throws {RangeError} if there is none.
   */
  priorityOf(level: number | string): number;
  /** Ends the whole hold that has this token, where policy lets this program; resolves to why not. */
  force(resource: string, token: number): Promise<string | undefined>;
  /** Decides from now on, whoever did; rejects with why it cannot. */
  takeOver(): Promise<void>;
  /** Gives back what is held, says goodbye, and leaves nothing behind. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 15_000;
const SILENT: Log = { info: () => undefined, warn: () => undefined };

/**
 * Connects to the locks under a prefix. Resolves when it is known who decides there.
 * @throws {RangeError} (rejects) if an option is wrong.
 * @throws {Error} (rejects) when there is no broker, or nobody who decides, within `connectTimeout`; says why.
 */
export async function connectLocks(options: ConnectOptions): Promise<ConnectedLocks> {
  const {
    connectTimeout = CONNECT_TIMEOUT_MS,
    requester = `program-${randomName()}`,
    log = SILENT,
  } = options;
  if (!(connectTimeout > 0)) throw new RangeError(`connectTimeout is ${connectTimeout}, but must be above 0`);
  const broker = brokerOf(options);
  const registry = new LocalRegistry({
    ...{ settings: settingsOf(options, broker, requester), clock: systemClock, log },
    ownName: () => requester,
    makeBroker: () => new RemoteBroker(broker, systemClock),
    onStopped: () => undefined,
  });
  registry.use().start(Promise.resolve());
  await someoneDecides(registry, connectTimeout);
  return {
    ...createLocks(registry.protocol('program')),
    requester,
    role: () => registry.role(),
    epoch: () => registry.epoch(),
    status: () => registry.status,
    onStatus: (listener) => registry.onStatus(listener),
    priorityOf: (level) => priorityOf(registry, level),
    force: (resource, token) => registry.force(resource, token, requester),
    takeOver: () => registry.takeOver(),
    close: () => registry.stop(),
  };
}

function brokerOf({ url, user, password, tls, protocolVersion }: ConnectOptions) {
  return {
    kind: 'url' as const,
    url,
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ...(tls !== undefined && { tls }),
    ...(protocolVersion !== undefined && { protocolVersion }),
  };
}

function settingsOf(
  options: ConnectOptions,
  broker: RegistrySettings['broker'],
  requester: string,
): RegistrySettings {
  const { prefix, decide = 'never', session, failoverDelay, handoverTimeout } = options;
  const { levels, policy, values, plainText } = options;
  return {
    ...{ broker, requester, decide },
    ...(prefix !== undefined && { prefix }),
    ...(levels !== undefined && { levels }),
    ...(policy !== undefined && { policy }),
    ...(values !== undefined && { values }),
    ...(plainText !== undefined && { plainText }),
    timing: {
      ...(session !== undefined && { session }),
      ...(failoverDelay !== undefined && { failoverDelay }),
      ...(handoverTimeout !== undefined && { handoverTimeout }),
    },
  };
}

async function someoneDecides(registry: LocalRegistry, timeoutMs: number): Promise<void> {
  const isKnown = new AbortController();
  const stopListening = registry.onStatus(() => {
    if (registry.role() !== 'starting') isKnown.abort();
  });
  if (registry.role() === 'starting') await sleep(timeoutMs, isKnown.signal);
  stopListening();
  if (registry.role() !== 'starting') return;
  const { text } = registry.status;
  await registry.stop();
  throw new Error(`no locks there: ${text}`);
}

function priorityOf({ levels }: LocalRegistry, level: number | string): number {
  const priority = levels.priorityOf(level);
  if (priority !== undefined) return priority;
  const names = levels.all.map(({ name }) => name).join(', ');
  throw new RangeError(`there is no level ${JSON.stringify(level)}, but ${names}`);
}
