// What this runtime has left at the broker under names that it had before, brought under the one that it has now: the same
// claims, holds and answers.
import { deviceClaimId } from './arbiter-claim';
import type { Context, FormerName } from './arbiter-context';
import type { Finds, FoundClaim } from './arbiter-found';
import { vacantNames } from './former-names';

/** Enters it as if it had been found under the present name; of two claims in one place, that one counts. */
export function adoptFormer(finds: Finds, { topics, requester, before }: Context): void {
  const text = (payload: Uint8Array) => new TextDecoder().decode(payload);
  for (const former of vacantNames(before(), (name) => finds.presences.get(name))) {
    const presence = finds.presences.get(former.name);
    finds.presences.delete(former.name);
    // Nobody else clears what was put there as our own.
    if (presence !== undefined) finds.ours.set(topics.session(former.name), text(presence));
    for (const [key, claim] of [...finds.claims]) {
      if (claim.requester !== former.name || claim.owner === undefined) continue;
      finds.ours.set(topics.claim(former.name, claim.name), text(claim.payload));
      adopt(finds, key, claim, requester);
    }
    forgetPassing(finds, former);
  }
}

/** What was not kept has ended with the process. */
function forgetPassing({ holds }: Finds, { name, instance }: FormerName): void {
  for (const [key, { claim }] of holds) {
    if (claim.requester === name && claim.session === instance) holds.delete(key);
  }
}

function adopt(finds: Finds, key: string, claim: FoundClaim, requester: string): void {
  const [answer, hold] = [finds.answers.get(key), finds.holds.get(key)];
  for (const each of [finds.claims, finds.answers, finds.holds]) each.delete(key);
  const own = deviceClaimId(requester, claim.name);
  const there = finds.claims.get(own);
  if (there !== undefined && there.message?.id !== claim.message?.id) return;
  finds.claims.set(own, there ?? { ...claim, requester });
  if (answer !== undefined && !finds.answers.has(own)) finds.answers.set(own, { ...answer, requester });
  if (hold !== undefined && !finds.holds.has(own))
    finds.holds.set(own, { ...hold, claim: { ...hold.claim, requester } });
}
