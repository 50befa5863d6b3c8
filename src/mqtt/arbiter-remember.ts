// One claim of before a restart, put together from its traces: its message, its hold, the last answer to it.
import type { By, Now, RestoredClaim } from '../core';
import {
  ArbiterClaim,
  claimCommand,
  deviceClaimId,
  type Hearer,
  ownLocker,
  sharedLocker,
  type Wish,
} from './arbiter-claim';
import type { Context } from './arbiter-context';
import { standingPart } from './arbiter-devices';
import type { FoundAnswer, FoundClaim, FoundHold } from './arbiter-found';
import { isOver } from './arbiter-graves';
import { isRefusal, type Refusal, readWish } from './arbiter-wish';
import type { Answer, Cause, ClaimMessage, HoldingClaim } from './messages';
import { isSameJson } from './same-json';

/** What is there of a claim. */
export interface Traces {
  /** Requester and name, joined. */
  readonly key: string;
  readonly found: FoundClaim;
  readonly hold: FoundHold | undefined;
  readonly answer: FoundAnswer | undefined;
  /** The answer is about this very message. */
  readonly isAnswered: boolean;
}

/** A claim to be given back to the lock table. */
export interface Remembered {
  readonly claim: ArbiterClaim;
  readonly restored: RestoredClaim;
  readonly answer: FoundAnswer | undefined;
  /** Its message is not the one that the answer is about, so that it is to be acted on as if it came now. */
  readonly hasNews: boolean;
}

export interface Recalling {
  readonly context: Context;
  /** Of our own runtime. */
  readonly hearer: Hearer;
  readonly now: Now;
  /** The greatest order that is known; those of unknown order come after it. */
  lastOrder: number;
  isCredible(token: number): boolean;
}

const FARTHEST_COUNT = 2 ** 48;

/** A number that went on counting from there would come to an end; such a one is ignored. */
export function credibleCount(count: number | undefined): number {
  return count !== undefined && count < FARTHEST_COUNT ? count : 0;
}

/** `undefined` for a claim that was not one before: it is to be acted on as if it came now. */
export function remember(traces: Traces, recalling: Recalling): Remembered | undefined {
  const claim = rememberClaim(traces, recalling);
  if (claim === undefined) return undefined;
  const { answer, hold } = traces;
  const { isDevice } = claim;
  claim.hash = isDevice ? answer?.answer.hash : undefined;
  claim.isRestored = traces.found.handed === undefined;
  claim.isPartial = isDevice && !isSameJson(claim.message, standingPart(traces.found.message ?? {}));
  claim.wasGranted = hold !== undefined || (answer !== undefined && tellsOfGrant(answer.answer));
  const hasNews = isDevice && claim.hash !== traces.found.hash;
  const restored = place(claim, traces, recalling);
  // The length that was asked for last is that of the next lease.
  claim.ttl = claim.message.ttl ?? claim.ttl;
  return { claim, restored, answer, hasNews };
}

function rememberClaim(traces: Traces, recalling: Recalling): ArbiterClaim | undefined {
  const { requester, session, owner } = traces.found;
  if (requester === recalling.context.requester) return rememberOwn(traces, recalling);
  const isOfSession = session !== undefined || owner !== undefined;
  return isOfSession ? rememberSessions(traces, recalling) : rememberDevices(traces, recalling);
}

/**
 * Its runtime has its message as it is to be now. The hold may be older, where that runtime was killed before its last
 * change arrived, or newer, where a change arrived and that was not told.
 */
function isCurrent({ requester, session, handed, owner }: FoundClaim, context: Context): boolean {
  if (handed !== undefined) return handed.make.changing !== true;
  return session?.isCurrent ?? (owner !== undefined && requester === context.requester);
}

