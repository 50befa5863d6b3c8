// Sees to it that a client with overlapping subscriptions gets each message once. aedes does that by dropping whatever
// is older than the last one, and so loses a message that a later one has overtaken on its way.
import type { AedesPublishPacket, Client } from 'aedes';

/** So many messages a client's overlapping subscriptions may be apart. */
const MOST_REMEMBERED = 1_024;

export class Overlaps {
  readonly #delivered = new WeakMap<Client, Set<number>>();

  /** Takes the matter out of the hands of aedes: what it remembers of this client stays at nothing. */
  adopt(client: Client, brokerId: string): void {
    const duplicates = Object.create(null);
    Object.defineProperty(duplicates, brokerId, { get: () => 0, set: () => undefined });
    Object.assign(client, { duplicates });
    this.#delivered.set(client, new Set());
  }

  /** Whether the client does not have this message yet, which it has from now on. */
  isNew(client: Client, { brokerCounter }: AedesPublishPacket): boolean {
    const delivered = this.#delivered.get(client);
    if (delivered === undefined) return true;
    if (delivered.has(brokerCounter)) return false;
    delivered.add(brokerCounter);
    if (delivered.size > MOST_REMEMBERED) forgetOldest(delivered);
    return true;
  }
}

function forgetOldest(counters: Set<number>): void {
  const [oldest] = counters;
  if (oldest !== undefined) counters.delete(oldest);
}
