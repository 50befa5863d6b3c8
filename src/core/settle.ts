// Whose turn it is (rules 1 to 4 and 8): grants in order of rank over all resources, until nothing more can be had.
//
// Only claims at resources where something has changed are tried, best first; a grant or a reservation that comes or
// goes brings the claims at its resources to be tried again. That gives what a walk over all waiting claims, begun
// again after each grant, would give: a claim's turn depends on nothing but its own resources and those above it there.
import { type Claim, ranksAbove } from './claim';
import type { Resource } from './resource';
import type { State } from './state';
import { hold, preempt, queue } from './transitions';
import type { WaitQueue } from './wait-queue';

/** Grants until nothing more can be had, and starts the revocations that those who cannot have it yet may cause. */
export function settle(state: State): void {
  for (;;) {
    gatherCandidates(state);
    const claim = state.pending.pop();
    if (claim === undefined) return;
    claim.isPending = false;
    if (claim.phase === 'waiting') tryClaim(state, claim);
  }
}

function gatherCandidates(state: State): void {
  for (let resource = state.dirty.pop(); resource !== undefined; resource = state.dirty.pop()) {
    resource.isDirty = false;
    if (resource.queue !== undefined) gatherAt(state, resource, resource.queue);
  }
}

function gatherAt(state: State, resource: Resource, waiters: WaitQueue): void {
  for (const claim of waiters.several) state.notePending(claim);
  const { firstAssertive, firstPolite } = waiters;
  if (firstAssertive !== undefined) noteFirst(state, waiters.assertive(), firstAssertive);
  if (firstPolite !== undefined && resource.isFree) state.notePending(firstPolite);
  const { locker } = resource;
  if (locker === undefined) return;
  for (const claim of waiters.ofLocker(locker)) state.notePending(claim);
}

/** The best one; and while those are overdue, which revoke nobody, also the next. */
function noteFirst(state: State, ranked: Iterable<Claim>, first: Claim): void {
  state.notePending(first);
  if (!state.isOverdue(first)) return;
  for (const claim of ranked) {
    state.notePending(claim);
    if (!state.isOverdue(claim)) return;
  }
}

function tryClaim(state: State, claim: Claim): void {
  switch (outlook(state, claim)) {
    case 'now':
      grant(state, claim);
      return;
    case 'soon':
      awaitRevocations(state, claim);
      return;
    case 'blocked':
      stayQueued(state, claim, false);
  }
}

function grant(state: State, claim: Claim): void {
  for (const resource of claim.resources) {
    if (!resource.isFree && resource.locker !== claim.locker) preempt(state, resource, claim);
  }
  hold(state, claim);
}

/** Rule 8: revokes all that must be revoked at once, and keeps what it can have from those below. */
function awaitRevocations(state: State, claim: Claim): void {
  for (const resource of claim.resources) {
    if (!resource.isRevoking && canTake(claim, resource) && resource.mustWindDown) {
      preempt(state, resource, claim);
    }
  }
  stayQueued(state, claim, claim.isSeveral);
}

function stayQueued(state: State, claim: Claim, isReserving: boolean): void {
  if (!claim.isQueued) {
    queue(claim);
    noteAll(state, claim);
  }
  if (claim.isReserving === isReserving) return;
  claim.waiting().isReserving = isReserving;
  for (const { queue } of claim.resources) {
    if (isReserving) queue?.reserving.add(claim);
    else queue?.reserving.delete(claim);
  }
  noteAll(state, claim);
}

function noteAll(state: State, claim: Claim): void {
  for (const resource of claim.resources) state.noteDirty(resource);
}

type Outlook = 'now' | 'soon' | 'blocked';

/** Whether the claim can be had now, or waits only for revocations, or for more than that. */
function outlook(state: State, claim: Claim): Outlook {
  let found: Outlook = 'now';
  for (const resource of claim.resources) {
    const there = outlookAt(state, claim, resource);
    if (there === 'blocked') return 'blocked';
    if (there === 'soon') found = 'soon';
  }
  // Rule 4: a wait that is over revokes nobody, so it can only have what it can have now.
  return found === 'soon' && state.isOverdue(claim) ? 'blocked' : found;
}

function outlookAt(state: State, claim: Claim, resource: Resource): Outlook {
  if (resource.queue !== undefined && isKeptFrom(state, claim, resource, resource.queue)) return 'blocked';
  if (resource.isFree) return 'now';
  if (resource.isRevoking) return 'soon';
  if (resource.locker === claim.locker) return 'now';
  if (!canTake(claim, resource)) return 'blocked';
  return resource.mustWindDown ? 'soon' : 'now';
}

/** Rules 2 and 5: strictly higher than the hold's effective priority, and not polite. */
export function canTake(claim: Claim, resource: Resource): boolean {
  if (resource.isFree || resource.locker === claim.locker) return false;
  return !claim.terms.polite && claim.priority > resource.priority;
}

/** Rule 8: somebody above it waits only for revocations, this resource's or others', and keeps the resource. */
function isKeptFrom(state: State, claim: Claim, resource: Resource, waiters: WaitQueue): boolean {
  for (const other of waiters.reserving) if (other !== claim && ranksAbove(other, claim)) return true;
  if (!resource.isRevoking) return false;
  return (
    isOutranked(state, claim, waiters.assertive(), waiters.firstAssertive) ||
    isOutranked(state, claim, waiters.polite(), waiters.firstPolite)
  );
}

function isOutranked(state: State, claim: Claim, ranked: Iterable<Claim>, first: Claim | undefined): boolean {
  if (first === undefined || !ranksAbove(first, claim)) return false;
  for (const other of ranked) {
    if (!ranksAbove(other, claim)) return false;
    if (!state.isOverdue(other)) return true;
  }
  return false;
}
