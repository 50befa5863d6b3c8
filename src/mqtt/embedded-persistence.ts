// What aedes keeps: sessions and their queues in its own memory persistence, retained messages in our store.
import { Readable } from 'node:stream';
import memoryPersistence, { type AedesPersistenceSubscription, type Packet } from 'aedes-persistence';
import { type RetainedStore, retainedUnder } from './embedded-retained';

/** How many messages wait for a client that is away and wants to come back to its session; more are dropped. */
const MOST_QUEUED = 1_000;

/** Which clients are there, and how much waits for those that are not. */
export class Absentees {
  readonly #present = new Set<string>();
  readonly #queued = new Map<string, number>();

  arrived(clientId: string): void {
    this.#present.add(clientId);
    this.#queued.delete(clientId);
  }

  left(clientId: string): void {
    this.#present.delete(clientId);
  }

  /** Counts a message for a client; false when too many wait already. */
  mayQueue(clientId: string): boolean {
    if (this.#present.has(clientId)) return true;
    const queued = this.#queued.get(clientId) ?? 0;
    this.#queued.set(clientId, queued + 1);
    return queued < MOST_QUEUED;
  }
}

/** A persistence for aedes. Retained messages are stored before aedes hears of them, so it must not store them again. */
export function persistenceOver(store: RetainedStore, absentees: Absentees): object {
  const memory = memoryPersistence();
  const enqueue: unknown = memory.outgoingEnqueueCombi.bind(memory);
  return Object.assign(memory, {
    async storeRetained() {},
    createRetainedStream: (filter: string) => Readable.from(replay(store, [filter])),
    createRetainedStreamCombi: (filters: readonly string[]) => Readable.from(replay(store, filters)),
    async outgoingEnqueueCombi(subscriptions: readonly AedesPersistenceSubscription[], packet: Packet) {
      const accepted = subscriptions.filter(({ clientId }) => absentees.mayQueue(clientId));
      await (enqueue as Enqueue)(accepted, packet);
    },
  });
}

/** What it really is; the types that come with it know only the form with a callback. */
type Enqueue = (subscriptions: readonly AedesPersistenceSubscription[], packet: Packet) => Promise<void>;

function* replay(store: RetainedStore, filters: readonly string[]) {
  for (const entry of retainedUnder(store, filters)) yield { cmd: 'publish', retain: true, ...entry };
}
