// Who has a resource at the moment, as far as the registry knows.
import type { Cause } from '../../src/mqtt/messages';
import type { Registry } from '../../src/registry/registry';

/** The first of the holders that is not this locker of this Node-RED. */
export function holderBeside(
  registry: Registry,
  resources: readonly string[],
  locker: string | undefined,
): Cause | undefined {
  for (const resource of resources) {
    const { holder, requester, priority, level } = registry.state(resource);
    if (holder === undefined || (holder === locker && requester === registry.requester)) continue;
    return {
      locker: holder,
      ...(requester === undefined ? {} : { requester }),
      ...(priority === undefined ? {} : { priority }),
      ...(level === undefined ? {} : { level }),
    };
  }
  return undefined;
}

export function isNobodys(registry: Registry, resources: readonly string[]): boolean {
  return resources.every((resource) => registry.state(resource).state === 'free');
}
