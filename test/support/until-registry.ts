// Waits for what a registry shows.
import type { Registry } from '../../src/registry/registry';

/** Resolves when something is so, as soon as the registry says anything that could make it so. */
export function until(registry: Registry, isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!isSo()) return;
      stopStatus();
      stopStates();
      resolve();
    };
    const stopStatus = registry.onStatus(look);
    const stopStates = registry.watch('#', look);
    queueMicrotask(look);
  });
}
