// The settings of a node as the present version of the package understands them, whichever version has saved them.
import type { Node, NodeAPI, NodeDef } from 'node-red';
import { CATALOGUE } from './registry-node';
import { changesIn, presentVersion, versionOf } from './settings-version';

const LATER = 'lock-registry.error.later';

/** Warns of settings that a later version has saved: what they say may not be all understood. */
export function presentSettings<Config extends NodeDef>(RED: NodeAPI, node: Node, stored: Config): Config {
  const known = presentVersion(stored.type) ?? 1;
  const saved = versionOf(stored);
  if (saved > known) {
    const numbers = { saved: String(saved), known: String(known) };
    node.warn(RED._(`${CATALOGUE}:${LATER}`, numbers));
  }
  return { ...stored, ...changesIn(stored) };
}