/** Of a session's claims those go on that it holds or has listed, and those that its runtime keeps. */
function rememberSessions(traces: Traces, { context }: Recalling): ArbiterClaim | undefined {
  const { found, hold } = traces;
  const { message, requester, name, session, owner } = found;
  const id = message?.id;
  if (message === undefined || id === undefined) return undefined;
  // What is kept is found without a session, while one may believe that it is held.
  const instance = session?.instance ?? (hold?.claim.id === id ? hold.claim.session : undefined);
  const wish = wishOfRuntime(traces, message, context);
  if (isRefusal(wish)) return undefined;
  const origin = { id, requester, name, kind: 'session', session: instance } as const;
  const claim = new ArbiterClaim(origin, standingPart(message), wish);
  claim.owner = session?.owner ?? owner;
  claim.isKept = session?.keep ?? true;
  return claim;
}

/** Of our own claims those go on that are retained; the others went with their session. */
function rememberOwn(traces: Traces, { context }: Recalling): ArbiterClaim | undefined {
  const { message, requester, name, owner, handed } = traces.found;
  const id = message?.id;
  if (message === undefined || id === undefined || owner === undefined) return undefined;
  const wish = wishOfRuntime(traces, message, context);
  if (isRefusal(wish)) return undefined;
  const origin = { id, requester, name, kind: 'own', session: context.instance } as const;
  const claim = new ArbiterClaim(origin, standingPart(message), wish);
  claim.owner = owner;
  if (context.canBeSucceeded) claim.proof = 'awaited';
  claim.isKept = handed?.make.keep ?? true;
  return claim;
}

/** A hold is of what it was granted for, whatever the rules say now; its priority is that of the latest message. */
function wishOfRuntime({ found, hold }: Traces, message: ClaimMessage, context: Context): Wish | Refusal {
  const { requester, name } = found;
  const asked = readWish({ requester, name, isDevice: false }, message, context.rules);
  if (hold === undefined || hold.claim.id !== message.id) return asked;
  const held = wishOfHold(hold.claim, context);
  return isRefusal(asked) || !isCurrent(found, context) ? held : { ...held, priority: asked.priority };
}

function rememberDevices(traces: Traces, { context }: Recalling): ArbiterClaim | undefined {
  const { found, hold, answer } = traces;
  const { requester, name } = found;
  const id = deviceClaimId(requester, name);
  const origin = { id, requester, name, kind: 'device', session: undefined } as const;
  if (hold !== undefined) {
    return new ArbiterClaim(origin, messageOfHold(traces, hold.claim), wishOfHold(hold.claim, context));
  }
  if (found.message === undefined || answer === undefined || isOver(answer.answer)) return undefined;
  const message = answer.answer.wish ?? { ...standingPart(found.message), id: answer.answer.id };
  const wish = readWish({ requester, name, isDevice: true }, message, context.rules);
  return isRefusal(wish) ? undefined : new ArbiterClaim(origin, message, wish);
}

function wishOfHold({ requester, locker, resources, priority, ttl }: HoldingClaim, { rules }: Context): Wish {
  const actsAs = rules.policy.actsAs(requester, resources);
  const identity = actsAs === locker ? sharedLocker(actsAs) : ownLocker(requester, locker);
  return { resources, locker, identity, priority, ttl: ttl ?? Infinity };
}

/** What stood of its messages; where they cannot tell, what the hold tells. */
function messageOfHold({ found, answer, isAnswered }: Traces, held: HoldingClaim): ClaimMessage {
  const { wish } = answer?.answer ?? {};
  if (wish !== undefined) return wish;
  if (found.message !== undefined && (isAnswered || answer === undefined)) return standingPart(found.message);
  const { resources, locker, priority, value, ttl, grace, standing } = held;
  const id = answer?.answer.id;
  return { ...{ id, resources, locker, priority, value, ttl, grace }, once: !standing };
}

