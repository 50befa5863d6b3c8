// A claim of the dumb model, and what can be seen of it.
import type { By, ClaimCommand, ClaimView, Json, ResourceView } from '../../src/core';

export interface ModelHold {
  readonly tokens: readonly number[];
  readonly since: readonly number[];
  /** Which grant of the table it was. */
  readonly grant: number;
  /** The claim had held before. */
  readonly regained: boolean;
}

export interface ModelClaim {
  readonly id: string;
  readonly resources: readonly string[];
  readonly locker: string;
  readonly requester: string;
  readonly session: string | undefined;
  readonly standing: boolean;
  readonly preempt: boolean;
  readonly grace: number;
  readonly handover: number;
  readonly holding: readonly string[];
  readonly order: number;
  priority: number;
  value: Json | undefined;
  written: number;
  ttl: number;
  expires: number;
  waitUntil: number;
  grantedBefore: boolean;
  /** There while it is held. */
  hold: ModelHold | undefined;
  /** There while it is revoking. */
  revocation: { readonly until: number; readonly by: By } | undefined;
}

/** A claim that has just arrived, with every default filled in. */
export function arrivingClaim(
  command: ClaimCommand,
  time: number,
  order: number,
  written: number,
): ModelClaim {
  const standing = command.standing ?? false;
  const ttl = command.ttl ?? Infinity;
  return {
    id: command.id,
    resources: command.resources,
    locker: command.locker,
    requester: command.requester ?? '',
    session: command.session,
    standing,
    preempt: command.preempt ?? true,
    grace: command.grace ?? 0,
    handover: command.handover ?? 0,
    holding: command.holding ?? [],
    order,
    priority: command.priority ?? 0,
    value: command.value,
    written,
    ttl,
    expires: standing ? time + ttl : Infinity,
    waitUntil: time + (command.timeout ?? Infinity),
    grantedBefore: false,
    hold: undefined,
    revocation: undefined,
  };
}

/** As it is named where it caused something. */
export function asCause(claim: ModelClaim): By {
  return { locker: claim.locker, id: claim.id, requester: claim.requester, priority: claim.priority };
}

/** Rank (rule 3): higher priority first, then earlier arrival. */
export function byRank(a: ModelClaim, b: ModelClaim): number {
  return b.priority - a.priority || a.order - b.order;
}

export function viewClaim(claim: ModelClaim): ClaimView {
  const { hold, revocation, ...rest } = claim;
  const tokens = hold?.tokens ?? [];
  return {
    ...rest,
    state: hold ? 'held' : 'waiting',
    revoking: revocation !== undefined,
    revokedBy: revocation?.by,
    until: revocation?.until,
    token: Math.max(0, ...tokens),
    tokens,
  };
}

/** What is seen of a resource, given the claims that hold it in the order of their grants, and its waiters by rank. */
export function viewResource(
  resource: string,
  holders: readonly ModelClaim[],
  waiters: readonly ModelClaim[],
  cut: number,
): ResourceView {
  const [first] = holders;
  return {
    resource,
    state: !first ? 'free' : holders.every((claim) => claim.revocation) ? 'revoking' : 'held',
    locker: first?.locker,
    priority: first ? Math.max(...holders.map((claim) => claim.priority)) : undefined,
    value: valueInCharge(holders),
    token: tokenOf(first, resource),
    since: first?.hold?.since[first.resources.indexOf(resource)],
    expires: first ? Math.max(...holders.map((claim) => claim.expires)) : Infinity,
    claims: holders.map((claim) => claim.id),
    waiting: waiters
      .slice(0, cut)
      .map(({ id, locker, requester, priority }) => ({ id, locker, requester, priority })),
    waitingCount: waiters.length,
  };
}

/** Rule 1: the value of the highest claim that has one, among equals of the latest written. */
function valueInCharge(holders: readonly ModelClaim[]): Json | undefined {
  const valued = holders.filter((claim) => claim.value !== undefined);
  return valued.sort((a, b) => b.priority - a.priority || b.written - a.written)[0]?.value;
}

/** The token of the claim's hold of that resource; 0 without one. */
export function tokenOf(claim: ModelClaim | undefined, resource: string): number {
  return claim?.hold?.tokens[claim.resources.indexOf(resource)] ?? 0;
}
