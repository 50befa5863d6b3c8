// Gives claims of before a restart back to an empty table, as they were: holds with their tokens, waiters with their
// seniority, leases with what is left of them.
import { Claim } from './claim';
import type { By } from './event';
import type { Resource } from './resource';
import type { State } from './state';
import { arrive, knowResource, queue } from './transitions';
import type { RestoredClaim } from './view';

/**
 * Puts the claims where they were; whose turn has come meanwhile is found by the step that follows. A held claim one
 * of whose resources is with another locker, or has no token, waits (rule 8: all or nothing).
 */
export function restoreClaims(state: State, claims: readonly RestoredClaim[]): void {
  for (const restored of [...claims].sort((a, b) => a.order - b.order)) {
    const claim = rebuild(state, restored);
    arrive(state, claim);
    const tokens = restored.tokens ?? [];
    if (canHold(claim, tokens)) holdAgain(state, claim, tokens, restored);
    else waitAgain(state, claim);
    state.noteDeadline(claim);
    for (const resource of claim.resources) {
      state.noteChange(resource);
      state.noteDirty(resource);
    }
  }
}

function rebuild(state: State, restored: RestoredClaim): Claim {
  const resources = restored.resources.map((name) => knowResource(state, name));
  const written = restored.written ?? state.writes + 1;
  const claim = new Claim({ type: 'claim', ...restored }, resources, restored.order, written);
  state.arrivals = Math.max(state.arrivals, claim.order);
  state.writes = Math.max(state.writes, written);
  claim.grantedTimes = restored.grantedBefore === true ? 1 : 0;
  claim.expires = restored.expires;
  claim.waiting().until = restored.waitUntil ?? Infinity;
  return claim;
}

function canHold(claim: Claim, tokens: readonly number[]): boolean {
  return (
    tokens.length === claim.resources.length &&
    claim.resources.every((resource) => resource.isFree || resource.locker === claim.locker)
  );
}

function holdAgain(state: State, claim: Claim, tokens: readonly number[], restored: RestoredClaim): void {
  claim.phase = 'held';
  claim.wait = undefined;
  claim.grantedTimes = Math.max(claim.grantedTimes, 1);
  for (const [index, token] of tokens.entries()) {
    const resource = claim.resources[index] as Resource;
    resource.since = restored.since?.[index] ?? state.wall;
    resource.token = Math.max(resource.token, token);
    resource.addHolder(claim);
    state.lastToken = Math.max(state.lastToken, token);
  }
  const { revokedBy: by = SOMEBODY, until } = restored;
  if (until !== undefined) claim.revocation = { by, until };
}

/** Who had a claim revoked may be forgotten over a restart. */
const SOMEBODY: By = { locker: '' };

function waitAgain(state: State, claim: Claim): void {
  if (!claim.terms.standing) claim.expires = Infinity;
  queue(claim);
  state.notePending(claim);
}
