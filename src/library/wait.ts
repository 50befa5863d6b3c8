// The wait for a lock, and what can end it before its time: a signal, or the resource going to others too often.
import {
  type Claim,
  type LockingProtocol,
  type Outcome,
  patternOf,
  type ResourceSnapshot,
} from '../protocol';
import { isLockError, LOCK_ALREADY_AQUIRED, LOCK_AQUIRE_ABORTED, LockError } from './errors';
import type { Lock } from './lock';
import { stopperOf } from './promises';

/** What the caller is told whose signal has ended the wait. The error of a lock is passed on as it is. */
export function abortError({ resources }: Claim, { reason }: AbortSignal): LockError {
  return isLockError(reason) ? reason : new LockError(LOCK_AQUIRE_ABORTED, { resources, cause: reason });
}

/** What the outcome of a claim means to the caller. */
interface Settled {
  settle(outcome: Outcome): Lock | Promise<never>;
}

/** A wait that can be given up before there is an outcome. */
export class BoundedWait {
  readonly #protocol: LockingProtocol;
  readonly #claim: Claim;
  /** Ends it for the caller, with the lock or with a promise that rejects. */
  readonly #resolve: (result: Lock | Promise<never>) => void;
  readonly #stops: (() => void)[] = [];
  #isOver = false;

  constructor(protocol: LockingProtocol, claim: Claim, resolve: (result: Lock | Promise<never>) => void) {
    this.#protocol = protocol;
    this.#claim = claim;
    this.#resolve = resolve;
  }

  settle(outcome: Outcome, lock: Settled): void {
    if (!this.#isOver) this.#end(lock.settle(outcome));
    // The grant was on its way when the wait was given up.
    else if (outcome.type === 'granted') void this.#protocol.release(this.#claim, 'release');
  }

  endOn(signal: AbortSignal): void {
    const giveUp = () => this.giveUp(abortError(this.#claim, signal));
    signal.addEventListener('abort', giveUp);
    this.#stops.push(() => signal.removeEventListener('abort', giveUp));
  }

  /** Each time that the resource goes to somebody else is an attempt that has failed; the first one is over. */
  countHandOvers(maxAttempts: number): void {
    const claim = this.#claim;
    let attempts = 1;
    const count = (state: ResourceSnapshot) => {
      if (state.holder === claim.locker || ++attempts < maxAttempts) return;
      this.giveUp(alreadyAcquired(claim, state));
    };
    for (const resource of claim.resources) {
      this.#stops.push(stopperOf(this.#protocol.watch(patternOf(resource), onHandOver(count))));
    }
  }

  giveUp(why: unknown): void {
    if (this.#isOver) return;
    this.#end(Promise.reject(why));
    void this.#protocol.release(this.#claim, 'release');
  }

  #end(result: Lock | Promise<never>): void {
    this.#isOver = true;
    for (const stop of this.#stops) stop();
    this.#resolve(result);
  }
}

/** Calls back when another hold of the resource begins than the one that was there first. */
function onHandOver(callback: (state: ResourceSnapshot) => void): (state: ResourceSnapshot) => void {
  let known: number | undefined;
  return (state) => {
    const isNew = known !== undefined && state.token !== 0 && state.token !== known;
    known = state.token;
    if (isNew) callback(state);
  };
}

function alreadyAcquired({ resources }: Claim, { holder = '', priority = 0 }: ResourceSnapshot): LockError {
  return new LockError(LOCK_ALREADY_AQUIRED, { resources, by: { locker: holder, priority } });
}
