// Where a node sits in the flows: the path by which its claims are known, and its name as a locker.
import type { Node } from 'node-red';

/** What the runtime keeps of the flow, or of the subflow's instance, around a node. */
interface FlowAround {
  readonly subflowInstance?: { readonly id: string; readonly name?: string; readonly _alias?: string };
  readonly parent?: FlowAround;
}

type PlacedNode = Node & { readonly _path?: string; readonly _flow?: unknown };

/**
 * The ids of the subflow instances around the node, and its own id in the template. Stable over deploys, and when the
 * node moves to another tab.
 */
export function pathOf(node: PlacedNode): string {
  const path = node._path;
  if (path === undefined) return node.id;
  return path.slice(path.indexOf('/') + 1);
}

/** The path of another node of the same flow or subflow, by the id that the editor knows. */
export function pathBeside(node: PlacedNode, id: string): string {
  const path = pathOf(node);
  return `${path.slice(0, path.lastIndexOf('/') + 1)}${id}`;
}

/** The node's name, in a subflow with the names of the instances around it; ids where there is no name. */
export function lockerName(node: PlacedNode): string {
  const names = [node.name || node._alias || node.id];
  for (let flow = flowAround(node); flow !== undefined; flow = flow.parent) {
    const instance = flow.subflowInstance;
    if (instance !== undefined) names.unshift(instance.name || instance._alias || instance.id);
  }
  return names.join('/');
}

/** The locker of a message that is a claim of its own: beside others of the same owner it has to wait. */
export function lockerOfMessage(owner: string, id: string): string {
  return `${owner}#${id}`;
}

/** Who that is for people: the owner, without the id of the message. */
export function ownerOf(locker: string): string {
  return locker.replace(/#[0-9a-f]{16}$/, '');
}

function flowAround(node: PlacedNode): FlowAround | undefined {
  const flow: unknown = node._flow;
  return typeof flow === 'object' && flow !== null ? flow : undefined;
}
