// Which acquire nodes there are at the moment, by path, for the release nodes that name them.
import type { Registry } from '../../src/registry/registry';
import type { Acquirer } from './acquirer';

const present = new Map<string, Acquirer>();

/** A node is there; calling what this returns takes it away again. */
export function enter(path: string, acquirer: Acquirer): () => void {
  present.set(path, acquirer);
  return () => {
    if (present.get(path) === acquirer) present.delete(path);
  };
}

export function acquirerAt(path: string): Acquirer | undefined {
  return present.get(path);
}

export function acquirersOf(registry: Registry): readonly Acquirer[] {
  return [...present.values()].filter((acquirer) => acquirer.registry === registry);
}
