// What a lock-status node says of a resource, and whether that is anything new.
import type { NodeStatus } from 'node-red';
import type { ResourceState } from '../../src/mqtt/messages';
import { ownerOf } from '../shared/node-place';
import { clockTime, cut, squeeze, status, type Translate } from '../shared/status-text';

export type Content = 'state' | 'value';

/** As long as `on: Manual till 17:00`. */
const LONGEST = 21;
const LONGEST_VALUE = 8;

/** The payload for a state; `undefined` where there is no value to tell. */
export function payloadOf(state: ResourceState, content: Content): unknown {
  return content === 'value' ? state.value : state;
}

/** What has been sent of each resource: over deploys, so that none of them moves the blinds. */
export class Sent {
  readonly #last = new Map<string, string>();

  /** Whether this differs from the last one of its resource, which it is from now on. */
  isNews(state: ResourceState, content: Content): boolean {
    const text = JSON.stringify(payloadOf(withoutTime(state), content));
    if (text === undefined || this.#last.get(state.resource) === text) return false;
    this.#last.set(state.resource, text);
    return true;
  }
}

/** `on: Manual till 17:00` */
export function stateStatus(state: ResourceState, t: Translate, nowMs: number): NodeStatus {
  const value = state.value === undefined ? undefined : cut(show(state.value), LONGEST_VALUE);
  const { holder } = state;
  if (holder === undefined) {
    const text =
      value === undefined ? t('lock-status.status.free') : t('lock-status.status.default', { value });
    return status('grey', 'ring', text);
  }
  const until = state.expires === undefined ? undefined : timeOf(state.expires, nowMs, t);
  const say = (name: string) => {
    const who = until === undefined ? name : t('lock-status.status.till', { name, time: until });
    return value === undefined ? who : `${value}: ${who}`;
  };
  return status(
    state.state === 'revoking' ? 'yellow' : 'blue',
    'dot',
    squeeze(say, ownerOf(holder), LONGEST),
  );
}

function timeOf(expires: string, nowMs: number, t: Translate): string {
  return clockTime(Date.parse(expires), nowMs, t('lock-status.status.dates'));
}

export function countStatus(states: readonly ResourceState[], t: Translate): NodeStatus {
  const held = states.filter(({ holder }) => holder !== undefined).length;
  return status(
    held > 0 ? 'blue' : 'grey',
    held > 0 ? 'dot' : 'ring',
    t('lock-status.status.held', { count: String(held) }),
  );
}

/** How long is left changes all the time, and is no news. */
function withoutTime({ remaining: _, claims, ...rest }: ResourceState): ResourceState {
  return { ...rest, claims: claims.map(({ remaining: _left, ...claim }) => claim) };
}

/** Of a lamp's `{ "state": "ON", "brightness": 40 }` what matters in a few letters: `ON 40`. */
function show(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return Object.values(value).map(show).join(' ') || JSON.stringify(value);
}
