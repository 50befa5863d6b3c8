// What stands under an acquire node: whether it has the resource, and else who.
import type { NodeStatus } from 'node-red';
import type { Answer } from '../../src/mqtt/messages';
import type { Registry } from '../../src/registry/registry';
import { holderBeside } from '../shared/holder';
import { resourcesOf } from '../shared/lock-info';
import { ownerOf } from '../shared/node-place';
import { clockTime, squeeze, status, type Translate } from '../shared/status-text';
import type { Outcome, Wish } from './wish';

/** Before the registry has rebuilt what was before. */
export function startingStatus(t: Translate): NodeStatus {
  return status('yellow', 'ring', t('acquire.status.starting'));
}

export function idleStatus(t: Translate): NodeStatus {
  return status('grey', 'dot', t('acquire.status.idle'));
}

/** What to show of several claims. */
export function countStatus(count: number, mine: number, t: Translate): NodeStatus {
  const counts = { mine: String(mine), waiting: String(count - mine) };
  if (mine === count) return status('green', 'dot', t('acquire.status.allMine', counts));
  if (mine === 0) return status('yellow', 'ring', t('acquire.status.allWait', counts));
  return status('green', 'dot', t('acquire.status.someMine', counts));
}

/** What to show of a claim that has ended and left the node without any; `undefined` when there is nothing to say. */
export function endStatus(
  wish: Wish,
  outcome: Outcome,
  { by, reason }: Answer,
  t: Translate,
): NodeStatus | undefined {
  const name = by?.locker ?? '';
  switch (outcome) {
    case 'denied':
      return status('red', 'ring', denialText(wish, reason, t));
    case 'wrong':
      return status('red', 'ring', t('acquire.status.error'));
    case 'taken':
    case 'freed':
      return goneStatus(outcome, reason, name, t);
    default:
      return undefined;
  }
}

/** What somebody freed by hand was not lost to him, even where another one has it next. */
function goneStatus(
  outcome: 'taken' | 'freed',
  reason: Answer['reason'],
  name: string,
  t: Translate,
): NodeStatus {
  if (reason === 'forced') return status('grey', 'ring', saying(t, 'acquire.status.freed', name));
  if (reason === 'expired' || outcome === 'freed') return status('grey', 'ring', t('acquire.status.expired'));
  if (name === '') return status('blue', 'ring', t('acquire.status.lost'));
  return status('blue', 'ring', saying(t, 'acquire.status.lostTo', name));
}

/** What to show of the only claim. */
export function wishStatus(wish: Wish, registry: Registry, t: Translate, nowMs: number): NodeStatus {
  const { claim } = wish;
  if (claim === undefined) return startingStatus(t);
  if (wish.isMine && !wish.isTaken) {
    const until = claim.expires;
    if (!Number.isFinite(until)) return status('green', 'dot', t('acquire.status.mine'));
    const time = clockTime(until, nowMs, t('acquire.status.dates'));
    return status('green', 'dot', t('acquire.status.mineUntil', { time }));
  }
  const holder = holderBeside(registry, resourcesOf(claim), claim.message.locker) ?? claim.answer?.by;
  if (holder === undefined) return status('yellow', 'ring', t('acquire.status.waits'));
  if (wish.isTaken || wish.wasMine) {
    return status('blue', 'ring', saying(t, 'acquire.status.hasIt', holder.locker));
  }
  return status('yellow', 'ring', saying(t, 'acquire.status.waitsFor', holder.locker));
}

function denialText(wish: Wish, reason: string | undefined, t: Translate): string {
  if (wish.isGivenUp) return t('acquire.status.denied.timeout');
  switch (reason) {
    case 'timeout':
      return t(wish.atOnce ? 'acquire.status.denied.taken' : 'acquire.status.denied.timeout');
    case 'policy':
      return t('acquire.status.denied.policy');
    case 'deadlock':
      return t('acquire.status.denied.deadlock');
    case 'expired':
      return t('acquire.status.expired');
    case 'full':
      return t('acquire.status.denied.full');
    default:
      return t('acquire.status.denied.other');
  }
}

function saying(t: Translate, key: string, name: string): string {
  return squeeze((shown) => t(key, { name: shown }), ownerOf(name));
}
