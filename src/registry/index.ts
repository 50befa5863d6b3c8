// What Function nodes and other code in the process of Node-RED may use: the locks that the nodes have.
import { findRegistry } from './open';
import { type RegistryLocks, registryLocks } from './registry-locks';

export type { ClosingNode, RegistryAcquireOptions, RegistryLocks } from './registry-locks';

/**
 * The locks of the registry with this name, as in its lock-registry node; without a name, of the only one.
 * @throws {Error} when there is none, or none of this name.
 */
export function registry(name?: string): RegistryLocks {
  const found = findRegistry(name);
  if (found !== undefined) return registryLocks(found);
  throw new Error(
    name === undefined
      ? 'no lock-registry is running, or more than one: name it'
      : `no lock-registry is called "${name}"`,
  );
}
