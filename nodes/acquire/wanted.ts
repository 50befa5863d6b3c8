// What a message wants of an acquire node, checked: everything that a claim needs to be made or updated.
import type { Json } from '../../src/core';
import type { ClaimMessage } from '../../src/mqtt/messages';
import type { Levels } from '../../src/registry/levels';
import { invalid } from '../shared/node-error';

export interface Wanted {
  /** The resources of each claim: all of them together, or each by itself. */
  readonly claims: readonly (readonly string[])[];
  readonly locker: string;
  readonly priority: number;
  readonly value: Json | undefined;
  /** Lease in ms; `Infinity` until released. */
  readonly ttl: number;
  /** Bounds the first wait, in ms. */
  readonly timeout: number;
  readonly grace: number;
  /** Takes nothing from anybody. */
  readonly polite: boolean;
  /** Gives up when it loses what it has. */
  readonly once: boolean;
  /** How often it may stand at the front of the line. */
  readonly maxAttempts: number;
}

type Draft<Message> = { -readonly [Field in keyof Message]: Message[Field] };

/** The claim as the registry takes it. */
export function claimMessage(wanted: Wanted, resources: readonly string[], locker: string): ClaimMessage {
  const { priority, value, ttl, timeout, grace, polite, once } = wanted;
  const message: Draft<ClaimMessage> = { locker, priority };
  if (resources.length > 1) message.resources = resources;
  else message.resource = resources[0] ?? '';
  if (value !== undefined) message.value = value;
  if (ttl !== Number.POSITIVE_INFINITY) message.ttl = ttl;
  if (timeout !== Number.POSITIVE_INFINITY) message.timeout = timeout;
  if (grace > 0) message.grace = grace;
  if (polite) message.preempt = false;
  if (once) message.once = true;
  return message;
}

/** One name for a set of resources, whatever their order. */
export function resourceKey(resources: readonly string[]): string {
  return resources.length === 1 ? String(resources[0]) : JSON.stringify([...resources].sort());
}

/** One or more names; numbers count as their digits, and nothing counts twice. */
export function toResources(found: unknown, what: string): readonly string[] {
  const names = (Array.isArray(found) ? found : [found]).map((name: unknown) =>
    typeof name === 'number' ? String(name) : name,
  );
  const wrong = names.findIndex((name) => typeof name !== 'string' || name.trim() === '');
  if (names.length === 0 || wrong >= 0) {
    throw invalid(what, names[wrong], 'the name of a resource, or a list of names');
  }
  return [...new Set(names.map(String))];
}

/** A number, or the number of a named level. */
export function toPriority(found: unknown, what: string, levels: Levels): number {
  const priority =
    typeof found === 'number' || typeof found === 'string' ? levels.priorityOf(found) : undefined;
  if (priority === undefined || !Number.isFinite(priority)) {
    throw invalid(what, found, `a number or one of ${levels.all.map(({ name }) => name).join(', ')}`);
  }
  return priority;
}

/** A copy as JSON knows it, which nobody can change afterwards through the message. */
export function toValue(found: unknown, what: string): Json | undefined {
  if (found === undefined || typeof found === 'string' || typeof found === 'boolean') return found;
  if (typeof found === 'number' && Number.isFinite(found)) return found;
  const copy = typeof found === 'object' ? copyOf(found) : undefined;
  if (copy === undefined) throw invalid(what, found, 'a JSON value');
  return copy;
}

function copyOf(value: object | null): Json | undefined {
  try {
    return JSON.parse(JSON.stringify(value));
  } catch (error) {
    // A circle, or something that refuses to be written.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

export function toLease(ms: number, found: unknown, what: string): number {
  if (!(ms > 0)) throw invalid(what, found, 'a length of time greater than 0');
  return ms;
}

export function toWait(ms: number, found: unknown, what: string): number {
  if (!(ms >= 0)) throw invalid(what, found, 'a length of time, 0 or more');
  return ms;
}
