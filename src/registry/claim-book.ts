// Every claim of this runtime's nodes: whose it is, on which resources, and what is told to whom.
import { iso } from '../mqtt/arbiter-context';
import type { Authority, AuthorityClaim, ClaimHearer } from '../mqtt/authority';
import type { Answer, ClaimMessage } from '../mqtt/messages';
import { SteadyMap } from '../mqtt/steady-map';
import type { Clock } from '../protocol';
import { Owner, type OwnerHost } from './claim-owner';
import { type ClaimChange, type ClaimDeeds, OwnedClaim } from './owned-claim';
import { copyValue } from './value-copy';

/** Whoever decides about the claims at the moment, and by what name he knows them to be ours. */
export interface Deciding {
  readonly requester: string;
  readonly authority: Authority;
}

export class ClaimBook implements ClaimHearer, OwnerHost, ClaimDeeds {
  readonly clock: Clock;
  readonly #deciding: () => Deciding;
  readonly #makeId: () => string;
  readonly #owners = new Map<string, Owner>();
  /** Live claims by their id. */
  readonly #claims = new SteadyMap<string, OwnedClaim>();
  /** Most resources have one. */
  readonly #byResource = new SteadyMap<string, OwnedClaim | Set<OwnedClaim>>();
  /** Made before claims could be. */
  #early: OwnedClaim[] | undefined = [];
  #isStopped = false;

  constructor(clock: Clock, makeId: () => string, deciding: () => Deciding) {
    this.clock = clock;
    this.#makeId = makeId;
    this.#deciding = deciding;
  }

  /** Monotonic ms until which holds may be believed in. */
  get validUntil(): number {
    return this.#isStopped ? -Infinity : this.#authority.validUntil;
  }

  /** What is held will be given back, and somebody else may have it at once: nothing of it is believed in from now on. */
  stop(): void {
    this.#isStopped = true;
  }

  get #authority(): Authority {
    return this.#deciding().authority;
  }

  owner(path: string): Owner {
    const owner = this.#ownerOf(path);
    owner.attach();
    return owner;
  }

  find(id: string): OwnedClaim | undefined {
    return this.#claims.get(id);
  }

  findByLocker(resource: string, locker: string): readonly OwnedClaim[] {
    const own = this.#deciding().requester;
    const there = this.#byResource.get(resource) ?? [];
    const claims = there instanceof OwnedClaim ? [there] : [...there];
    return claims.filter(({ claim, message }) => (claim?.locker ?? message.locker ?? own) === locker);
  }

  /** Claims can be made: what was asked for meanwhile is asked for now. */
  begin(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const claim of early) {
      if (claim.isOver) continue;
      if (claim.claim === undefined) this.#ask(claim);
      else this.#authority.update(claim.claim, { ...claim.asked, renew: true });
    }
  }

  // For the owners.

  make(owner: Owner, key: string, message: ClaimMessage, isKept: boolean): OwnedClaim {
    const id = this.#makeId();
    const claim = new OwnedClaim({
      deeds: this,
      path: owner.path,
      key,
      id,
      isKept,
      message: copyValue(message),
    });
    this.#enter(owner, claim);
    if (this.#early === undefined) this.#ask(claim);
    else this.#early.push(claim);
    return claim;
  }

  change(claim: OwnedClaim, message: ClaimMessage, isKept: boolean | undefined): void {
    if (isKept !== undefined) claim.isKept = isKept;
    if (isKept !== undefined && claim.claim !== undefined) this.#authority.keep(claim.claim, isKept);
    const { priority, value, ttl, renew } = message;
    this.update(claim, { priority, value, ttl, renew });
  }

  leave(owner: Owner): void {
    this.#owners.delete(owner.path);
  }

  // For the claims.

  update(claim: OwnedClaim, change: ClaimChange): void {
    const copy = copyValue(change);
    if (claim.claim !== undefined) this.#authority.update(claim.claim, copy);
    else claim.asked = { ...claim.asked, ...defined(copy) };
  }

  yield({ claim }: OwnedClaim): void {
    if (claim !== undefined) this.#authority.yield(claim);
  }

  release(claim: OwnedClaim): void {
    if (claim.claim !== undefined) this.#authority.release(claim.claim);
    else if (!claim.isOver) this.#tell(claim, { ...this.#endOf(claim), result: 'released' });
  }

  // For whoever decides.

  hear(there: AuthorityClaim, answer: Answer): void {
    const claim = this.#claims.get(there.id);
    if (claim === undefined) return;
    claim.claim = there;
    this.#tell(claim, answer);
  }

  move(there: AuthorityClaim): void {
    const claim = this.#claims.get(there.id);
    if (claim !== undefined) claim.claim = there;
  }

  recall(there: AuthorityClaim): void {
    const { id, owner: whose, message } = there;
    if (whose === undefined) return;
    const { path, key } = whose;
    const isNew = !this.#owners.has(path);
    const owner = this.#ownerOf(path);
    // Nobody may stand there any more.
    if (isNew) owner.detach(false);
    const early = owner.claims.get(key);
    const claim = early ?? new OwnedClaim({ deeds: this, path, key, id, message, isKept: true });
    if (early !== undefined) this.#leave(early);
    claim.claim = there;
    this.#enter(owner, claim);
  }

  #ask(claim: OwnedClaim): void {
    const { id, path, key, asked, isKept } = claim;
    const made = this.#authority.claim({ id, owner: { path, key }, message: asked, isKept });
    if ('reason' in made) this.#tell(claim, { ...this.#endOf(claim), result: 'denied', ...made });
    else claim.claim = made;
  }

  #endOf({ id, resources }: OwnedClaim): Pick<Answer, 'id' | 'resources' | 'ended'> {
    return { id, resources, ended: iso(this.clock.now().wall) };
  }

  #tell(claim: OwnedClaim, answer: Answer): void {
    // Not by the claim's phase: what is told may be older than that.
    if (answer.ended !== undefined) this.#end(claim);
    claim.told = answer;
    this.#owners.get(claim.path)?.tell(claim, answer);
  }

  #end(claim: OwnedClaim): void {
    if (claim.isOver) return;
    this.#leave(claim);
    claim.isOver = true;
  }

  #enter(owner: Owner, claim: OwnedClaim): void {
    owner.claims.set(claim.key, claim);
    this.#claims.set(claim.id, claim);
    for (const resource of claim.resources) {
      const there = this.#byResource.get(resource);
      if (there === undefined) this.#byResource.set(resource, claim);
      else if (there instanceof Set) there.add(claim);
      else this.#byResource.set(resource, new Set([there, claim]));
    }
  }

  #leave(claim: OwnedClaim): void {
    const owner = this.#owners.get(claim.path);
    if (owner?.claims.get(claim.key) === claim) owner.claims.delete(claim.key);
    this.#claims.delete(claim.id);
    for (const resource of claim.resources) {
      const there = this.#byResource.get(resource);
      if (there instanceof Set && there.size > 1) there.delete(claim);
      else this.#byResource.delete(resource);
    }
  }

  #ownerOf(path: string): Owner {
    const there = this.#owners.get(path);
    if (there !== undefined) return there;
    const owner = new Owner(this, path);
    this.#owners.set(path, owner);
    return owner;
  }
}

function defined({ priority, value, ttl, renew }: ClaimChange): ClaimChange {
  return {
    ...(priority !== undefined && { priority }),
    ...(value !== undefined && { value }),
    ...(ttl !== undefined && { ttl }),
    ...(renew !== undefined && { renew }),
  };
}
