// Plain copies of what the table holds, for whoever looks at it from outside.
import type { Claim } from './claim';
import type { Resource } from './resource';
import type { ClaimView, ResourceView, WaiterView } from './view';

export function viewClaim(claim: Claim): ClaimView {
  const { id, locker, priority, value, ttl } = claim;
  const { requester, session, standing, grace, handover, holding } = claim.terms;
  // Field by field: one that is put together from several costs many times as much.
  return {
    id,
    locker,
    requester,
    session,
    priority,
    value,
    standing,
    ttl,
    grace,
    handover,
    holding,
    resources: claim.resources.map((resource) => resource.name),
    preempt: !claim.terms.polite,
    state: claim.phase === 'held' ? 'held' : 'waiting',
    revoking: claim.isRevoking,
    revokedBy: claim.revocation?.by,
    until: claim.revocation?.until,
    expires: claim.expires,
    waitUntil: claim.waitUntil,
    order: claim.order,
    written: claim.written,
    token: claim.token,
    tokens: claim.phase === 'held' ? claim.resources.map((resource) => resource.token) : [],
    grantedBefore: claim.grantedTimes > 0,
  };
}

export function viewResource(resource: Resource, waiters: number): ResourceView {
  const isFree = resource.isFree;
  return {
    resource: resource.name,
    state: isFree ? 'free' : resource.isRevoking ? 'revoking' : 'held',
    locker: resource.locker,
    priority: isFree ? undefined : resource.priority,
    value: resource.value,
    token: resource.token,
    since: isFree ? undefined : resource.since,
    expires: resource.holders.reduce((last, claim) => Math.max(last, claim.expires), isFree ? Infinity : 0),
    claims: resource.holders.map((claim) => claim.id),
    waiting: resource.queue?.first(waiters).map(viewWaiter) ?? [],
    waitingCount: resource.queue?.size ?? 0,
  };
}

function viewWaiter({ id, locker, priority, terms }: Claim): WaiterView {
  return { id, locker, requester: terms.requester, priority };
}
