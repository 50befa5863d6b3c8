// The answers to a claim: what the lock table has decided, in the words of the MQTT contract.
import type { By, DeniedEvent, LockEvent, Now } from '../core';
import { type ArbiterClaim, lockerOf } from './arbiter-claim';
import { isoAt } from './arbiter-context';
import type { Refusal } from './arbiter-wish';
import type { Levels } from './levels';
import type { Answer, AnswerResult, Cause } from './messages';

/** Events that answer a claim. */
export type ClaimEvent = Exclude<LockEvent, { readonly type: 'changed' }>;

type Draft = { -readonly [Field in keyof Answer]: Answer[Field] };

/** What an event means for its claim, which must already be as the event says. */
export function answerOf(event: ClaimEvent, claim: ArbiterClaim, now: Now, levels: Levels): Answer {
  const answer = begin(claim, resultOf(event, claim));
  switch (event.type) {
    case 'granted':
      answer.token = event.token;
      setEnd(answer, event.expires, now);
      if (event.regained) answer.regained = true;
      break;
    case 'queued':
    case 'requeued':
      setEnd(answer, claim.expires, now);
      if (claim.until !== Infinity) answer.until = isoAt(claim.until, now);
      break;
    case 'revoking':
      setEnd(answer, event.until, now);
      break;
    case 'denied':
      answer.reason = event.reason;
      if (event.detail !== undefined) answer.detail = nameLockers(event);
      break;
    case 'lost':
      answer.reason = event.reason;
      break;
    case 'released':
      if (claim.leaving !== undefined) answer.reason = claim.leaving;
      break;
  }
  if ('by' in event && event.by !== undefined) answer.by = causeOf(event.by, levels);
  if (claim.phase === 'ended') answer.ended = isoAt(now.monotonic, now);
  else addDetail(answer, claim);
  return answer;
}

/** Says no to a further message of a claim, without the lock table. */
export function refusal(claim: ArbiterClaim, { reason, detail }: Refusal): Answer {
  return { ...begin(claim, 'denied'), reason, detail };
}

/** Whom people are told as the cause. */
function causeOf({ locker, requester, priority }: By, levels: Levels): Cause {
  const level = priority === undefined ? undefined : levels.nameOf(priority);
  return {
    locker: lockerOf(locker),
    ...(requester !== undefined && { requester }),
    ...(priority !== undefined && { priority }),
    ...(level !== undefined && { level }),
  };
}

/** The answer as it is written now: with what is left now, and with what a later arbiter must know. */
export function spellAnswer(claim: ArbiterClaim, answer: Answer, now: Now): string {
  const written: Draft = { ...answer };
  if (answer.expires !== undefined) setEnd(written, endOf(claim), now);
  if (claim.isAlive && claim.order !== undefined) written.order = claim.order;
  if (claim.isAlive && claim.isPartial) written.wish = claim.message;
  return JSON.stringify(written);
}

function begin(claim: ArbiterClaim, result: AnswerResult): Draft {
  const id = claim.isDevice ? claim.message.id : claim.id;
  const answer: Draft =
    id === undefined ? { result, resources: claim.resources } : { id, result, resources: claim.resources };
  if (claim.hash !== undefined) answer.hash = claim.hash;
  return answer;
}

/** A claim that was preempted waits for what it has had. */
function resultOf(event: ClaimEvent, claim: ArbiterClaim): AnswerResult {
  return event.type === 'queued' && claim.wasGranted ? 'requeued' : event.type;
}

function endOf(claim: ArbiterClaim): number {
  return claim.phase === 'revoking' ? claim.until : claim.expires;
}

function setEnd(answer: Draft, end: number, now: Now): void {
  if (end === Infinity) return;
  answer.expires = isoAt(end, now);
  answer.remaining = Math.max(0, Math.ceil(end - now.monotonic));
}

function addDetail(answer: Draft, { detail }: ArbiterClaim): void {
  if (detail !== undefined && answer.detail === undefined) answer.detail = detail;
}

/** A circle is told with the lockers on it. */
function nameLockers({ reason, detail = '' }: DeniedEvent): string {
  return reason === 'deadlock' ? detail.split(', ').map(lockerOf).join(', ') : detail;
}
