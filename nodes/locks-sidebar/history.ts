// The last events of a registry, and since when those wait who are waiting now, as far as the events have told.
import type { AuditEvent, ResourceState, WaitingClaim } from '../../src/mqtt/messages';
import { type EventLine, MOST_EVENTS } from './shown';

/** Beyond that many, the earliest are forgotten. */
const MOST_WAITS = 10_000;

export class History {
  #events: AuditEvent[] = [];
  #last = 0;
  /** Wall ms at which each wait began; NaN where that is not known. */
  readonly #waits = new Map<string, number>();

  note(event: AuditEvent): void {
    this.#events.push(event);
    this.#last += 1;
    // Not at each event: that would move all of them each time.
    if (this.#events.length >= 2 * MOST_EVENTS) this.#events = this.#events.slice(-MOST_EVENTS);
    // A registry tells of every claim: of those that nobody has waited for there is nothing to forget.
    if (event.event !== 'requeued' && this.#waits.size === 0) return;
    for (const resource of event.resources) this.#noteWait(keyOf(resource, event), event);
  }

  /** The number of the last event. */
  get last(): number {
    return this.#last;
  }

  /** The last events, as far as they have a higher number; the latest is the last. */
  after(number: number): readonly EventLine[] {
    const fresh = Math.min(this.#last - number, MOST_EVENTS);
    if (fresh <= 0) return [];
    return this.#events.slice(-fresh).map((event, index, { length }) => ({
      ...event,
      number: this.#last - length + 1 + index,
    }));
  }

  /** Wall ms since when it waits for a resource; `undefined` if nobody has seen it begin. */
  waitsSince(resource: string, waiter: Pick<WaitingClaim, 'locker' | 'requester'>): number | undefined {
    const since = this.#waits.get(keyOf(resource, waiter));
    return Number.isNaN(since) ? undefined : since;
  }

  /** Who waits now, of whom no event tells; `since` is NaN for those who may have been there long before. */
  noteWaiting({ resource, waiting }: ResourceState, since: number): void {
    for (const waiter of waiting) {
      const key = keyOf(resource, waiter);
      if (!this.#waits.has(key)) this.#setWait(key, since);
    }
  }

  #noteWait(key: string, { event, time }: AuditEvent): void {
    if (event === 'requeued') this.#setWait(key, Date.parse(time));
    else this.#waits.delete(key);
  }

  #setWait(key: string, since: number): void {
    this.#waits.set(key, since);
    if (this.#waits.size <= MOST_WAITS) return;
    for (const first of this.#waits.keys()) {
      this.#waits.delete(first);
      return;
    }
  }
}

function keyOf(resource: string, { locker, requester }: Pick<WaitingClaim, 'locker' | 'requester'>): string {
  return JSON.stringify([resource, requester, locker]);
}
