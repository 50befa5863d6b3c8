// From the wish to the lock.
import type { Claim } from '../protocol';
import { type Context, currentContext } from './context';
import { LOCK_AQUIRE_ABORTED, LockError } from './errors';
import { HeldLock, type Lock, type Place } from './lock';
import { type AcquireOptions, readName, readOptions, readResources, type Terms } from './options';
import { isPromise } from './promises';
import { uniqueName } from './unique';
import { denialError, type GiveUpReason, waitFor } from './wait';

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
  const reasons = reasonsToGiveUp(claim, terms, context);
  for (const { signal, explain } of reasons) if (signal.aborted) return Promise.reject(explain());
  const lock = new HeldLock(place, claim);
  const { protocol } = place;
  protocol.listen(claim, lock);
  const answer = protocol.obtain(claim);
  if (isPromise(answer)) {
    return waitFor({ protocol, claim, lock, maxAttempts: terms.maxAttempts, reasons }, answer);
  }
  if (answer.type === 'granted') return Promise.resolve(lock.begin(answer));
  return Promise.reject(denialError(claim, answer));
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

const NONE: readonly GiveUpReason[] = [];

function reasonsToGiveUp(
  { resources }: Claim,
  { signal }: Terms,
  context: Context | undefined,
): readonly GiveUpReason[] {
  if (signal === undefined && context === undefined) return NONE;
  const reasons: GiveUpReason[] = [];
  if (signal !== undefined) {
    const explain = () => new LockError(LOCK_AQUIRE_ABORTED, { resources, cause: signal.reason });
    reasons.push({ signal, explain });
  }
  // What has failed tells why, for all that were part of it.
  if (context !== undefined) reasons.push({ signal: context.signal, explain: () => context.signal.reason });
  return reasons;
}
