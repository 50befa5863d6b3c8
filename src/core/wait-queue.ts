// Who waits for one resource, kept so that the next one is found without looking at all.
import { type Claim, ranksAbove } from './claim';
import { Heap } from './heap';

export class WaitQueue {
  size = 0;
  /** Claims for this resource alone that may preempt, and polite ones, which may not: each best first. */
  readonly #assertive = newRanking();
  #polite: Heap<Claim> | undefined;
  /** The same claims by locker, to find those who may re-enter. */
  readonly #byLocker = new Map<string, Claim | Set<Claim>>();
  /** Claims for several resources: each of them is tried. */
  readonly several = new Set<Claim>();
  /** Those of them that keep this resource from the claims below them (rule 8): hardly ever more than one. */
  readonly reserving = new Set<Claim>();
  /** Claims that name what they keep: only these can deadlock. */
  readonly keepers = new Set<Claim>();

  add(claim: Claim): void {
    this.size++;
    if (claim.terms.holding.length > 0) this.keepers.add(claim);
    if (claim.isSeveral) {
      this.several.add(claim);
      return;
    }
    this.#rankingOf(claim).push(claim);
    const others = this.#byLocker.get(claim.locker);
    if (others === undefined) this.#byLocker.set(claim.locker, claim);
    else if (others instanceof Set) others.add(claim);
    else this.#byLocker.set(claim.locker, new Set([others, claim]));
  }

  remove(claim: Claim): void {
    this.size--;
    this.keepers.delete(claim);
    if (claim.isSeveral) {
      this.several.delete(claim);
      this.reserving.delete(claim);
      return;
    }
    this.#rankingOf(claim).removeAt(claim.waiting().rankIndex);
    const others = this.#byLocker.get(claim.locker);
    if (others instanceof Set) others.delete(claim);
    if (!(others instanceof Set) || others.size === 0) this.#byLocker.delete(claim.locker);
  }

  /** The claim has another priority now. */
  moved(claim: Claim): void {
    if (!claim.isSeveral) this.#rankingOf(claim).moved(claim.waiting().rankIndex);
  }

  /** Single claims that may preempt, best first. */
  assertive(): Iterable<Claim> {
    return this.#assertive.ranked();
  }

  get firstAssertive(): Claim | undefined {
    return this.#assertive.peek();
  }

  get firstPolite(): Claim | undefined {
    return this.#polite?.peek();
  }

  polite(): Iterable<Claim> {
    return this.#polite?.ranked() ?? [];
  }

  /** Single claims of this locker. */
  ofLocker(locker: string): Iterable<Claim> {
    const claims = this.#byLocker.get(locker);
    if (claims === undefined) return [];
    return claims instanceof Set ? claims : [claims];
  }

  /** The first `count` of all waiters in order of rank. */
  first(count: number): Claim[] {
    return [...take(this.assertive(), count), ...take(this.polite(), count), ...this.several]
      .sort((a, b) => (ranksAbove(a, b) ? -1 : 1))
      .slice(0, count);
  }

  #rankingOf(claim: Claim): Heap<Claim> {
    if (!claim.terms.polite) return this.#assertive;
    this.#polite ??= newRanking();
    return this.#polite;
  }
}

function newRanking(): Heap<Claim> {
  return new Heap(ranksAbove, placeInRanking);
}

function placeInRanking(claim: Claim, index: number): void {
  claim.waiting().rankIndex = index;
}

function take<T>(items: Iterable<T>, count: number): T[] {
  const taken: T[] = [];
  for (const item of items) {
    if (taken.length >= count) break;
    taken.push(item);
  }
  return taken;
}
