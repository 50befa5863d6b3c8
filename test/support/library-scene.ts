// The library on a clock that is turned by hand, so that its tests read as short stories.
import assert from 'node:assert/strict';
import {
  type Claim,
  createLockers,
  createLocks,
  createMemoryProtocol,
  type Lock,
  LockError,
  type Lockers,
  type Locks,
} from '../../src/library';
import type { LockingProtocol } from '../../src/protocol';
import { HandClock, promisesSettled } from './hand-clock';

export interface LibraryScene extends Locks {
  readonly clock: HandClock;
  readonly protocol: LockingProtocol;
}

export function libraryScene(wrap = (protocol: LockingProtocol) => protocol): LibraryScene {
  const clock = new HandClock();
  const protocol = wrap(createMemoryProtocol({ clock }));
  return { ...createLocks(protocol), clock, protocol };
}

/** Something to be locked. */
export interface Lamp {
  readonly name: string;
}

export const lamp: Lamp = { name: 'lamp' };

export interface LockersScene {
  readonly clock: HandClock;
  readonly lockers: Lockers;
  /** The locks that the lockers have, seen and taken from beside them. */
  readonly locks: Locks;
}

export function lockersScene(): LockersScene {
  const clock = new HandClock();
  const protocol = createMemoryProtocol({ clock });
  return { clock, lockers: createLockers({}, protocol), locks: createLocks(protocol) };
}

/** What has become of a promise by now. */
export async function fateOf(promise: Promise<unknown>): Promise<unknown> {
  let fate: unknown = 'pending';
  promise.then(
    (value) => {
      fate = value;
    },
    (error) => {
      fate = error;
    },
  );
  await promisesSettled();
  return fate;
}

/** Waits for the rejection, and gives back its `LockError`. */
export async function lockErrorOf(promise: Promise<unknown>): Promise<LockError> {
  try {
    await promise;
  } catch (error) {
    assert(error instanceof LockError, `not a LockError: ${error}`);
    return error;
  }
  assert.fail('it was not rejected');
}

/** Why a lock ended, told as by `onRelease`. */
export function endOf(lock: Lock): Promise<LockError> {
  return new Promise((resolve) => lock.onRelease(resolve));
}

/** The protocol as if it were far away: every answer comes a turn of the event loop later. */
export function farAway(protocol: LockingProtocol): LockingProtocol {
  const later = async <T>(answer: () => T | Promise<T>): Promise<T> => {
    await promisesSettled();
    const there = await answer();
    await promisesSettled();
    return there;
  };
  return {
    ...(protocol.clock && { clock: protocol.clock }),
    obtain: (claim) => later(() => protocol.obtain(claim)),
    release: (claim: Claim, how) => later(() => protocol.release(claim, how)),
    extend: (claim, change) => later(() => protocol.extend(claim, change)),
    listen: (claim, listener) => protocol.listen(claim, listener),
    watch: (pattern, listener) => later(() => protocol.watch(pattern, listener)),
  };
}
