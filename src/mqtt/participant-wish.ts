// What of a claim's message goes to the arbiter, and what is wrong with one that could not be read there. Levels and
// policy are the arbiter's to know.
import type { OwnChange } from './arbiter-own';
import { type Refusal, resourcesOf } from './arbiter-wish';
import type { ClaimMessage } from './messages';
import { readUp } from './read-session-message';
import { LONGEST_MS } from './schemas';
import type { MakeOp, UpdateOp, UpFrame } from './session-messages';

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

/** Why nobody could read what a claim asks for, or `undefined`. */
export function objectToOp(op: MakeOp | UpdateOp): Refusal | undefined {
  const frame = new TextEncoder().encode(JSON.stringify({ ...EMPTY_FRAME, ops: [op] }));
  if (frame.length > LARGEST_OP)
    return { reason: 'too-long', detail: `it has ${frame.length} bytes, over ${LARGEST_OP}` };
  const { error } = readUp(frame);
  return error && { reason: 'invalid', detail: error.text.replace(WHERE, '') };
}

/** All that anybody may send at once. */
const LARGEST_OP = 64 * 1024;

const EMPTY_FRAME: UpFrame = { v: 1, session: '-', epoch: 1, stream: 1, n: 1, ack: 0, ops: [] };

/** Of no interest to whoever made the claim. */
const WHERE = /^ops\[0\]\.(message\.|change\.)?/;

function isEndless(length: number): boolean {
  return length > LONGEST_MS;
}
