// What a release node lets go of, for each way to say it. Each returns how many claims, or holds, it has ended.
import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import type { Registry } from '../../src/registry/registry';
import { acquirerAt, acquirersOf } from '../acquire/present';
import { toResources } from '../acquire/wanted';
import { asLock } from '../shared/lock-info';
import { invalid, NodeError } from '../shared/node-error';
import { lockerName, pathBeside, pathOf } from '../shared/node-place';
import { releaseEach } from '../shared/release-each';
import { expandText, reader } from '../shared/setting';

export interface ReleaseConfig extends NodeDef {
  readonly registry: string;
  readonly mode: 'lock' | 'owner' | 'force';
  /** Ids of acquire nodes. Inside a subflow the runtime makes one id of a list with one id. */
  readonly nodes: readonly string[] | string;
  readonly resource: string;
  readonly resourceType: string;
  readonly owner: string;
  readonly nothing: 'pass' | 'error';
}

export type Releaser = (msg: NodeMessage) => number | Promise<number>;

export function releaser(RED: NodeAPI, node: Node, config: ReleaseConfig, registry: Registry): Releaser {
  if ((config.mode || 'lock') === 'lock') return lockReleaser(RED, node, config, registry);
  const setting = { type: config.resourceType || 'str', text: config.resource };
  const readNames = reader(RED, node, setting, 'the resource');
  const end: (resource: string, msg: NodeMessage) => number | Promise<number> =
    config.mode === 'force'
      ? (resource, msg) => free(registry, resource, lockerName(node), seenToken(msg))
      : ownersReleaser(registry, expandText(RED, node, config.owner || ''));
  return async (msg) => {
    const resources = toResources(await readNames(msg), 'the resource');
    const counts = await Promise.all(resources.map((resource) => end(resource, msg)));
    return counts.reduce((sum, count) => sum + count, 0);
  };
}

/** What `msg.lock` holds; for a message without one what the chosen acquire nodes have. */
function lockReleaser(RED: NodeAPI, node: Node, { nodes }: ReleaseConfig, registry: Registry): Releaser {
  const ids = [nodes ?? []].flat();
  return (msg) => {
    if (msg.lock === undefined) {
      return releaseEach(ids.flatMap((id) => acquirerAt(targetPath(RED, node, id))?.giveUp() ?? []));
    }
    // A lock that is over must not end a later claim of the same node.
    const claim = registry.find(String(asLock(msg.lock)?.id));
    claim?.release();
    return claim === undefined ? 0 : 1;
  };
}

function targetPath(RED: NodeAPI, node: Node, id: string): string {
  const target: Node | null = RED.nodes.getNode(id);
  return target === null || target === undefined ? pathBeside(node, id) : pathOf(target);
}

function ownersReleaser(registry: Registry, owner: string): (resource: string) => number {
  if (owner === '') throw invalid('the owner', owner, 'the name of the locker that has the resource');
  return (resource) => {
    const ofMessages = acquirersOf(registry).flatMap((acquirer) => acquirer.messagesOf(owner, resource));
    return releaseEach([...registry.findByLocker(resource, owner), ...ofMessages]);
  };
}

/** The hold that somebody has seen and means, as lock-status tells it; without one, whichever there is. */
function seenToken({ token }: NodeMessage & { readonly token?: unknown }): number | undefined {
  if (token === undefined || typeof token === 'number') return token;
  throw invalid('msg.token', token, 'a number, as lock-status tells it');
}

async function free(
  registry: Registry,
  resource: string,
  by: string,
  seen: number | undefined,
): Promise<number> {
  const { token, state } = registry.state(resource);
  if (state === 'free' || token === undefined) return 0;
  const objection = await registry.force(resource, seen ?? token, by);
  if (objection !== undefined) throw new NodeError('not-freed', `${resource}: ${objection}`);
  return 1;
}
