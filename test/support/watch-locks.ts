// Waits in tests for what programs see of locks.
import type { ConnectedLocks } from '../../src/registry/connect-locks';

type State = Parameters<Parameters<ConnectedLocks['watch']>[1]>[0];

/** Resolves when the state of a resource is so; at once if it is. */
export function stateBecame(
  locks: ConnectedLocks,
  resource: string,
  isSo: (state: State) => boolean,
): Promise<void> {
  return new Promise((resolve) => {
    const stop = locks.watch(resource, (state) => {
      if (!isSo(state)) return;
      queueMicrotask(() => stop());
      resolve();
    });
  });
}
