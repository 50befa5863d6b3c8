// What travels as `msg.lock`: the claim that a message stands for, and what has become of it.
import type { NodeAPI, NodeMessage } from 'node-red';
import type { Json } from '../../src/core';
import { iso } from '../../src/mqtt/arbiter-context';
import type { Cause } from '../../src/mqtt/messages';
import type { Registry, RegistryClaim } from '../../src/registry/registry';

export interface LockInfo {
  readonly id: string;
  readonly resources: readonly string[];
  readonly locker: string;
  readonly priority: number;
  /** The name of the level with this priority. */
  readonly level?: string;
  readonly value?: Json;
  /** The fencing token of the hold; of the last one when it is gone. */
  readonly token?: number;
  readonly state: 'held' | 'revoking' | 'waiting' | 'lost' | 'denied';
  /** Since when it is in this state, ISO 8601. */
  readonly since: string;
  /** When the lease runs out; for a hold that is being revoked, when it ends at the latest. ISO 8601. */
  readonly expires?: string;
  readonly reason?: string;
  /** Who caused it. */
  readonly by?: Cause;
  /** Who has it now. */
  readonly next?: Cause;
  readonly regained?: true;
  readonly again?: true;
  readonly restored?: true;
  /** The `msg.lock` that the message had before; release puts it back. */
  readonly outer?: unknown;
}

/** What is not in the claim itself. */
export type LockNews = Pick<LockInfo, 'state'> &
  Partial<Pick<LockInfo, 'reason' | 'by' | 'next' | 'regained' | 'again' | 'restored'>> & {
    /** When it ends, wall ms. */
    readonly until?: number;
  };

/** `msg.lock` for a claim of the registry. */
export function lockInfo(
  registry: Registry,
  claim: RegistryClaim,
  token: number | undefined,
  news: LockNews,
  sinceMs: number,
): LockInfo {
  const { message } = claim;
  const { until = claim.expires, ...told } = news;
  const priority = registry.levels.priorityOf(message.priority ?? 0) ?? 0;
  const level = registry.levels.nameOf(priority);
  const info: { -readonly [Field in keyof LockInfo]: LockInfo[Field] } = {
    id: claim.id,
    resources: resourcesOf(claim),
    locker: message.locker ?? registry.requester,
    priority,
    since: iso(sinceMs),
    ...told,
  };
  if (level !== undefined) info.level = level;
  if (message.value !== undefined) info.value = message.value;
  if (token !== undefined) info.token = token;
  if (Number.isFinite(until)) info.expires = new Date(until).toISOString();
  return info;
}

export function resourcesOf({ message }: RegistryClaim): readonly string[] {
  return message.resources ?? (message.resource === undefined ? [] : [message.resource]);
}

/** The message with its lock on it, the one that was there before inside. */
export function withLock(msg: NodeMessage, lock: LockInfo): NodeMessage {
  const before = asLock(msg.lock);
  // A message that comes back to the node whose claim it carries does not nest.
  const outer: unknown = before?.id === lock.id ? before.outer : msg.lock;
  msg.lock = outer === undefined ? lock : { ...lock, outer };
  return msg;
}

/** Puts back what was there before the lock. */
export function withoutLock(msg: NodeMessage): NodeMessage {
  const outer = asLock(msg.lock)?.outer;
  if (outer === undefined) delete msg.lock;
  else msg.lock = outer;
  return msg;
}

/** `msg.lock` as far as it can be trusted: anybody may have written it. */
export function asLock(lock: unknown): Partial<LockInfo> | undefined {
  return typeof lock === 'object' && lock !== null && !Array.isArray(lock) ? lock : undefined;
}

/** A copy for messages that are sent later: without what belongs to the request that brought it here. */
export function laterMessage(RED: NodeAPI, msg: NodeMessage): NodeMessage {
  const copy = { ...msg };
  for (const key of OF_THE_REQUEST) if (key in copy) delete copy[key];
  for (const key in copy) {
    if (typeof copy[key] === 'object' && copy[key] !== null) return RED.util.cloneMessage(copy);
  }
  return copy;
}

const OF_THE_REQUEST = ['req', 'res', '_linkSource'] as const;
