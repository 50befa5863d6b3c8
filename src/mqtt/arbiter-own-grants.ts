// Keeps back what a claim of our own runtime was granted until the states of its resources have come back from the
// broker: what a successor could not read was never granted.
import type { ArbiterClaim } from './arbiter-claim';
import type { Answer, ResourceState } from './messages';

interface Kept {
  readonly claim: ArbiterClaim;
  readonly answer: Answer;
  /** Resources whose states have not come back, with the tokens that they must show. */
  readonly awaited: Map<string, number>;
}

export interface OwnGrantsHost {
  /** Of the hold that is there now. */
  tokenOf(resource: string): number;
  /** The answer may be told now. */
  tell(claim: ArbiterClaim, answer: Answer): void;
  /** A hold that its locker has never heard of is to end. */
  yield(claim: ArbiterClaim): void;
}

export class OwnGrants {
  readonly #host: OwnGrantsHost;
  readonly #kept = new Map<string, Kept>();
  readonly #byResource = new Map<string, Set<Kept>>();

  constructor(host: OwnGrantsHost) {
    this.#host = host;
  }

  /** To be asked with every answer; `true` if it is not to be told, not yet at least. */
  keepsBack(claim: ArbiterClaim, answer: Answer): boolean {
    const kept = this.#kept.get(claim.id);
    if (answer.result === 'granted' && !claim.isProven) {
      if (kept !== undefined) this.#forget(kept);
      const awaited = claim.resources.map((name) => [name, this.#host.tokenOf(name)] as const);
      this.#keep({ claim, answer, awaited: new Map(awaited) });
      return true;
    }
    if (kept === undefined) return false;
    // Refusals of further messages say nothing of the hold.
    if (answer.result === 'denied' || answer.result === 'error') return false;
    this.#forget(kept);
    if (answer.result !== 'revoking') return false;
    this.#host.yield(claim);
    return true;
  }

  /** Whether something waits for this state. */
  awaits(resource: string): boolean {
    return this.#byResource.has(resource);
  }

  /** A state that this very term wrote has come back. */
  heard({ resource, claims, token = 0 }: ResourceState): void {
    for (const kept of [...(this.#byResource.get(resource) ?? [])]) {
      const { claim, answer, awaited } = kept;
      const shown = claims.some(({ id }) => id === claim.id) ? token : -1;
      if (shown < (awaited.get(resource) ?? Infinity)) continue;
      awaited.delete(resource);
      if (awaited.size > 0) continue;
      this.#forget(kept);
      claim.proof = 'there';
      claim.wasProven = true;
      this.#host.tell(claim, answer);
    }
  }

  clear(): void {
    this.#kept.clear();
    this.#byResource.clear();
  }

  #keep(kept: Kept): void {
    this.#kept.set(kept.claim.id, kept);
    for (const resource of kept.awaited.keys()) {
      const there = this.#byResource.get(resource) ?? new Set();
      this.#byResource.set(resource, there.add(kept));
    }
  }

  #forget(kept: Kept): void {
    this.#kept.delete(kept.claim.id);
    for (const resource of kept.claim.resources) {
      const there = this.#byResource.get(resource);
      there?.delete(kept);
      if (there?.size === 0) this.#byResource.delete(resource);
    }
  }
}
