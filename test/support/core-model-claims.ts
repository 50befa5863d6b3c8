// What can be worked out from nothing but a list of claims, anew at each question: the questions of the dumb model.
import type { By, ClaimView, ResourceView } from '../../src/core';
import { asCause, byRank, type ModelClaim, viewClaim, viewResource } from './core-model-claim';

export class ModelClaims {
  /** Every live claim, in order of arrival. */
  protected live: ModelClaim[] = [];
  protected time = 0;

  nextDeadline(): number {
    const times = this.live.map((claim) =>
      Math.min(claim.expires, claim.waitUntil, claim.revocation?.until ?? Infinity),
    );
    return Math.min(Infinity, ...times);
  }

  claim(id: string): ClaimView | undefined {
    const claim = this.find(id);
    return claim && viewClaim(claim);
  }

  claims(): readonly ClaimView[] {
    return this.live.map(viewClaim);
  }

  resource(name: string, waiters = 16): ResourceView | undefined {
    if (!this.resources().includes(name)) return undefined;
    const waiting = this.waitersByRank().filter((claim) => claim.resources.includes(name));
    return viewResource(name, this.holders(name), waiting, waiters);
  }

  resources(): readonly string[] {
    return [...new Set(this.live.flatMap((claim) => claim.resources))];
  }

  protected waitersByRank(): ModelClaim[] {
    return this.live.filter((claim) => !claim.hold).sort(byRank);
  }

  protected canHaveNow(claim: ModelClaim, name: string): boolean {
    const [holder] = this.holders(name);
    if (!holder) return true;
    if (this.isRevoking(name)) return false;
    return holder.locker === claim.locker || (this.outranks(claim, name) && !this.hasToWaitFor(name));
  }

  protected canHaveLater(claim: ModelClaim, name: string): boolean {
    return this.canHaveNow(claim, name) || this.isRevoking(name) || this.outranks(claim, name);
  }

  /** Rule 2, and politeness of rule 5. */
  protected outranks(claim: ModelClaim, name: string): boolean {
    return claim.preempt && claim.priority > this.effectivePriority(name);
  }

  protected effectivePriority(name: string): number {
    return Math.max(...this.holders(name).map((claim) => claim.priority));
  }

  /** The claims that hold a resource, in the order of their grants. */
  protected holders(name: string): ModelClaim[] {
    const holding = this.live.filter((claim) => claim.hold && claim.resources.includes(name));
    return holding.sort((a, b) => (a.hold?.grant ?? 0) - (b.hold?.grant ?? 0));
  }

  protected isRevoking(name: string): boolean {
    const holders = this.holders(name);
    return holders.length > 0 && holders.every((claim) => claim.revocation);
  }

  protected hasToWaitFor(name: string): boolean {
    return this.holders(name).some((claim) => claim.revocation || windDown(claim) > 0);
  }

  protected isOver(claim: ModelClaim): boolean {
    return claim.waitUntil <= this.time;
  }

  /** The lowest, then youngest, of all claims on a circle. */
  protected victim(): ModelClaim | undefined {
    const onCircle = this.live.filter((claim) => this.#reachable(claim).has(claim));
    return onCircle.sort(byRank).at(-1);
  }

  protected lockersOnCircle(victim: ModelClaim): string[] {
    return [...this.#reachable(victim)]
      .filter((claim) => this.#reachable(claim).has(victim))
      .map(({ locker }) => locker);
  }

  #reachable(from: ModelClaim): Set<ModelClaim> {
    const seen = new Set<ModelClaim>();
    for (const queue = [from]; queue.length > 0; ) {
      const next = this.#waitsFor(queue.shift() as ModelClaim).filter((claim) => !seen.has(claim));
      for (const claim of next) seen.add(claim);
      queue.push(...next);
    }
    return seen;
  }

  /** The waiting claims that keep a hold which this one waits for, cannot preempt, and that is not ending already. */
  #waitsFor(claim: ModelClaim): ModelClaim[] {
    if (claim.hold || claim.holding.length === 0 || this.isOver(claim)) return [];
    const inTheWay = claim.resources
      .filter((name) => !this.outranks(claim, name) && !this.isRevoking(name))
      .flatMap((name) => this.holders(name))
      .filter((holder) => holder.locker !== claim.locker);
    return this.live.filter((other) => !other.hold && inTheWay.some(({ id }) => other.holding.includes(id)));
  }

  /** The strongest claim of the first hold of another locker, among equals the first granted. */
  protected inTheWayOf(claim: ModelClaim): By | undefined {
    const holds = claim.resources.map((name) => this.holders(name));
    const strangers = holds.find(([holder]) => holder && holder.locker !== claim.locker) ?? [];
    const [strongest] = strangers.sort((a, b) => b.priority - a.priority);
    return strongest && asCause(strongest);
  }

  protected find(id: string): ModelClaim | undefined {
    return this.live.find((claim) => claim.id === id);
  }
}

/** Rule 2: how long this claim is waited for when it is preempted. */
export function windDown(claim: ModelClaim): number {
  return Math.max(claim.grace, claim.handover);
}
