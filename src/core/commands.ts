// What each command changes before anybody's turn is looked for. Each gives back the claim that its sender wants to
// hear about, if there is one.
import { Claim } from './claim';
import type {
  ClaimCommand,
  Command,
  EndSessionCommand,
  ForceReleaseCommand,
  ReleaseCommand,
  UpdateCommand,
  YieldCommand,
} from './command';
import type { Objection } from './limits';
import type { Resource } from './resource';
import type { State } from './state';
import { arrive, endRevocation, knowResource, release } from './transitions';

/** What a locker may say of its own claims. */
export type OwnCommand = Exclude<Command, ForceReleaseCommand | EndSessionCommand>;

export function performOwn(state: State, command: OwnCommand): Claim | undefined {
  switch (command.type) {
    case 'claim':
      return claim(state, command);
    case 'release':
      return releaseOwn(state, command);
    case 'update':
      return update(state, command);
    case 'yield':
      return yieldHold(state, command);
    case 'tick':
      return undefined;
  }
}

function claim(state: State, command: ClaimCommand): Claim | undefined {
  // Rule 10: a repeated claim changes nothing and is answered with its present outcome.
  const live = state.claims.get(command.id);
  if (live !== undefined) return live;
  const objection = state.guard?.objectToClaim(command, state.resources);
  if (objection !== undefined) return refuse(state, command, command.id, objection);
  const resources = knowResources(state, command.resources);
  const claim = new Claim(command, resources, ++state.arrivals, ++state.writes);
  arrive(state, claim);
  state.arriving = claim;
  startTimes(state, claim, command.timeout ?? Infinity);
  state.notePending(claim);
  return claim;
}

function knowResources(state: State, names: readonly string[]): readonly Resource[] {
  const [first] = names;
  if (first !== undefined && names.length === 1) return knowResource(state, first).alone;
  return names.map((name) => knowResource(state, name));
}

function startTimes(state: State, claim: Claim, timeout: number): void {
  if (timeout !== Infinity) claim.waiting().until = state.monotonic + timeout;
  // Rule 6: a standing claim's lease counts from the claim, a once claim's from its grant.
  if (claim.terms.standing) claim.expires = state.monotonic + claim.ttl;
  if (timeout === 0) state.overdue.push(claim);
  else state.noteDeadline(claim);
}

function releaseOwn(state: State, command: ReleaseCommand): undefined {
  const claim = state.claims.get(command.id);
  if (claim === undefined) refuse(state, command, command.id, UNKNOWN);
  else release(state, claim);
}

function update(state: State, command: UpdateCommand): Claim | undefined {
  const claim = state.claims.get(command.id);
  if (claim === undefined) return refuse(state, command, command.id, UNKNOWN);
  const objection = state.guard?.objectToUpdate(command);
  if (objection !== undefined) return refuse(state, command, command.id, objection);
  const { priority, value, renew } = command;
  if (renew === true) renewLease(state, claim, command.ttl ?? claim.ttl);
  if (value !== undefined) writeValue(state, claim, value);
  if (priority !== undefined && priority !== claim.priority) changePriority(state, claim, priority);
  return claim;
}

function renewLease(state: State, claim: Claim, ttl: number): void {
  claim.ttl = ttl;
  if (claim.phase === 'held' || claim.terms.standing) claim.expires = state.monotonic + ttl;
  state.noteDeadline(claim);
  for (const resource of claim.resources) state.noteChange(resource);
}

function writeValue(state: State, claim: Claim, value: UpdateCommand['value']): void {
  claim.value = value;
  claim.written = ++state.writes;
  for (const resource of claim.resources) state.noteChange(resource);
}

function changePriority(state: State, claim: Claim, priority: number): void {
  claim.priority = priority;
  for (const resource of claim.resources) {
    if (claim.phase === 'waiting') resource.queue?.moved(claim);
    state.noteChange(resource);
    state.noteDirty(resource);
  }
  if (claim.phase === 'waiting') state.notePending(claim);
}

function yieldHold(state: State, command: YieldCommand): undefined {
  const claim = state.claims.get(command.id);
  if (claim === undefined) refuse(state, command, command.id, UNKNOWN);
  else if (claim.isRevoking) endRevocation(state, claim);
  else refuse(state, command, command.id, { reason: 'invalid', detail: 'the claim is not being revoked' });
}

const UNKNOWN: Objection = { reason: 'unknown', detail: 'no live claim has this id' };

/** Says what was refused; whoever asked hears of nothing else. */
export function refuse(state: State, command: Command, id: string, objection: Objection): undefined {
  state.emit({ type: 'denied', id, command: command.type, ...objection });
}
