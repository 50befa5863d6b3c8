// The library over MQTT for programs: the same locks as Node-RED and devices have, in Node and, over websockets, in a
// browser. Nothing that it imports may need more than a browser has.
import { createLocks, type Locks } from '../library';
import type { Log } from '../mqtt/arbiter-context';
import { type LockingProtocol, sleep, systemClock } from '../protocol';
import { randomName } from './chance';
import { brokerOf, type ConnectOptions, checkOptions, settingsOf } from './connect-options';
import { LocalRegistry } from './local-registry';
import type { RegistryStatus } from './registry';
import { RemoteBroker } from './remote-broker';

export type { ConnectOptions };

/** The library, over MQTT. */
export interface ConnectedLocks extends Locks {
  /** The name of this program. */
  readonly requester: string;
  /** Where the locks live, for `createLockers` and others of the library. */
  readonly protocol: LockingProtocol;
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
  /**
   * Gives back what is held, at once, says goodbye, and leaves nothing behind. Until then the connections to the broker
   * keep the process alive, as open sockets do; the locks themselves keep nothing alive.
   */
  close(): Promise<void>;
  /** Closes at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 30_000;
/** Of the shorter sessions; no beat is longer than that of the default. */
const BEATS_PER_SESSION = 10;
const LONGEST_BEAT_MS = 1_000;
const SILENT: Log = { info: () => undefined, warn: () => undefined };

/**
 * Connects to the locks under a prefix. Resolves when it is known who decides there.
 * @throws {RangeError} (rejects) if an option is wrong; it names the option and its value.
 * @throws {Error} (rejects) at once when the broker does not let it in, and when there is no broker, or nobody who
 * decides, within `connectTimeout`; says why.
 */
export async function connectLocks(options: ConnectOptions): Promise<ConnectedLocks> {
  checkOptions(options);
  const { requester = `program-${randomName()}`, connectTimeout = CONNECT_TIMEOUT_MS } = options;
  const entry: Entry = { ended: new AbortController(), refusal: undefined };
  const registry = openRemote(options, requester, entry);
  await someoneDecides(registry, connectTimeout, entry);
  const protocol = registry.protocol('program');
  const close = () => registry.stop();
  return {
    ...createLocks(protocol),
    ...{ requester, protocol, close, [Symbol.asyncDispose]: close },
    role: () => registry.role(),
    epoch: () => registry.epoch(),
    status: () => registry.status,
    onStatus: (listener) => registry.onStatus(listener),
    priorityOf: (level) => priorityOf(registry, level),
    force: (resource, token) => registry.force(resource, token, requester),
    takeOver: () => registry.takeOver(),
  };
}

/** What becomes of the first try. */
interface Entry {
  readonly ended: AbortController;
  /** Why the broker does not let us in. */
  refusal: string | undefined;
}

function openRemote(options: ConnectOptions, requester: string, entry: Entry): LocalRegistry {
  const { session, log = SILENT } = options;
  const registry = new LocalRegistry({
    ...{ settings: settingsOf(options, requester), clock: systemClock, log },
    ...(session !== undefined && {
      timing: { beat: Math.min(LONGEST_BEAT_MS, session / BEATS_PER_SESSION) },
    }),
    ownName: () => requester,
    makeBroker: () =>
      new RemoteBroker(brokerOf(options), {
        ...{ clock: systemClock, log },
        onRefused: (reason) => {
          entry.refusal = reason;
          entry.ended.abort();
        },
      }),
    onStopped: () => undefined,
  });
  registry.use().start(Promise.resolve());
  return registry;
}

async function someoneDecides(registry: LocalRegistry, timeoutMs: number, entry: Entry): Promise<void> {
  const stopListening = registry.onStatus(() => {
    if (registry.role() !== 'starting') entry.ended.abort();
  });
  if (registry.role() === 'starting') await sleep(timeoutMs, entry.ended.signal);
  stopListening();
  if (registry.role() !== 'starting') return;
  const why = entry.refusal ?? registry.status.text;
  await registry.stop();
  throw new Error(`no locks there: ${why}`);
}

function priorityOf({ levels }: LocalRegistry, level: number | string): number {
  const priority = levels.priorityOf(level);
  if (priority !== undefined) return priority;
  const names = levels.all.map(({ name }) => name).join(', ');
  throw new RangeError(`there is no level ${JSON.stringify(level)}, but ${names}`);
}
