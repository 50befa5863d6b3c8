// Claims of the arbiter's own runtime: they come and are answered in process, and only those that are to survive a
// restart are written down.
import { refusal } from './arbiter-answers';
import { ArbiterClaim, type ClaimKey, type Hearer } from './arbiter-claim';
import type { Context } from './arbiter-context';
import type { Decider } from './arbiter-decider';
import { standingPart } from './arbiter-devices';
import { nameOfOwn } from './arbiter-own-message';
import type { Publisher } from './arbiter-publisher';
import { isRefusal, type Refusal, readWish } from './arbiter-wish';
import type { ClaimMessage } from './messages';

export interface OwnAsk {
  /** Unique in the world. */
  readonly id: string;
  readonly owner: ClaimKey;
  readonly message: ClaimMessage;
  readonly isKept: boolean;
}

export type OwnChange = Pick<ClaimMessage, 'priority' | 'value' | 'ttl' | 'renew'>;

export interface OwnParts {
  readonly context: Context;
  readonly decider: Decider;
  readonly hearer: Hearer;
  /** `undefined` where there is no broker. */
  readonly publisher: Publisher | undefined;
}

export class OwnClaims {
  readonly #parts: OwnParts;
  readonly #context: Context;

  constructor(parts: OwnParts) {
    this.#parts = parts;
    this.#context = parts.context;
  }

  /** Makes a claim. The answers go to the hearer, maybe before this returns; a claim that cannot be one is refused. */
  claim({ id, owner, message, isKept }: OwnAsk): ArbiterClaim | Refusal {
    const name = nameOfOwn(owner);
    const { requester, instance: session, rules } = this.#context;
    const wish = readWish({ requester, name, isDevice: false }, message, rules);
    if (isRefusal(wish)) return wish;
    const origin = { id, requester, name, kind: 'own', session } as const;
    const claim = new ArbiterClaim(origin, message, wish);
    claim.owner = owner;
    if (this.#context.canBeSucceeded) claim.proof = 'awaited';
    claim.isKept = isKept && this.#parts.publisher !== undefined;
    this.#parts.decider.claim(claim);
    return claim;
  }

  /** Changes a claim in place; a refused change leaves it as it was. */
  update(claim: ArbiterClaim, change: OwnChange): void {
    const { decider, hearer } = this.#parts;
    decider.catchUp();
    if (!claim.isAlive) return;
    const refused = changeInPlace(this.#parts, claim, change);
    if (refused !== undefined) hearer.hear(claim, refusal(claim, refused));
  }

  yield(claim: ArbiterClaim): void {
    const { decider } = this.#parts;
    decider.catchUp();
    if (claim.phase === 'revoking') decider.yield(claim);
  }

  release(claim: ArbiterClaim): void {
    const { decider } = this.#parts;
    decider.catchUp();
    if (claim.isAlive) decider.release(claim);
  }

  /** Whether it is to survive a restart. */
  keep(claim: ArbiterClaim, isKept: boolean): void {
    const { decider, publisher } = this.#parts;
    if (publisher === undefined || claim.isKept === isKept || !claim.isAlive) return;
    claim.isKept = isKept;
    decider.noteOrder(claim);
    if (isKept) publisher.noteAnswer(claim, claim.phase === 'held');
    else publisher.forgetClaim(claim);
    publisher.flushSoon();
  }
}

/** Changes a live claim of a runtime; gives back why not. */
export function changeInPlace(
  { context, decider }: Pick<OwnParts, 'context' | 'decider'>,
  claim: ArbiterClaim,
  change: OwnChange,
): Refusal | undefined {
  const message = { ...claim.message, ...defined(change) };
  const wish = readWish({ ...claim.address, isDevice: false }, message, context.rules);
  if (isRefusal(wish)) return wish;
  decider.update(claim, {
    message: standingPart(message),
    priority: change.priority === undefined ? undefined : wish.priority,
    value: change.value,
    renew: change.renew === true,
    ttl: change.ttl === undefined ? undefined : wish.ttl,
  });
  return undefined;
}

function defined(change: OwnChange): OwnChange {
  const { priority, value, ttl } = change;
  return {
    ...(priority !== undefined && { priority }),
    ...(value !== undefined && { value }),
    ...(ttl !== undefined && { ttl }),
  };
}
