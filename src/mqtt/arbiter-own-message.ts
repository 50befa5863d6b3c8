// How a claim of our own runtime is retained at the broker, so that it survives a restart.
import type { ArbiterClaim, ClaimKey } from './arbiter-claim';
import { LONGEST_MS } from './schemas';

/** The claim as its requester would publish it, and whose it is. */
export function spellOwnClaim(claim: ArbiterClaim): string {
  const {
    renew: _renew,
    yielded: _yielded,
    resource: _resource,
    timeout,
    ttl: _ttl,
    ...message
  } = claim.message;
  return JSON.stringify({
    ...message,
    id: claim.id,
    resources: claim.resources,
    // What is longer than messages may say is as good as without an end.
    ...(claim.ttl <= LONGEST_MS && { ttl: claim.ttl }),
    ...(timeout !== undefined && timeout <= LONGEST_MS && { timeout }),
    owner: claim.owner,
  });
}

/** Whose claim it is that an earlier run of this runtime has left; `undefined` if it does not say. */
export function readOwner(payload: Uint8Array): ClaimKey | undefined {
  const { owner } = JSON.parse(new TextDecoder().decode(payload)) as { readonly owner?: Partial<ClaimKey> };
  const { path, key } = owner ?? {};
  return typeof path === 'string' && typeof key === 'string' ? { path, key } : undefined;
}
