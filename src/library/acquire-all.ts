// Several locks as one, acquired one after the other by functions that each acquire one.
import { type Clock, systemClock } from '../protocol';
import { CompositeLock } from './composite-lock';
import { currentContext, within } from './context';
import { LOCK_AQUIRE_TIMEOUT, LockError } from './errors';
import type { Lock } from './lock';
import { checkLength, refuse } from './options';

export type AcquireAll = (generators: readonly (() => Promise<Lock>)[], timeout?: number) => Promise<Lock>;

/**
 * Acquires by each of the generators, in order, and resolves to one lock of all of them. When one fails, or is lost
 * before the last one is there or after, all are given back.
 *
 * What it has acquired already is kept while it waits for the next one. A circle of such waits is found where both wait
 * in the same place, and one of them rejects with `LOCK_DEADLOCK`: for that, a generator has to call `acquire` before it
 * awaits anything. To acquire several resources of one place, `acquire([…])` is simpler and knows no deadlocks.
 *
 * @param generators functions that each call `acquire` and give back its promise.
 * @param timeout for all together, in ms; default `Infinity`.
 * @returns a promise that rejects with what the generator that failed rejects with, with the `LockError` of the lock
 *   that was lost, or with `LOCK_AQUIRE_TIMEOUT`; with a `TypeError` or `RangeError` if an argument is not right.
 */
export const acquireAll: AcquireAll = acquireAllBy(systemClock);

/** The function whose timeout is kept by this clock. */
export function acquireAllBy(clock: Clock): AcquireAll {
  return async (generators, timeout = Infinity) => {
    checkGenerators(generators);
    return new Gathering().run(generators, clock, checkLength('timeout', timeout, 0));
  };
}

function checkGenerators(generators: readonly (() => Promise<Lock>)[]): void {
  if (!Array.isArray(generators)) throw refuse('generators', generators, 'an array of functions');
  if (generators.length === 0) throw new RangeError('generators is [], not one or more functions');
  for (const generator of generators) {
    if (typeof generator !== 'function') throw refuse('a generator', generator, 'a function');
  }
}

/** Locks on their way to become one. */
class Gathering {
  readonly #whole = new CompositeLock();
  readonly #outer = currentContext();
  readonly #controller = new AbortController();
  readonly #failed: Promise<never>;

  constructor() {
    const { signal } = this.#controller;
    this.#failed = new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    this.#whole.onRelease((why) => this.#fail(why));
    const outer = this.#outer?.signal;
    outer?.addEventListener('abort', () => this.#fail(outer.reason), { once: true });
  }

  async run(generators: readonly (() => Promise<Lock>)[], clock: Clock, timeoutMs: number): Promise<Lock> {
    const timer = clock.setTimer(timeoutMs, () => this.#fail(new LockError(LOCK_AQUIRE_TIMEOUT)));
    try {
      for (const generator of generators) await this.#add(generator);
      return this.#whole;
    } catch (error) {
      this.#fail(error);
      throw error;
    } finally {
      timer.cancel();
    }
  }

  async #add(generator: () => Promise<Lock>): Promise<void> {
    const { signal } = this.#controller;
    const holding = [...(this.#outer?.holding ?? []), ...this.#whole.claims];
    const pending = within({ holding, signal }, generator).then((lock) => this.#keep(lock));
    await Promise.race([pending, this.#failed]);
  }

  #keep(lock: Lock): void {
    // It may have come too late.
    if (this.#controller.signal.aborted) void lock.release();
    else this.#whole.add(lock);
  }

  /** All or nothing, also after the last one has come. */
  #fail(why: unknown): void {
    this.#controller.abort(why);
    void this.#whole.release();
  }
}
