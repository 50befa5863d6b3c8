// A transaction: a generator that is run step by step while a lock is held, and what can be done when it is lost.
import {
  isLockError,
  LOCK_AQUIRE_TIMEOUT,
  LOCK_DEADLOCK,
  LOCK_FORCED_FREE,
  LOCK_SESSION_LOST,
  LOCK_STOLEN_BY_HIGHER_PRIORITY,
  LOCK_TIMED_OUT,
  LockError,
  type LockErrorCode,
} from './errors';
import type { Lock } from './lock';
import { type AcquireOptions, mergeOptions, refuse } from './options';
import { isRecovery, type Recovery, type RecoveryHandler, recoveryFrom } from './recovery';

/**
 * A generator function, plain or async. Between two `yield`s nothing else holds the resource. A promise that is yielded
 * is waited for, and comes back into the generator as its value or as an exception.
 */
export type Transaction<Value, Result> = (value: Value) => Steps<Result>;

// What is sent into a generator is of the type that it expects there: that cannot be said of all generators at once.
export type Steps<Result> = Iterator<unknown, Result, never> | AsyncIterator<unknown, Result, never>;

/** What the generator is to be sent next. */
type Input = { readonly value: unknown } | { readonly error: unknown };

type Ending<Result> = { readonly result: Result } | { readonly interruption: LockError };

const START: Input = { value: undefined };

/** After these the lock can be had again; after others trying again would come to the same at once. */
const RECOVERABLE: ReadonlySet<LockErrorCode> = new Set([
  LOCK_AQUIRE_TIMEOUT,
  LOCK_DEADLOCK,
  LOCK_FORCED_FREE,
  LOCK_SESSION_LOST,
  LOCK_STOLEN_BY_HIGHER_PRIORITY,
  LOCK_TIMED_OUT,
]);

export class TransactionRun<Value, Result> {
  /** What to do when the lock is lost; without it the run ends then. */
  onInterruption: RecoveryHandler<Value, Result> | undefined;
  readonly #acquire: (options: AcquireOptions) => Promise<Lock>;
  readonly #value: Value;
  #transaction: Transaction<Value, Result>;
  #options: AcquireOptions;
  #steps: Steps<Result> | undefined;
  #input = START;

  constructor(
    acquire: (options: AcquireOptions) => Promise<Lock>,
    value: Value,
    transaction: Transaction<Value, Result>,
    options: AcquireOptions,
  ) {
    this.#acquire = acquire;
    this.#value = value;
    this.#transaction = transaction;
    this.#options = options;
  }

  /** Runs it to its end, over as many locks as that takes. */
  async run(): Promise<Result> {
    for (;;) {
      const ending = await this.#runUnderLock();
      if ('result' in ending) return ending.result;
      await this.#recover(ending.interruption);
    }
  }

  async #runUnderLock(): Promise<Ending<Result>> {
    let lock: Lock;
    try {
      lock = await this.#acquire(this.#options);
    } catch (error) {
      if (isLockError(error)) return { interruption: error };
      throw error;
    }
    try {
      return await this.#runWhileHeld(lock);
    } finally {
      await lock.release();
    }
  }

  async #runWhileHeld(lock: Lock): Promise<Ending<Result>> {
    this.#steps ??= this.#transaction(this.#value);
    for (;;) {
      const interruption = interruptionOf(lock);
      if (interruption !== undefined) return { interruption };
      const step = await advance(this.#steps, this.#input);
      if (step.done) return { result: step.value };
      this.#input = await outcomeOf(step.value);
    }
  }

  async #recover(why: LockError): Promise<void> {
    const recovery = await this.#chooseRecovery(why);
    if (recovery.type !== 'resume') await this.#leave();
    if (recovery.type === 'reject') throw recovery.error;
    if (recovery.type === 'replace') this.#transaction = recovery.transaction;
    this.#options = mergeOptions(patient(this.#options), recovery.options);
  }

  async #chooseRecovery(why: LockError): Promise<Recovery<Value, Result>> {
    const handler = this.onInterruption;
    if (handler === undefined || !RECOVERABLE.has(why.code)) return { type: 'reject', error: why };
    try {
      const recovery = await handler(recoveryFrom(why), why);
      return isRecovery(recovery) ? recovery : { type: 'reject', error: noRecovery(recovery) };
    } catch (error) {
      return { type: 'reject', error };
    }
  }

  /** Ends the generator where it stands, so that its `finally` blocks run. */
  async #leave(): Promise<void> {
    const steps = this.#steps;
    this.#steps = undefined;
    this.#input = START;
    let step = await steps?.return?.();
    while (steps !== undefined && step !== undefined && !step.done) {
      step = await advance(steps, await outcomeOf(step.value));
    }
  }
}

/** Why the next step must not be taken, if so. */
function interruptionOf(lock: Lock): LockError | undefined {
  if (lock.signal.aborted) return lock.signal.reason;
  const state = lock.state();
  return state === null ? undefined : new LockError(state, { resources: lock.resources });
}

async function outcomeOf(yielded: unknown): Promise<Input> {
  try {
    return { value: await yielded };
  } catch (error) {
    return { error };
  }
}

function advance<Result>(
  steps: Steps<Result>,
  input: Input,
): IteratorResult<unknown, Result> | Promise<IteratorResult<unknown, Result>> {
  if ('value' in input) return steps.next(input.value as never);
  if (steps.throw !== undefined) return steps.throw(input.error);
  throw input.error;
}

/** Not to wait is for the first time: a recovery waits until it has the lock again, unless its own options say not. */
function patient(options: AcquireOptions): AcquireOptions {
  const { timeout } = options;
  return { ...options, timeout: timeout === 0 ? Infinity : timeout, maxAttempts: Infinity };
}

function noRecovery(found: unknown): TypeError {
  return refuse('the answer of a recover handler', found, 'resume(), restart(), replace() or reject()');
}
