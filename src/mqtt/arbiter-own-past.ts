// The claims of this runtime that another authority of it had, brought together with what the store tells of them: what
// was told is compared with what is found, and only the difference is told.
import { type ArbiterClaim, deviceClaimId } from './arbiter-claim';
import { type Context, iso, isoAt } from './arbiter-context';
import type { Finds, FoundClaim, FoundHold } from './arbiter-found';
import type { OwnChange } from './arbiter-own';
import { resourcesOf } from './arbiter-wish';
import type { AuthorityClaim, ClaimHearer } from './authority';
import type { Answer } from './messages';
import type { HandedClaim, HandedOver } from './participant-claim';
import type { MakeOp, Was } from './session-messages';

/** Enters them into what was found, in the place of what is retained of them. */
export function enterOwn(finds: Finds, { claims, isAll, token }: HandedOver, context: Context): void {
  finds.tokens.push(token);
  if (isAll) forgetOwn(finds, context);
  for (const each of claims) {
    const { requester } = context;
    finds.tokens.push(...Object.values(each.make.was?.tokens ?? {}));
    const key = deviceClaimId(requester, each.make.name);
    if (each.make.keep) noteKept(finds, context.topics.claim(requester, each.make.name));
    if (hasEnded(each.make, finds.holds.get(key))) finds.claims.delete(key);
    else enterMade(finds, requester, { make: each.make, more: { handed: each } }, context);
  }
}

/** A claim that its runtime tells of, with what else is known of it. */
export interface Made {
  readonly make: MakeOp;
  readonly more: Pick<FoundClaim, 'handed' | 'session'>;
}

/** Enters it as if it and the last answer to it had been found. */
export function enterMade(finds: Finds, requester: string, { make, more }: Made, context: Context): void {
  const { id, name, message, owner, was } = make;
  const key = deviceClaimId(requester, name);
  const found = { requester, name, payload: new Uint8Array(), hash: '', message: { ...message, id } };
  finds.claims.set(key, { ...found, owner, ...more });
  finds.answers.delete(key);
  if (was === undefined) return;
  const answer = answerOf(make, was, context);
  finds.answers.set(key, { requester, name, answer, text: JSON.stringify(answer) });
}

/** What was withdrawn after it was read, or what a store that is old tells of, is not to come back. */
function forgetOwn({ claims }: Finds, { requester: own }: Context): void {
  for (const [key, { requester, owner }] of claims) {
    if (requester === own && owner !== undefined) claims.delete(key);
  }
}

/** It may have been put there after all was read. */
function noteKept({ ours }: Finds, topic: string): void {
  if (!ours.has(topic)) ours.set(topic, 'kept by the participant');
}

/** A hold that the store does not tell of is none any more, and a once claim ends with it. */
export function hasEnded({ id, name, message, was }: MakeOp, hold: FoundHold | undefined): boolean {
  if (message.once !== true || was?.tokens === undefined) return false;
  return hold?.claim.id !== id || !resourcesOf(message, name).every((resource) => hold.tokens.has(resource));
}

/** What was told of it last, as far as a later arbiter needs it. */
function answerOf({ id, message, name }: MakeOp, was: Was, { clock }: Context): Answer {
  const { order, granted, tokens, remaining, wait, revoking } = was;
  const now = clock.now();
  const result =
    tokens === undefined
      ? granted
        ? 'requeued'
        : 'queued'
      : revoking === undefined
        ? 'granted'
        : 'revoking';
  const left = revoking ?? remaining;
  return {
    ...{ id, result, resources: resourcesOf(message, name) },
    ...(order !== undefined && { order }),
    ...(left !== undefined && { remaining: left }),
    ...(wait !== undefined && { until: isoAt(now.monotonic + wait, now) }),
  };
}

/** What was placed in the lock table: claims by their id, with the answers that tell how they stand there. */
export type Placed = ReadonlyMap<
  string,
  { readonly claim: ArbiterClaim; readonly answer: Answer | undefined }
>;

/** Tells of what is not as it was told last, and was not told since; then does what was still to be done. */
export function followUp(
  handed: readonly HandedClaim[],
  placed: Placed,
  { context, hearer, update }: FollowUpParts,
): void {
  for (const each of handed) {
    const there = placed.get(each.make.id);
    if (there === undefined) {
      hearer.hear(goneOf(each), endOf(each.make, context));
      continue;
    }
    const { claim, answer } = there;
    const isNews = answer?.result !== each.answer?.result || answer?.token !== each.answer?.token;
    if (answer !== undefined && claim.answer === answer && isNews) hearer.hear(claim, answer);
    for (const change of each.changes) update(claim, change);
  }
}

export interface FollowUpParts {
  readonly context: Context;
  readonly hearer: ClaimHearer;
  update(claim: ArbiterClaim, change: OwnChange): void;
}

/** A claim that is not there any more. */
function goneOf({ make }: HandedClaim): AuthorityClaim {
  const { id, owner, message, name } = make;
  return {
    ...{ id, owner, message, resources: resourcesOf(message, name), locker: message.locker ?? '' },
    ...{ phase: 'ended', answer: undefined, expires: Infinity, until: Infinity, isRestored: false },
  };
}

/** It ended, and nobody knows how. */
export function endOf({ id, message, name, was }: MakeOp, { clock }: Context): Answer {
  const resources = resourcesOf(message, name);
  const ended = iso(clock.now().wall);
  return was?.granted === true
    ? { id, result: 'lost', reason: 'session', resources, ended }
    : { id, result: 'denied', reason: 'unavailable', resources, ended };
}
