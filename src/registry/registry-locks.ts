// The locks of a registry for code in Function nodes: the library's acquire, query and watch. What a node has acquired
// ends with the node.
import { type AcquireOptions, createLocks, type Lock, type Locks } from '../library';
import type { Registry } from './registry';

/** What a Function node is to its own code. */
export interface ClosingNode {
  readonly id: string;
  on(event: 'close', listener: () => void): unknown;
}

export interface RegistryAcquireOptions extends Omit<AcquireOptions, 'signal'> {
  /** The `node` of the code: when it closes, waits and locks end. Default: only the code ends them. */
  readonly node?: ClosingNode;
  /** Ends the wait when aborted. */
  readonly signal?: AbortSignal;
}

export interface RegistryLocks extends Pick<Locks, 'query' | 'watch'> {
  /** As `acquire` of the library, on the locks of the registry. */
  acquire(
    resource: string | readonly string[],
    locker?: string,
    options?: RegistryAcquireOptions,
  ): Promise<Lock>;
}

/** What code has acquired for a node. */
interface Belongings {
  readonly closed: AbortController;
  readonly locks: Set<Lock>;
}

/** Makes the locks of a registry available to code. */
export function registryLocks(registry: Registry): RegistryLocks {
  const { acquire, query, watch } = createLocks(registry.protocol('code'));
  const belongings = new WeakMap<ClosingNode, Belongings>();
  return {
    query,
    watch,
    async acquire(resource, locker, { node, ...options } = {}) {
      if (node === undefined) return acquire(resource, locker, options);
      const { closed, locks } = belongings.get(node) ?? gather(node, belongings);
      const signals = options.signal === undefined ? [closed.signal] : [closed.signal, options.signal];
      const lock = await acquire(resource, locker, { ...options, signal: AbortSignal.any(signals) });
      locks.add(lock);
      lock.onRelease(() => locks.delete(lock));
      // The node may have closed just as the lock came.
      if (closed.signal.aborted) await lock.release();
      return lock;
    },
  };
}

function gather(node: ClosingNode, belongings: WeakMap<ClosingNode, Belongings>): Belongings {
  const mine: Belongings = { closed: new AbortController(), locks: new Set() };
  belongings.set(node, mine);
  node.on('close', () => {
    belongings.delete(node);
    mine.closed.abort(new Error(`the node ${node.id} was closed`));
    for (const lock of mine.locks) void lock.release();
  });
  return mine;
}
