// A scope of locks: what is locked in one says nothing about another, unless both are on the same protocol.
import { createMemoryProtocol, type LockingProtocol, type ResourceSnapshot, systemClock } from '../protocol';
import { type Acquire, acquire } from './acquire';
import { type AcquireAll, acquireAllBy } from './acquire-all';
import type { Place } from './lock';
import { refuse } from './options';
import { stopperOf } from './promises';

export interface Locks {
  readonly acquire: Acquire;
  /** As the function of this name, its timeout by the protocol's clock. */
  readonly acquireAll: AcquireAll;
  /** Every resource with a lock on it or somebody waiting for one: its holder, value, waiters. */
  query(): Promise<readonly ResourceSnapshot[]>;
  /**
   * Tells the present state of every resource with a lock on it that matches, then each change, until the function that
   * it gives back is called. In a pattern, `+` stands for one level between `/` and a `#` at the end for any number,
   * as in MQTT; `%2B`, `%23` and `%25` stand for `+`, `#` and `%`. What the listener throws is not caught.
   * @throws {RangeError} if it is no pattern.
   */
  watch(pattern: string, listener: (state: ResourceSnapshot) => void): () => void;
}

/**
 * Makes a scope of locks.
 * @param protocol where the locks live; default: in this process, in a place of their own.
 * @throws {TypeError} if it lacks one of the five functions.
 */
export function createLocks(protocol: LockingProtocol = createMemoryProtocol()): Locks {
  const place: Place = { protocol: checkProtocol(protocol), clock: protocol.clock ?? systemClock };
  return {
    acquire: (resource, locker, options) => acquire(place, resource, locker, options),
    acquireAll: acquireAllBy(place.clock),
    query: () => query(protocol),
    watch: (pattern, listener) => stopperOf(protocol.watch(pattern, listener)),
  };
}

/**
 * Makes an `acquire` with a scope of its own: the short form of `createLocks`.
 * @param protocol where the locks live; default: in this process, in a place of their own.
 * @throws {TypeError} if it lacks one of the five functions.
 */
export function createAcquire(protocol?: LockingProtocol): Acquire {
  return createLocks(protocol).acquire;
}

const FUNCTIONS = ['obtain', 'release', 'extend', 'listen', 'watch'] as const;

function checkProtocol(protocol: LockingProtocol): LockingProtocol {
  for (const name of FUNCTIONS) {
    const found = protocol?.[name];
    if (typeof found !== 'function') throw refuse(`protocol.${name}`, found, 'a function');
  }
  return protocol;
}

async function query(protocol: LockingProtocol): Promise<readonly ResourceSnapshot[]> {
  const found: ResourceSnapshot[] = [];
  const stop = await protocol.watch('#', (state) => found.push(state));
  stop();
  return found;
}
