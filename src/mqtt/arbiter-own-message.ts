// How a claim of a runtime is retained at the broker, so that it survives a restart.
import type { ArbiterClaim, ClaimKey } from './arbiter-claim';
import { objectToResource } from './names';
import { hashPayload } from './read-payload';
import { LONGEST_MS } from './schemas';

/** What of a claim is retained. */
export type KeptClaim = Pick<ArbiterClaim, 'id' | 'resources' | 'ttl' | 'owner' | 'message'>;

/** The claim as its requester would publish it, and whose it is. */
export function spellOwnClaim(claim: KeptClaim): string {
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

/** Longer keys are shortened: the name must fit into a topic. */
const LONGEST_KEY = 128;

/** What follows the requester's name in the topics of a claim. */
export function nameOfOwn({ path, key }: ClaimKey): string {
  const name = `${path}/${key}`;
  if (key.length <= LONGEST_KEY && objectToResource(name) === undefined) return name;
  return `${path}/${hashPayload(new TextEncoder().encode(key))}`;
}
