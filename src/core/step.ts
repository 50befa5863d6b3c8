// One step of the table (rule 4): end what is due, do the command, grant, deny the waits that are over now. Time comes
// in from outside; deadlines that were missed are kept one by one, so that a late step gives what punctual ones would.
import { type Claim, nameCause } from './claim';
import type { Now } from './command';
import { findVictim } from './deadlock';
import type { By } from './event';
import { settle } from './settle';
import type { State } from './state';
import { deny, endRevocation, forgetIdle, lose } from './transitions';

/** What a command changes; gives back the claim that its sender wants to hear about, if there is one. */
export type Perform<C> = (state: State, command: C) => Claim | undefined;

/** Keeps the deadlines that lie before `now`, each at its own time, and does the command at `now`. */
export function stepThrough<C>(state: State, command: C, now: Now, perform: Perform<C>): void {
  const monotonic = Math.max(state.monotonic, now.monotonic);
  for (let due = nextDeadline(state); due < monotonic; due = nextDeadline(state)) {
    state.monotonic = due;
    state.wall = now.wall - (monotonic - due);
    step(state, undefined, letTimePass);
  }
  state.monotonic = monotonic;
  state.wall = now.wall;
  step(state, command, perform);
}

function letTimePass(): undefined {}

export function nextDeadline(state: State): number {
  return state.deadlines.peek()?.due ?? Infinity;
}

function step<C>(state: State, command: C, perform: Perform<C>): void {
  const start = state.events.length;
  if (nextDeadline(state) <= state.monotonic) endWhatIsDue(state);
  const subject = perform(state, command);
  settle(state);
  if (state.keeping.size > 0) breakCircles(state, subject);
  if (subject !== undefined) answer(state, subject, start);
  if (state.overdue.length > 0) denyOverdue(state);
  state.arriving = undefined;
  tellChanges(state);
}

/** Leases first, then revocations; waits that are over may still be granted in this step. */
function endWhatIsDue(state: State): void {
  const leases: Claim[] = [];
  const revocations: Claim[] = [];
  while (nextDeadline(state) <= state.monotonic) {
    const claim = state.deadlines.pop() as Claim;
    claim.due = Infinity;
    if (claim.expires <= state.monotonic) leases.push(claim);
    else if (claim.revokedUntil <= state.monotonic) revocations.push(claim);
    else beOverdue(state, claim);
  }
  for (const claim of leases) expire(state, claim);
  for (const claim of revocations) endRevocation(state, claim);
}

function expire(state: State, claim: Claim): void {
  if (claim.phase === 'held') lose(state, claim, 'expired');
  else deny(state, claim, 'expired');
}

function beOverdue(state: State, claim: Claim): void {
  state.overdue.push(claim);
  // It may be keeping resources that it can no longer wait for.
  for (const resource of claim.resources) state.noteDirty(resource);
}

function breakCircles(state: State, subject: Claim | undefined): void {
  for (let victim = findVictim(state, suspects(state, subject)); victim !== undefined; ) {
    deny(state, victim.claim, 'deadlock', { detail: victim.detail });
    settle(state);
    victim = findVictim(state, suspects(state, subject));
  }
}

function* suspects(state: State, subject: Claim | undefined): Generator<Claim, void, undefined> {
  if (subject !== undefined) yield subject;
  for (const resource of state.changed) yield* resource.queue?.keepers ?? [];
}

/** Tells whoever gave the command what its claim is now, unless an event of this step has told it already. */
function answer(state: State, claim: Claim, start: number): void {
  if (claim.phase === 'waiting' && state.isOverdue(claim)) return;
  if (claim === state.arriving) {
    if (claim.phase === 'waiting') announce(state, claim);
    return;
  }
  if (claim.phase === 'ended' || isTold(state, claim, start)) return;
  const { id } = claim;
  if (claim.phase === 'waiting') state.emit({ type: 'queued', id, repeated: true });
  else if (claim.revocation !== undefined) {
    state.emit({ type: 'revoking', id, ...claim.revocation, repeated: true });
  } else {
    const { token, expires, grantedTimes } = claim;
    state.emit({ type: 'granted', id, token, expires, regained: grantedTimes > 1, repeated: true });
  }
}

function announce(state: State, claim: Claim): void {
  state.emit({ type: 'queued', id: claim.id, repeated: false });
  for (const resource of claim.resources) state.noteChange(resource);
}

function isTold(state: State, claim: Claim, start: number): boolean {
  for (let index = start; index < state.events.length; index++) {
    const event = state.events[index];
    if (event !== undefined && event.type !== 'changed' && event.id === claim.id) return true;
  }
  return false;
}

function denyOverdue(state: State): void {
  for (const claim of state.overdue) {
    if (claim.phase !== 'waiting') continue;
    const by = whoIsInTheWay(claim);
    deny(state, claim, 'timeout', by === undefined ? {} : { by });
  }
  state.overdue = [];
}

function whoIsInTheWay(claim: Claim): By | undefined {
  for (const resource of claim.resources) {
    const { foremost } = resource;
    if (foremost !== undefined && foremost.locker !== claim.locker) return nameCause(foremost);
  }
  return undefined;
}

/** One `changed` per resource and step; a resource without claims is forgotten. */
function tellChanges(state: State): void {
  const { changed } = state;
  for (const resource of changed) {
    resource.isChanged = false;
    forgetIdle(state, resource);
    state.emit({ type: 'changed', resource: resource.name });
  }
  while (changed.length > 0) changed.pop();
}
