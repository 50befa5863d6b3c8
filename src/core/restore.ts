// Gives claims of before a restart back to an empty table, as they were: holds with their tokens, waiters with their
// seniority, leases with what is left of them.
import { Claim } from './claim';
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
    if (canHold(claim, restored.tokens)) holdAgain(state, claim, restored);
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

function canHold(claim: Claim, tokens: readonly number[] | undefined): boolean {
  if (tokens === undefined) return false;
  return claim.resources.every(
    (resource, index) => (tokens[index] ?? 0) > 0 && (resource.isFree || resource.locker === claim.locker),
  );
}

function holdAgain(state: State, claim: Claim, restored: RestoredClaim): void {
  claim.phase = 'held';
  claim.wait = undefined;
  claim.grantedTimes = Math.max(claim.grantedTimes, 1);
  claim.resources.forEach((resource, index) => {
    const token = restored.tokens?.[index] ?? 0;
    resource.token = Math.max(resource.token, token);
    state.lastToken = Math.max(state.lastToken, token);
    resource.since = restored.since ?? state.wall;
    resource.addHolder(claim);
  });
  if (restored.until === undefined) return;
  claim.revocation = { by: restored.revokedBy ?? { locker: '' }, until: restored.until };
}

function waitAgain(state: State, claim: Claim): void {
  if (!claim.terms.standing) claim.expires = Infinity;
  queue(claim);
  state.notePending(claim);
}