function place(claim: ArbiterClaim, traces: Traces, recalling: Recalling): RestoredClaim {
  const { context, now } = recalling;
  const answer = traces.answer?.answer;
  const hold = matchingHold(claim, traces);
  const held = hold?.claim;
  const { type: _type, timeout, ...asked } = claimCommand(claim, context.timing);
  const tokens = tokensOf(claim, hold, recalling);
  // Of a hold that is being revoked, an answer tells when that ends, and not its lease.
  const { handed } = traces.found;
  const told = answer?.result === 'revoking' ? handed?.make.was : answer;
  const known = handed === undefined ? (held ?? told) : (told ?? held);
  return {
    ...asked,
    priority: claim.priority,
    value: held === undefined || isCurrent(traces.found, context) ? claim.message.value : held.value,
    standing: held?.standing ?? claim.isStanding,
    ttl: claim.ttl,
    order: credibleCount(held?.order ?? answer?.order) || ++recalling.lastOrder,
    expires:
      claim.kind === 'session' ? patientExpiryOf(claim, known, recalling) : expiryOf(claim, known, now),
    waitUntil: claim.wasGranted ? Infinity : waitOf(answer, timeout, now),
    grantedBefore: claim.wasGranted,
    ...(credibleCount(held?.written) > 0 && { written: credibleCount(held?.written) }),
    ...(tokens !== undefined && { tokens, since: sinceOf(claim, hold, now) }),
    ...(tokens !== undefined && answer?.result === 'revoking' && revocationOf(answer, now)),
  };
}

function matchingHold(claim: ArbiterClaim, { hold }: Traces): FoundHold | undefined {
  return claim.isDevice || hold?.claim.id === claim.id ? hold : undefined;
}

/** Rule 8: a hold that one of its resources' states does not tell of is none. */
function tokensOf(
  claim: ArbiterClaim,
  hold: FoundHold | undefined,
  { isCredible }: Recalling,
): readonly number[] | undefined {
  const tokens = claim.resources.map((resource) => hold?.tokens.get(resource) ?? 0);
  return tokens.every((token) => token > 0 && isCredible(token)) ? tokens : undefined;
}

function sinceOf(claim: ArbiterClaim, hold: FoundHold | undefined, now: Now): readonly number[] {
  return claim.resources.map((resource) => hold?.since.get(resource) ?? now.wall);
}

/**
 * The time without an arbiter counts, as far as the wall clock tells: a lease ends when people were told it would. But
 * no lease becomes longer than what was left of it, whatever the clock shows now.
 */
function expiryOf(claim: ArbiterClaim, written: Written | undefined, now: Now): number {
  const left = written === undefined ? claim.ttl : (written.remaining ?? Infinity);
  return now.monotonic + Math.min(left, wallLeft(written?.expires, now));
}

/** A participant keeps the time itself: a wall clock that is wrong here must not end what it believes in. */
function patientExpiryOf(claim: ArbiterClaim, written: Written | undefined, recalling: Recalling): number {
  const { context, now } = recalling;
  const left = written === undefined ? claim.ttl : (written.remaining ?? Infinity);
  const heard = Math.max(wallLeft(written?.expires, now), context.timing.session);
  return now.monotonic + Math.min(left, heard);
}

type Written = Pick<Answer, 'expires' | 'remaining'>;

function wallLeft(time: string | undefined, now: Now): number {
  return time === undefined ? Infinity : Date.parse(time) - now.wall;
}

function waitOf(answer: Answer | undefined, timeout: number | undefined, now: Now): number {
  if (timeout === undefined) return Infinity;
  return now.monotonic + Math.max(0, Math.min(timeout, wallLeft(answer?.until, now)));
}

function revocationOf(answer: Answer, now: Now): Pick<RestoredClaim, 'until' | 'revokedBy'> {
  const left = Math.min(answer.remaining ?? Infinity, wallLeft(answer.expires, now));
  return { until: now.monotonic + left, revokedBy: byOf(answer.by) };
}

function byOf(cause: Cause | undefined): By {
  const { locker = '', requester, priority } = cause ?? {};
  const identity = requester === undefined ? locker : ownLocker(requester, locker);
  return {
    locker: identity,
    ...(requester !== undefined && { requester }),
    ...(priority !== undefined && { priority }),
  };
}

function tellsOfGrant({ result }: Answer): boolean {
  return result === 'granted' || result === 'revoking' || result === 'requeued';
}
