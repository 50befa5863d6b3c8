// How the other nodes come to the registry of their lock-registry node.
import type { Node, NodeAPI } from 'node-red';
import type { Registry } from '../../src/registry/registry';
import { NodeError } from './node-error';

export interface LockRegistryNode extends Node {
  readonly registry: Registry;
}

/** The registry that a node has been given, or `undefined`: deleted, disabled, or never chosen. */
export function findRegistry(RED: NodeAPI, id: string | undefined): Registry | undefined {
  const node: unknown = RED.nodes.getNode(id ?? '');
  return isLockRegistry(node) ? node.registry : undefined;
}

/** A node looks into its own catalogue unless told otherwise, and texts of all are in that of one. */
export const CATALOGUE = '@priority-redlock/node-red/lock-registry';
const NONE = 'lock-registry.error.none';

export function noRegistry(RED: NodeAPI): NodeError {
  return new NodeError('no-registry', RED._(`${CATALOGUE}:${NONE}`));
}

function isLockRegistry(node: unknown): node is LockRegistryNode {
  return typeof node === 'object' && node !== null && 'registry' in node && typeof node.registry === 'object';
}
