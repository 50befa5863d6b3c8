// What of a claim's message goes to the arbiter, and what is wrong with one that could not be read there. Levels and
// policy are the arbiter's to know.
import type { OwnChange } from './arbiter-own';
import { type Refusal, resourcesOf } from './arbiter-wish';
import type { ClaimMessage } from './messages';
import { readClaim } from './read-message';
import { LONGEST_MS } from './schemas';

/** What stands of a message, as messages can say it: what is longer than they may is as good as without an end. */
export function wishOf(
  message: ClaimMessage,
  name: string,
): ClaimMessage & { readonly resources: readonly string[] } {
  const { id: _id, renew: _renew, yielded: _yielded, resource: _resource, ttl, timeout, ...rest } = message;
  return {
    ...rest,
    resources: resourcesOf(message, name),
    ...(ttl !== undefined && !isEndless(ttl) && { ttl }),
    ...(timeout !== undefined && !isEndless(timeout) && { timeout }),
  };
}

/** What is there of a change; a lease that is not to end is as long as one can be. */
export function changeOf({ priority, value, ttl, renew }: OwnChange): OwnChange {
  return {
    ...(priority !== undefined && { priority }),
    ...(value !== undefined && { value }),
    ...(ttl !== undefined && { ttl: isEndless(ttl) ? LONGEST_MS : ttl }),
    ...(renew === true && { renew }),
  };
}

/** Why nobody could act on it, or `undefined`. */
export function objectToWish(message: ClaimMessage): Refusal | undefined {
  const { error } = readClaim(new TextEncoder().encode(JSON.stringify(message)));
  return error && { reason: 'invalid', detail: error.text };
}

function isEndless(length: number): boolean {
  return length > LONGEST_MS;
}
