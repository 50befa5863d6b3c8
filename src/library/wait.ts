// The wait for a lock, and what can end it before its time: a signal, or the resource going to others too often.
import {
  type Claim,
  type Denied,
  type LockingProtocol,
  type Outcome,
  patternOf,
  type ResourceSnapshot,
} from '../protocol';
import { errorOfDenial } from './denials';
import { LOCK_ALREADY_AQUIRED, LockError } from './errors';
import type { HeldLock, Lock } from './lock';
import { stopperOf } from './promises';

interface Waiting {
  readonly protocol: LockingProtocol;
  readonly claim: Claim;
  /** What the claim becomes when it is granted. */
  readonly lock: HeldLock;
  readonly maxAttempts: number;
  /** What may end the wait. */
  readonly reasons: readonly GiveUpReason[];
}

/** A signal that ends a wait when it is aborted, and what the caller is told then. */
export interface GiveUpReason {
  readonly signal: AbortSignal;
  readonly explain: () => unknown;
}

/** Resolves to the lock when it is granted; rejects with why not. */
export function waitFor(waiting: Waiting, answer: Promise<Outcome>): Promise<Lock> {
  const { reasons, maxAttempts } = waiting;
  if (reasons.length === 0 && maxAttempts === Infinity) {
    return answer.then((outcome) => settle(waiting, outcome));
  }
  return new BoundedWait(waiting).result(answer);
}

export function denialError(claim: Claim, denied: Denied): LockError {
  return errorOfDenial(denied, claim.resources, claim.timeout > 0);
}

function settle({ lock, claim }: Waiting, outcome: Outcome): Lock {
  if (outcome.type === 'denied') throw denialError(claim, outcome);
  return lock.begin(outcome);
}

class BoundedWait {
  readonly #waiting: Waiting;
  readonly #givenUp: Promise<never>;
  #reject: (why: unknown) => void = () => undefined;
  #isOver = false;
  readonly #stops: (() => void)[] = [];

  constructor(waiting: Waiting) {
    this.#waiting = waiting;
    this.#givenUp = new Promise((_, reject) => {
      this.#reject = reject;
    });
  }

  result(answer: Promise<Outcome>): Promise<Lock> {
    const { reasons, maxAttempts } = this.#waiting;
    for (const reason of reasons) this.#endOn(reason);
    if (maxAttempts !== Infinity) this.#countHandOvers(maxAttempts);
    return Promise.race([this.#givenUp, answer.then((outcome) => this.#settle(outcome))]);
  }

  #settle(outcome: Outcome): Lock | Promise<never> {
    const { protocol, claim } = this.#waiting;
    if (!this.#isOver) {
      this.#end();
      return settle(this.#waiting, outcome);
    }
    // The grant was on its way when the wait was given up.
    if (outcome.type === 'granted') void protocol.release(claim, 'release');
    return this.#givenUp;
  }

  #endOn({ signal, explain }: GiveUpReason): void {
    const giveUp = () => this.#giveUp(explain());
    signal.addEventListener('abort', giveUp);
    this.#stops.push(() => signal.removeEventListener('abort', giveUp));
  }

  /** Each time that the resource goes to somebody else is an attempt that has failed; the first one is over. */
  #countHandOvers(maxAttempts: number): void {
    const { protocol, claim } = this.#waiting;
    let attempts = 1;
    const count = (state: ResourceSnapshot) => {
      if (state.holder === claim.locker || ++attempts < maxAttempts) return;
      this.#giveUp(alreadyAcquired(claim, state));
    };
    for (const resource of claim.resources) {
      this.#stops.push(stopperOf(protocol.watch(patternOf(resource), onHandOver(count))));
    }
  }

  #giveUp(why: unknown): void {
    if (this.#isOver) return;
    this.#end();
    void this.#waiting.protocol.release(this.#waiting.claim, 'release');
    this.#reject(why);
  }

  #end(): void {
    this.#isOver = true;
    for (const stop of this.#stops) stop();
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
