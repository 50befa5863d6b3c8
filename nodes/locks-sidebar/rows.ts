// A resource as the sidebar shows it, with the nodes of this runtime that hold it and wait for it.
import type { ResourceState, WaitingClaim } from '../../src/mqtt/messages';
import type { Registry } from '../../src/registry/registry';
import type { History } from './history';
import { HAND_PATH, type Places } from './places';
import type { Holder, Party, Row } from './shown';

/** Beyond that many, the rest of those who wait are only counted. */
const MOST_WAITING = 8;

export interface RowParts {
  readonly registry: Registry;
  readonly places: Places;
  readonly history: History;
}

export function rowOf(state: ResourceState, parts: RowParts): Row {
  const { resource, value, waiting, waitingCount } = state;
  const holder = holderOf(state, parts);
  return {
    resource,
    state: state.state,
    ...(value !== undefined && { value }),
    ...(holder !== undefined && { holder }),
    waiting: waiting.slice(0, MOST_WAITING).map((waiter) => waiterOf(resource, waiter, parts)),
    waitingCount,
  };
}

function holderOf(state: ResourceState, { registry, places }: RowParts): Holder | undefined {
  const { holder: locker, requester, priority, level, since, token, expires, claims } = state;
  if (locker === undefined || priority === undefined || token === undefined) return undefined;
  const path = requester === registry.requester ? registry.find(claims[0]?.id ?? '')?.path : undefined;
  return {
    locker,
    ...strangerIn(requester, registry),
    priority,
    ...(level !== undefined && { level }),
    ...(since !== undefined && { since: Date.parse(since) }),
    token,
    claims: claims.length,
    ...(expires !== undefined && { expires: Date.parse(expires) }),
    ...placeOf(path, places),
    ...(path !== undefined && places.isGone(path) && { lacksNode: true }),
  };
}

function waiterOf(resource: string, waiter: WaitingClaim, { registry, places, history }: RowParts): Party {
  const { locker, requester, priority, level } = waiter;
  const isOurs = requester === registry.requester;
  const all = isOurs ? registry.findByLocker(resource, locker) : [];
  const own = all.find(({ state }) => state === 'waiting');
  const since = history.waitsSince(resource, waiter) ?? own?.madeAt;
  return {
    locker,
    ...strangerIn(requester, registry),
    priority,
    ...(level !== undefined && { level }),
    ...(since !== undefined && { since }),
    ...placeOf(own?.path, places),
  };
}

function strangerIn(requester: string | undefined, registry: Registry): Pick<Party, 'requester'> {
  return requester === undefined || requester === registry.requester ? {} : { requester };
}

function placeOf(path: string | undefined, places: Places): Pick<Party, 'node' | 'isHand'> {
  if (path === HAND_PATH) return { isHand: true };
  const node = path === undefined ? undefined : places.nodeOf(path);
  return node === undefined ? {} : { node };
}
