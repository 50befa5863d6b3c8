// Locks that live in this process: the lock table behind the protocol, with one timer for its earliest deadline.
import { type Command, type LockEvent, type Now, type ResourceView, TrustingTable } from '../core';
import type { Clock, Timer } from './clock';
import type {
  Answer,
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
import { SoleHold, SoleHolds } from './sole-holds';
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
  readonly #soleHolds = new SoleHolds();
  /** By the id of a claim that the table knows, or will know. */
  readonly #listeners = new Map<string, ClaimListener>();
  readonly #waits = new Map<string, (outcome: Outcome) => void>();
  readonly #watches = new Set<Watch>();
  /** Who is to be listened to next: most often, this claim comes at once. */
  #announced: { readonly claim: Claim; readonly listener: ClaimListener } | undefined;
  #timer: Timer | undefined;
  /** When the timer is due: never later than the table's earliest deadline. */
  #timerDue = Infinity;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  obtain(claim: Claim): Answer<Outcome> {
    const { id, resources } = claim;
    const [resource = ''] = resources;
    if (this.#isSole(claim, resource)) return this.#holdAlone(claim, resource);
    this.#heed();
    for (const name of resources) this.#bringIn(name);
    const outcome = this.#perform(claim, id);
    return outcome ?? new Promise((resolve) => this.#waits.set(id, resolve));
  }

  release(claim: Claim, how: 'release' | 'yield'): Denied | undefined {
    const { id, resources } = claim;
    const [resource = ''] = resources;
    if (this.#soleHolds.get(resource)?.claim.id === id) {
      if (how === 'yield') return NOT_REVOKED;
      this.#soleHolds.delete(resource);
      return undefined;
    }
    const outcome = this.#perform({ type: how, id }, id);
    return outcome?.type === 'denied' ? outcome : undefined;
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
    this.#announced = { claim, listener };
  }

  watch(pattern: string, listener: (state: ResourceSnapshot) => void): StopWatching {
    const watch: Watch = { matches: resourceMatcher(pattern), listener };
    for (const name of this.#soleHolds.resources()) if (watch.matches(name)) this.#bringIn(name);
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
  #isSole({ resources, ttl }: Claim, resource: string): boolean {
    return (
      resources.length === 1 &&
      ttl === Infinity &&
      this.#watches.size === 0 &&
      this.#soleHolds.get(resource) === undefined &&
      !this.#table.knows(resource)
    );
  }

  #holdAlone(claim: Claim, resource: string): SoleHold {
    const now = this.clock.now();
    const hold = new SoleHold(claim, this.#table.takeToken(now.wall), this.#listenerOf(claim), now.wall);
    this.#soleHolds.add(resource, hold);
    return hold;
  }

  #listenerOf(claim: Claim): ClaimListener | undefined {
    const announced = this.#announced;
    if (announced?.claim === claim) {
      this.#announced = undefined;
      return announced.listener;
    }
    const listener = this.#listeners.get(claim.id);
    this.#listeners.delete(claim.id);
    return listener;
  }

  #heed(): void {
    if (this.#announced === undefined) return;
    this.#listeners.set(this.#announced.claim.id, this.#announced.listener);
    this.#announced = undefined;
  }

  /** Somebody is interested in the resource: if somebody holds it alone, the table has to know. */
  #bringIn(resource: string): void {
    const hold = this.#soleHolds.get(resource);
    if (hold === undefined) return;
    const { claim, token, listener, since } = hold;
    this.#soleHolds.delete(resource);
    if (listener !== undefined) this.#listeners.set(claim.id, listener);
    this.#table.admit(claim, resource, token, since);
  }

  /** Applies a command, tells whoever it concerns, and gives back what became of the claim that it is about. */
  #perform(command: Command, about?: string): Outcome | undefined {
    const events = this.#table.apply(command, this.clock.now());
    let outcome: Outcome | undefined;
    for (const event of events) {
      if ((event.type === 'granted' || event.type === 'denied') && event.id === about) outcome = event;
      this.#tell(event);
    }
    if (this.#table.nextDeadline() !== this.#timerDue) this.#keepTimer();
    return outcome;
  }

  #tell(event: LockEvent): void {
    switch (event.type) {
      case 'granted':
        this.#endWait(event.id, event);
        return;
      case 'denied':
        if (event.command === 'claim') this.#endClaim(event.id, event);
        return;
      case 'released':
        this.#endClaim(event.id, WITHDRAWN);
        return;
      case 'revoking':
        if (!event.repeated) this.#listeners.get(event.id)?.hear(event);
        return;
      case 'lost': {
        const listener = this.#listeners.get(event.id);
        this.#listeners.delete(event.id);
        listener?.hear(event);
        return;
      }
      case 'changed':
        if (this.#watches.size > 0) this.#tellWatches(event.resource);
        return;
      case 'queued':
      case 'requeued':
    }
  }

  #endClaim(id: string, outcome: Outcome): void {
    this.#listeners.delete(id);
    this.#endWait(id, outcome);
  }

  #endWait(id: string, outcome: Outcome): void {
    this.#waits.get(id)?.(outcome);
    this.#waits.delete(id);
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
    const view = this.#table.resource(resource);
    return view === undefined ? { ...FREE, resource } : snapshotOf(view, this.clock.now());
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
const NOT_REVOKED: Denied = { type: 'denied', reason: 'invalid', detail: 'the claim is not being revoked' };
const WITHDRAWN: Denied = { type: 'denied', reason: 'withdrawn' };

const FREE: Omit<ResourceSnapshot, 'resource'> = {
  state: 'free',
  holder: undefined,
  priority: undefined,
  value: undefined,
  token: 0,
  since: undefined,
  expires: Infinity,
  waiting: [],
  waitingCount: 0,
};

function snapshotOf(
  { locker, claims: _, ...view }: ResourceView,
  { monotonic, wall }: Now,
): ResourceSnapshot {
  const waiting = view.waiting.map((waiter) => ({ locker: waiter.locker, priority: waiter.priority }));
  return { ...view, holder: locker, expires: wall + (view.expires - monotonic), waiting };
}
