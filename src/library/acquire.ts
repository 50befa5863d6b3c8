// From the wish to the lock.
import type { Claim, Outcome } from '../protocol';
import { type Context, currentContext } from './context';
import { HeldLock, type Lock, type Place } from './lock';
import { type AcquireOptions, readName, readOptions, readResources, type Terms } from './options';
import { isPromise } from './promises';
import { uniqueName } from './unique';
import { abortError, BoundedWait } from './wait';

/**
 * Acquires a resource, or several at once.
 *
 * Whoever waits gets it by priority, then by order of arrival. A strictly higher priority than the holder's takes it at
 * once. The same locker may hold it several times; it is free when each of these locks has ended. Several resources are
 * had all or nothing, in one step, and nothing is kept while waiting, so that such calls cannot deadlock each other.
 *
 * @param resource what to lock: a name, or an array of different names.
 * @param locker who wants it; default: a name that nobody else has.
 * @returns a promise that rejects with a `LockError` (see its `code`) if the lock is not had, and with a `TypeError` or
 *   `RangeError` that names argument and value if an argument is not right.
 */
export type Acquire = (
  resource: string | readonly string[],
  locker?: string,
  options?: AcquireOptions,
) => Promise<Lock>;

export function acquire(
  place: Place,
  resource: string | readonly string[],
  locker: string | undefined,
  options: AcquireOptions | undefined,
): Promise<Lock> {
  const context = currentContext();
  let terms: Terms;
  let claim: Claim;
  try {
    terms = readOptions(options);
    claim = claimOf(resource, locker, terms, context);
  } catch (error) {
    return Promise.reject(error);
  }
  const signals = signalsOf(terms, context);
  for (const signal of signals) if (signal.aborted) return Promise.reject(abortError(claim, signal));
  const lock = new HeldLock(place, claim);
  const { protocol } = place;
  protocol.listen(claim, lock);
  const answer = protocol.obtain(claim);
  if (answer !== undefined && !isPromise(answer)) return Promise.resolve(lock.settle(answer));
  return awaitOutcome(place, claim, lock, answer, terms.maxAttempts, signals);
}

function awaitOutcome(
  { protocol }: Place,
  claim: Claim,
  lock: HeldLock,
  answer: Promise<Outcome | undefined> | undefined,
  maxAttempts: number,
  signals: readonly AbortSignal[],
): Promise<Lock> {
  const outcome = new Promise<Lock>((resolve) => {
    if (signals.length === 0 && maxAttempts === Infinity) lock.awaitOutcome(resolve);
    else awaitWithin(maxAttempts, signals, new BoundedWait(protocol, claim, resolve), lock);
  });
  // What a promise does not know yet, the listener is told.
  answer?.then(
    (known) => known && lock.hear(known),
    (error) => lock.fail(error),
  );
  return outcome;
}

function awaitWithin(
  maxAttempts: number,
  signals: readonly AbortSignal[],
  wait: BoundedWait,
  lock: HeldLock,
): void {
  lock.awaitOutcome(wait);
  for (const signal of signals) wait.endOn(signal);
  if (maxAttempts !== Infinity) wait.countHandOvers(maxAttempts);
}

function claimOf(
  resource: string | readonly string[],
  locker: string | undefined,
  { priority, value, ttl, timeout, grace, preempt }: Terms,
  context: Context | undefined,
): Claim {
  return {
    type: 'claim',
    id: uniqueName(),
    resources: readResources(resource),
    locker: locker === undefined ? uniqueName() : readName('locker', locker),
    priority,
    value,
    ttl,
    timeout,
    grace,
    preempt,
    holding: context?.holding,
  };
}

/** What may end the wait: the caller's signal, and what the wait is a part of. */
function signalsOf({ signal }: Terms, context: Context | undefined): readonly AbortSignal[] {
  if (context === undefined) return signal === undefined ? NONE : [signal];
  return signal === undefined ? [context.signal] : [signal, context.signal];
}

const NONE: readonly AbortSignal[] = [];
