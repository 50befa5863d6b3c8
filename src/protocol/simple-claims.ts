// Resources whose claims are all simple: each for this resource alone, of a locker of its own, with no lease and nothing
// to wind down. Most resources never see another claim, and as long as that is so, a holder and a heap of waiters are
// all that rules 1 to 3 need. The table is told when a claim comes that needs more of it; what it would have done until
// then has been done here, with the same tokens.
import { Heap } from '../core';
import type { Claim, ClaimListener, Granted } from './protocol';

/** A simple claim; once it holds, it is what its locker is answered. */
export class SimpleClaim implements Granted {
  readonly type = 'granted';
  readonly expires = Infinity;
  readonly claim: Claim;
  readonly listener: ClaimListener | undefined;
  /** Order of arrival. */
  readonly order: number;
  token = 0;
  /** Wall ms at which the hold began. */
  since = 0;

  constructor(claim: Claim, listener: ClaimListener | undefined, order: number) {
    this.claim = claim;
    this.listener = listener;
    this.order = order;
  }
}

/** A resource with simple claims. Without a holder it is empty: it waits for the next one, or to be swept out. */
export class SimplePlace {
  holder: SimpleClaim | undefined;
  #waiting: Heap<SimpleClaim> | undefined;
  /** Of those who wait. */
  #lockers: Set<string> | undefined;

  /** Whether a claim for this held resource is a simple one, and meets only such here. */
  accepts({ resources, locker, ttl, timeout, preempt, holding }: Claim): boolean {
    if (resources.length > 1 || ttl !== Infinity || timeout !== Infinity) return false;
    if (preempt === false || holding !== undefined) return false;
    const holder = this.holder?.claim;
    if (holder === undefined || holder.grace || holder.locker === locker) return false;
    return this.#lockers?.has(locker) !== true;
  }

  wait(claim: SimpleClaim): void {
    this.#waiting ??= new Heap(ranksAbove, () => {});
    this.#lockers ??= new Set();
    this.#waiting.push(claim);
    this.#lockers.add(claim.claim.locker);
  }

  /** The next one in rank becomes the holder. */
  advance(): SimpleClaim | undefined {
    const next = this.#waiting?.pop();
    if (next !== undefined) this.#lockers?.delete(next.claim.locker);
    this.holder = next;
    return next;
  }

  /** Takes all away: the holder, then those who wait, best first. */
  vacate(): readonly SimpleClaim[] {
    const waiting = this.#waiting?.ranked() ?? [];
    const claims = this.holder === undefined ? [...waiting] : [this.holder, ...waiting];
    this.holder = this.#waiting = this.#lockers = undefined;
    return claims;
  }
}

/** So many places are left empty before they are swept out; with many claims, half as many as those. */
const LEAST_SWEPT = 64;

export class SimpleClaims {
  readonly #places = new Map<string, SimplePlace>();
  readonly #begin: (claim: SimpleClaim) => void;
  #empty = 0;
  #arrivals = 0;

  /** `begin` gives a claim its token, and notes when its hold begins. */
  constructor(begin: (claim: SimpleClaim) => void) {
    this.#begin = begin;
  }

  /** Where the resource is held, if all claims for it are here. */
  placeOf(resource: string): SimplePlace | undefined {
    const place = this.#places.get(resource);
    return place?.holder && place;
  }

  /** Grants a resource that has no claim, here or elsewhere. */
  hold(claim: Claim, resource: string, listener: ClaimListener | undefined): Granted {
    let place = this.#places.get(resource);
    if (place === undefined) {
      place = new SimplePlace();
      this.#places.set(resource, place);
    } else {
      this.#empty--;
    }
    return this.#hold(place, new SimpleClaim(claim, listener, this.#arrivals++));
  }

  /** Takes the resource from its holder, or waits for it. The place must have accepted the claim. */
  contend(place: SimplePlace, claim: Claim, listener: ClaimListener | undefined): Granted | undefined {
    const loser = place.holder;
    const arriving = new SimpleClaim(claim, listener, this.#arrivals++);
    if (loser === undefined || claim.priority <= loser.claim.priority) {
      place.wait(arriving);
      return undefined;
    }
    this.#hold(place, arriving);
    const { id, locker, priority } = claim;
    loser.listener?.hear({ type: 'lost', reason: 'preempted', by: { locker, id, requester: '', priority } });
    return arriving;
  }

  /** Hands over from the holder to the next. */
  release(place: SimplePlace): void {
    const next = place.advance();
    if (next === undefined) {
      this.#leaveEmpty();
      return;
    }
    this.#begin(next);
    next.listener?.hear(next);
  }

  /** Takes a resource away from here: its holder, then those who wait, best first. */
  remove(resource: string): readonly SimpleClaim[] {
    const place = this.placeOf(resource);
    if (place === undefined) return NOBODY;
    this.#leaveEmpty();
    return place.vacate();
  }

  /** Resources that are held here. */
  *resources(): Generator<string, void, undefined> {
    for (const [resource, { holder }] of this.#places) if (holder !== undefined) yield resource;
  }

  #hold(place: SimplePlace, claim: SimpleClaim): Granted {
    place.holder = claim;
    this.#begin(claim);
    return claim;
  }

  #leaveEmpty(): void {
    this.#empty++;
    if (this.#empty < LEAST_SWEPT || this.#empty <= this.#places.size >> 1) return;
    for (const [resource, { holder }] of this.#places)
      if (holder === undefined) this.#places.delete(resource);
    this.#empty = 0;
  }
}

const NOBODY: readonly SimpleClaim[] = [];

/** Rule 3: rank is priority, then order of arrival. */
function ranksAbove(a: SimpleClaim, b: SimpleClaim): boolean {
  if (a.claim.priority === b.claim.priority) return a.order < b.order;
  return a.claim.priority > b.claim.priority;
}
