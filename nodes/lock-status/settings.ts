// The settings of a lock-status node, and when it may begin.
import type { EventEmitter } from 'node:events';
import type { NodeDef } from 'node-red';
import { objectToPattern } from '../../src/protocol';
import type { Registry } from '../../src/registry/registry';
import { invalid } from '../shared/node-error';
import { onceStarted } from '../shared/once-started';
import type { Content } from './reports';

export interface StatusConfig extends NodeDef {
  readonly registry: string;
  /** A resource, or a pattern with + and #. Only one that is the same for every message can be followed. */
  readonly resource: string;
  readonly resourceType: string;
  readonly content: Content;
  readonly onChange: boolean;
}

/** Throws a `NodeError` for what is neither a name nor a pattern. */
export function toPattern(found: unknown): string {
  const pattern = typeof found === 'number' ? String(found) : found;
  if (typeof pattern === 'string' && objectToPattern(pattern) === undefined) return pattern;
  throw invalid('the resource', found, 'a name, or a pattern with + and # as in MQTT');
}

/** Calls back once all flows run and the registry has rebuilt what was before; calling the result calls that off. */
export function whenAllRuns(runtime: EventEmitter, registry: Registry, start: () => void): () => void {
  let isOff = false;
  const callOff = onceStarted(runtime, async () => {
    await registry.ready;
    if (!isOff) start();
  });
  return () => {
    isOff = true;
    callOff();
  };
}
