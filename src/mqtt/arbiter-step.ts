// What one step of the lock table has brought, sorted into the order in which it is told: losers, resources, winners.
import type { ArbiterClaim } from './arbiter-claim';
import type { Answer } from './messages';

export interface Told {
  readonly claim: ArbiterClaim;
  readonly answer: Answer;
  /** News are for the record; a reminder says again what is; a refusal leaves the claim as it was. */
  readonly kind: 'news' | 'reminder' | 'refusal';
}

export class Step {
  readonly losing: Told[] = [];
  readonly changed: string[] = [];
  winning: Told[] = [];
  #holds: Set<string> | undefined;
  #hold: string | undefined;

  win(told: Told): void {
    this.winning.push(told);
  }

  /** A step that comes late may bring a grant and its end: they are told in that order. */
  lose(told: Told): void {
    const { claim } = told;
    if (this.winning.some((won) => won.claim === claim)) {
      this.losing.push(...this.winning.filter((won) => won.claim === claim));
      this.winning = this.winning.filter((won) => won.claim !== claim);
    }
    this.losing.push(told);
  }

  /** More has changed of these resources than their waiters. Most steps have one. */
  noteHolds(resources: readonly string[]): void {
    for (const resource of resources) {
      if (this.#hold === undefined || this.#hold === resource) this.#hold = resource;
      else {
        this.#holds ??= new Set();
        this.#holds.add(resource);
      }
    }
  }

  isHoldOf(resource: string): boolean {
    return this.#hold === resource || (this.#holds?.has(resource) ?? false);
  }
}
