// Which nodes there are in the flows, and where the editor finds the one that a claim belongs to.
import type { NodeAPI, NodeDef } from 'node-red';

/** Under this path are the claims that people have made in the sidebar. */
export const HAND_PATH = 'locks-sidebar';

/** Claims under these paths belong to no node. */
const NOT_NODES: readonly string[] = [HAND_PATH, 'code'];

type AnyNode = NodeDef & { readonly d?: boolean; readonly disabled?: boolean };

export class Places {
  readonly #RED: NodeAPI;
  /** Of nodes, flows and subflows that are not disabled. */
  #ids: ReadonlySet<string> = new Set();

  constructor(RED: NodeAPI) {
    this.#RED = RED;
  }

  /** To be called when the flows have started. */
  renew(): void {
    const nodes: AnyNode[] = [];
    this.#RED.nodes.eachNode((node) => nodes.push(node));
    const off = new Set(nodes.filter((node) => node.d || node.disabled).map(({ id }) => id));
    const isOn = ({ id, z }: AnyNode) => !off.has(id) && !(z !== undefined && off.has(z));
    this.#ids = new Set(nodes.filter(isOn).map(({ id }) => id));
  }

  /** Inside a subflow the outermost instance. */
  nodeOf(path: string): string | undefined {
    const [outermost = ''] = path.split('/');
    return this.#ids.has(outermost) ? outermost : undefined;
  }

  /** It was of a node that is not there any more. */
  isGone(path: string): boolean {
    return !NOT_NODES.includes(path) && !path.split('/').every((id) => this.#ids.has(id));
  }
}
