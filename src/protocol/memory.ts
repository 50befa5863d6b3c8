// Locks that live in this process: the lock table behind the protocol, with one timer for its earliest deadline.
import {
  type ChangedEvent,
  IndexMap,
  type LockEvent,
  type Now,
  type OwnCommand,
  type ResourceView,
  TrustingTable,
} from '../core';
import type { Clock, Timer } from './clock';
import type {
  Claim,
  ClaimChange,
  ClaimListener,
  Denied,
  LockingProtocol,
  Outcome,
  ResourceSnapshot,
  StopWatching,
} from './protocol';
import { resourceMatcher } from './resource-pattern';
import { SimpleClaims } from './simple-claims';
import { systemClock } from './system-clock';

export interface MemoryOptions {
  /** Default: the real one. */
  readonly clock?: Clock;
}

/** Makes a place for locks in this process: what is locked in one such place says nothing about another. */
export function createMemoryProtocol(options?: MemoryOptions): LockingProtocol {
  return new MemoryProtocol(options?.clock ?? systemClock);
}

interface Watch {
  readonly matches: (resource: string) => boolean;
  readonly listener: (state: ResourceSnapshot) => void;
}

class MemoryProtocol implements LockingProtocol {
  readonly clock: Clock;
  /** The library checks what it asks for, and whoever shares this process needs no protection from it. */
  readonly #table = new TrustingTable();
  readonly #simple = new SimpleClaims((claim) => {
    const { wall } = this.clock.now();
    claim.token = this.#table.takeToken(wall);
    claim.since = wall;
  });
  /** By the id of a claim that the table knows, or will know. */
  readonly #listeners = new IndexMap<ClaimListener>();
  readonly #watches = new Set<Watch>();
  /** Who is to be listened to next: most often, this claim comes at once. */
  #announced: Claim | undefined;
  #announcedListener: ClaimListener | undefined;
  #timer: Timer | undefined;
  /** When the timer is due: never later than the table's earliest deadline. */
  #timerDue = Infinity;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  obtain(claim: Claim): Outcome | undefined {
    const { id, resources } = claim;
    const [resource = ''] = resources;
    const place = this.#simple.placeOf(resource);
    if (place?.accepts(claim)) return this.#simple.contend(place, claim, this.#listenerOf(claim));
    if (place === undefined && this.#isAlone(claim, resource)) {
      return this.#simple.hold(claim, resource, this.#listenerOf(claim));
    }
    this.#heed();
    for (const name of resources) this.#bringIn(name);
    return this.#perform(claim, id);
  }

  release({ id, resources }: Claim, how: 'release' | 'yield'): Denied | undefined {
    const [resource = ''] = resources;
    const place = this.#simple.placeOf(resource);
    if (how === 'release' && place?.holder?.claim.id === id) {
      this.#simple.release(place);
      return undefined;
    }
    this.#bringIn(resource);
    const isWaiting = how === 'release' && this.#table.hold(id) === undefined;
    const listener = isWaiting ? this.#listeners.get(id) : undefined;
    const outcome = this.#perform({ type: how, id }, id);
    if (outcome?.type === 'denied') return outcome;
    listener?.hear(WITHDRAWN);
    return undefined;
  }

  extend({ id, resources }: Claim, change: ClaimChange): Outcome {
    for (const name of resources) this.#bringIn(name);
    if (this.#table.hold(id) === undefined) return UNKNOWN;
    this.#perform({ type: 'update', id, ...change, renew: change.ttl !== undefined });
    const hold = this.#table.hold(id);
    return hold === undefined ? UNKNOWN : { type: 'granted', ...hold };
  }

  listen(claim: Claim, listener: ClaimListener): void {
    this.#heed();
    this.#announced = claim;
    this.#announcedListener = listener;
  }

  watch(pattern: string, listener: (state: ResourceSnapshot) => void): StopWatching {
    const watch: Watch = { matches: resourceMatcher(pattern), listener };
    for (const name of this.#simple.resources()) if (watch.matches(name)) this.#bringIn(name);
    const present = [...this.#table.resources()].filter(watch.matches).map((name) => this.#snapshot(name));
    this.#watches.add(watch);
    const stop = () => void this.#watches.delete(watch);
    try {
      for (const state of present) listener(state);
    } catch (error) {
      stop();
      throw error;
    }
    return stop;
  }

  /** Nobody else has asked for the resource, nobody watches, and there is no lease to keep. */
  #isAlone({ resources, ttl }: Claim, resource: string): boolean {
    return (
      resources.length === 1 && ttl === Infinity && this.#watches.size === 0 && !this.#table.knows(resource)
    );
  }

  #listenerOf(claim: Claim): ClaimListener | undefined {
    if (this.#announced !== claim) return this.#forget(claim.id);
    this.#announced = undefined;
    return this.#announcedListener;
  }

  #heed(): void {
    if (this.#announced === undefined || this.#announcedListener === undefined) return;
    this.#listeners.add(this.#announced.id, this.#announcedListener);
    this.#announced = undefined;
  }

  /** Somebody wants more of the resource than simple claims do: if these are all that it has, the table has to know. */
  #bringIn(resource: string): void {
    const [holder, ...waiting] = this.#simple.remove(resource);
    if (holder === undefined) return;
    const { claim, listener, token, since } = holder;
    if (listener !== undefined) this.#listeners.add(claim.id, listener);
    this.#table.admit(claim, resource, token, since);
    for (const waiter of waiting) {
      if (waiter.listener !== undefined) this.#listeners.add(waiter.claim.id, waiter.listener);
      this.#perform(waiter.claim);
    }
  }

  /** Applies a command, tells whoever it concerns, and gives back what became of the claim that it is about. */
  #perform(command: OwnCommand, about?: string): Outcome | undefined {
    const events = this.#table.apply(command, this.clock.now());
    let outcome: Outcome | undefined;
    for (const event of events) {
      if (event.type === 'changed') {
        if (this.#watches.size > 0) this.#tellWatches(event.resource);
      } else if ((event.type === 'granted' || event.type === 'denied') && event.id === about) {
        outcome = event;
        if (event.type === 'denied' && event.command === 'claim') this.#forget(event.id);
      } else {
        this.#tell(event);
      }
    }
    if (this.#table.nextDeadline() !== this.#timerDue) this.#keepTimer();
    return outcome;
  }

  #tell(event: Exclude<LockEvent, ChangedEvent>): void {
    switch (event.type) {
      case 'granted':
      case 'revoking':
        if (!event.repeated) this.#listeners.get(event.id)?.hear(event);
        return;
      case 'denied':
      case 'lost':
        this.#forget(event.id)?.hear(event);
        return;
      case 'released':
        this.#forget(event.id);
        return;
      case 'queued':
      case 'requeued':
    }
  }

  #forget(id: string): ClaimListener | undefined {
    const listener = this.#listeners.get(id);
    if (listener !== undefined) this.#listeners.delete(id);
    return listener;
  }

  /** As it is now, each in a turn of its own: a watcher that fails or acquires disturbs nobody. */
  #tellWatches(resource: string): void {
    const state = this.#snapshot(resource);
    for (const watch of this.#watches) {
      if (!watch.matches(resource)) continue;
      queueMicrotask(() => {
        if (this.#watches.has(watch)) watch.listener(state);
      });
    }
  }

  #snapshot(resource: string): ResourceSnapshot {
    return snapshotOf(this.#table.look(resource), this.clock.now());
  }

  #keepTimer(): void {
    const due = this.#table.nextDeadline();
    // A timer that comes too early costs less than one that is set anew with each lease.
    if (due > this.#timerDue && due !== Infinity) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerDue = due;
    if (due === Infinity) return;
    this.#timer = this.clock.setTimer(due - this.clock.now().monotonic, () => this.#tick());
  }

  #tick(): void {
    this.#timer = undefined;
    this.#timerDue = Infinity;
    this.#perform({ type: 'tick' });
  }
}

const UNKNOWN: Denied = { type: 'denied', reason: 'unknown', detail: 'no held claim has this id' };
const WITHDRAWN: Denied = { type: 'denied', reason: 'withdrawn' };

function snapshotOf(
  { locker, claims: _, ...view }: ResourceView,
  { monotonic, wall }: Now,
): ResourceSnapshot {
  const waiting = view.waiting.map((waiter) => ({ locker: waiter.locker, priority: waiter.priority }));
  return { ...view, holder: locker, expires: wall + (view.expires - monotonic), waiting };
}
