// Holds of one resource that nobody else has asked for yet. Most locks never meet anybody; as long as that is so, the
// lock table need not know of them, and they cost a fraction.
import type { Claim, ClaimListener, Granted } from './protocol';

export class SoleHold implements Granted {
  readonly type = 'granted';
  readonly expires = Infinity;
  readonly token: number;
  readonly claim: Claim;
  readonly listener: ClaimListener | undefined;
  /** Wall ms at which it began. */
  readonly since: number;

  constructor(claim: Claim, token: number, listener: ClaimListener | undefined, since: number) {
    this.claim = claim;
    this.token = token;
    this.listener = listener;
    this.since = since;
  }
}

/** So many places are left empty before they are swept out; with many holds, half as many as those. */
const LEAST_SWEPT = 64;

export class SoleHolds {
  /** What is over leaves an empty place, since the next hold of the same resource is often not far. */
  readonly #places = new Map<string, SoleHold | undefined>();
  #empty = 0;

  get(resource: string): SoleHold | undefined {
    return this.#places.get(resource);
  }

  /** Begins the hold of a resource that has none. */
  add(resource: string, hold: SoleHold): void {
    if (this.#empty > 0 && this.#places.has(resource)) this.#empty--;
    this.#places.set(resource, hold);
  }

  /** Ends the hold of a resource that has one. */
  delete(resource: string): void {
    this.#places.set(resource, undefined);
    this.#empty++;
    if (this.#empty >= LEAST_SWEPT && this.#empty > this.#places.size >> 1) this.#sweep();
  }

  /** Resources with a hold. */
  *resources(): Generator<string, void, undefined> {
    for (const [resource, hold] of this.#places) if (hold !== undefined) yield resource;
  }

  #sweep(): void {
    for (const [resource, hold] of this.#places) if (hold === undefined) this.#places.delete(resource);
    this.#empty = 0;
  }
}
