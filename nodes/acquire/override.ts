// What `msg.acquire` may change, when the node lets it: the same words as in a claim over MQTT, lengths in ms.
import type { NodeMessage } from 'node-red';
import type { Levels } from '../../src/registry/levels';
import { invalid } from '../shared/node-error';
import { toLease, toPriority, toResources, toValue, toWait, type Wanted } from './wanted';

type Read = (found: unknown, what: string, levels: Levels) => Partial<Wanted>;

const READERS: Readonly<Record<string, Read>> = {
  locker: (found, what) => ({ locker: toName(found, what) }),
  priority: (found, what, levels) => ({ priority: toPriority(found, what, levels) }),
  value: (found, what) => ({ value: toValue(found, what) }),
  ttl: (found, what) => ({ ttl: toLease(toNumber(found), found, what) }),
  timeout: (found, what) => ({ timeout: toWait(toNumber(found), found, what) }),
  grace: (found, what) => ({ grace: toWait(toNumber(found), found, what) }),
  preempt: (found, what) => ({ polite: !toFlag(found, what) }),
  once: (found, what) => ({ once: toFlag(found, what) }),
};

/** The names of other resources that the message asks for; `undefined` leaves those of the node. */
export function overriddenResources(msg: NodeMessage): readonly string[] | undefined {
  const given = givenBy(msg);
  const key = ['resources', 'resource'].find((name) => given[name] !== undefined);
  return key === undefined ? undefined : toResources(given[key], `msg.acquire.${key}`);
}

/** What the message changes of everything else. Throws for a word that is none of these, or not of its type. */
export function overrides(msg: NodeMessage, levels: Levels): Partial<Wanted> {
  const changes = Object.entries(givenBy(msg)).map(([key, found]) => {
    const what = `msg.acquire.${key}`;
    if (key === 'resource' || key === 'resources' || found === undefined) return {};
    const read = Object.hasOwn(READERS, key) ? READERS[key] : undefined;
    if (read === undefined) throw invalid(what, found, `one of resource, ${Object.keys(READERS).join(', ')}`);
    return read(found, what, levels);
  });
  return Object.assign({}, ...changes);
}

function givenBy(msg: NodeMessage): Readonly<Record<string, unknown>> {
  const given: unknown = msg.acquire ?? {};
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalid('msg.acquire', given, 'an object with the settings to change');
  }
  return { ...given };
}

function toName(found: unknown, what: string): string {
  if (typeof found !== 'string' || found === '') throw invalid(what, found, 'a name');
  return found;
}

function toNumber(found: unknown): number {
  return typeof found === 'number' ? found : Number.NaN;
}

function toFlag(found: unknown, what: string): boolean {
  if (typeof found !== 'boolean') throw invalid(what, found, 'true or false');
  return found;
}
