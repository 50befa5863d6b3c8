// The ways of a claim: arrive, queue, be granted, told to stop, requeued, ended. Each leaves the table whole and notes
// what it changed; none decides whose turn it is (settle.ts does).
import { type Claim, nameCause } from './claim';
import type { By, LossReason } from './event';
import type { IndexMap } from './index-map';
import { Resource } from './resource';
import type { State } from './state';

/** Finds the resource, or makes it known. */
export function knowResource(state: State, name: string): Resource {
  const known = state.resources.get(name);
  if (known !== undefined) return known;
  const resource = new Resource(name);
  state.resources.add(name, resource);
  return resource;
}

/** A new claim enters the table. It is queued only if it is not granted at once. */
export function arrive(state: State, claim: Claim): void {
  state.claims.add(claim.id, claim);
  const { session, holding } = claim.terms;
  if (session !== undefined) addTo(state.sessions, session, claim);
  for (const id of holding) addTo(state.keeping, id, claim);
  state.guard?.count(claim.terms.requester, claim.resources.length, 1);
}

export function queue(claim: Claim): void {
  claim.waiting().isQueued = true;
  for (const resource of claim.resources) resource.enqueue(claim);
}

/** Rule 7: holds that begin by this grant share one new token; re-entrance keeps the hold's. */
export function hold(state: State, claim: Claim): void {
  unqueue(state, claim);
  let token = 0;
  for (const resource of claim.resources) {
    if (resource.isFree) {
      token ||= nextToken(state);
      resource.token = token;
      resource.since = state.wall;
    }
    resource.addHolder(claim);
    note(state, resource);
  }
  claim.phase = 'held';
  claim.wait = undefined;
  if (!claim.terms.standing) claim.expires = state.monotonic + claim.ttl;
  state.noteDeadline(claim);
  claim.grantedTimes++;
  const { id, token: ownToken, expires, grantedTimes } = claim;
  state.emit({ type: 'granted', id, token: ownToken, expires, regained: grantedTimes > 1, repeated: false });
}

/** Rule 2: takes the hold from its locker: at once where there is nothing to wait for, else each claim winds down. */
export function preempt(state: State, resource: Resource, winner: Claim): void {
  const by = nameCause(winner);
  for (const claim of resource.holders) {
    if (claim.isRevoking || claim.phase !== 'held') continue;
    if (claim.windDown === 0) surrender(state, claim, by);
    else revoke(state, claim, by);
  }
}

function revoke(state: State, claim: Claim, by: By): void {
  const until = state.monotonic + claim.windDown;
  claim.revocation = { by, until };
  state.noteDeadline(claim);
  for (const resource of claim.resources) note(state, resource);
  state.emit({ type: 'revoking', id: claim.id, until, by, repeated: false });
}

/** The holder's time to wind down is over, or it has said that it is done. */
export function endRevocation(state: State, claim: Claim): void {
  if (claim.revocation !== undefined) surrender(state, claim, claim.revocation.by);
}

/** A preempted claim gives up what it holds: it waits again if it is standing, else it is lost. */
function surrender(state: State, claim: Claim, by: By): void {
  if (!claim.terms.standing) {
    lose(state, claim, 'preempted', by);
    return;
  }
  vacate(state, claim);
  claim.phase = 'waiting';
  queue(claim);
  state.noteDeadline(claim);
  state.emit({ type: 'requeued', id: claim.id, by });
}

/** Ends a held claim against its locker's will. */
export function lose(state: State, claim: Claim, reason: LossReason, by?: By): void {
  vacate(state, claim);
  forget(state, claim);
  const { id } = claim;
  state.emit(by === undefined ? { type: 'lost', id, reason } : { type: 'lost', id, reason, by });
}

/** Ends a waiting claim without a grant. */
export function deny(
  state: State,
  claim: Claim,
  reason: 'timeout' | 'deadlock' | 'expired' | 'session',
  more: { readonly by?: By; readonly detail?: string } = {},
): void {
  withdraw(state, claim);
  forget(state, claim);
  state.emit({ type: 'denied', id: claim.id, command: 'claim', reason, ...more });
}

/** Ends a claim, waiting or held, because its locker wants it so. */
export function release(state: State, claim: Claim): void {
  if (claim.phase === 'held') vacate(state, claim);
  else withdraw(state, claim);
  forget(state, claim);
  state.emit({ type: 'released', id: claim.id });
}

function withdraw(state: State, claim: Claim): void {
  unqueue(state, claim);
  // Nobody has seen a claim that ends in the step in which it came.
  if (claim === state.arriving) return;
  for (const resource of claim.resources) state.noteChange(resource);
}

function vacate(state: State, claim: Claim): void {
  for (const resource of claim.resources) {
    resource.removeHolder(claim);
    note(state, resource);
  }
  claim.revocation = undefined;
}

function unqueue(state: State, claim: Claim): void {
  if (!claim.isQueued) return;
  const wait = claim.waiting();
  wait.isQueued = false;
  wait.isReserving = false;
  for (const resource of claim.resources) {
    resource.dequeue(claim);
    state.noteDirty(resource);
  }
}

function forget(state: State, claim: Claim): void {
  claim.phase = 'ended';
  state.noteDeadline(claim);
  state.claims.delete(claim.id);
  const { session, holding } = claim.terms;
  if (session !== undefined) removeFrom(state.sessions, session, claim);
  for (const id of holding) removeFrom(state.keeping, id, claim);
  state.guard?.count(claim.terms.requester, claim.resources.length, -1);
  for (const resource of claim.resources) {
    if (!resource.isChanged) forgetIdle(state, resource);
  }
}

/** A resource that nobody holds or waits for is forgotten. */
export function forgetIdle(state: State, resource: Resource): void {
  if (resource.isIdle) state.resources.delete(resource.name);
}

function note(state: State, resource: Resource): void {
  state.noteChange(resource);
  state.noteDirty(resource);
}

/** Rule 7: greater than any before, also across restarts. */
export function nextToken(state: State): number {
  state.lastToken = Math.max(state.lastToken + 1, Math.floor(state.wall));
  return state.lastToken;
}

function addTo(index: IndexMap<Set<Claim>>, key: string, claim: Claim): void {
  const claims = index.get(key);
  if (claims === undefined) index.add(key, new Set([claim]));
  else claims.add(claim);
}

function removeFrom(index: IndexMap<Set<Claim>>, key: string, claim: Claim): void {
  const claims = index.get(key);
  if (claims?.size === 1) index.delete(key);
  else claims?.delete(claim);
}
