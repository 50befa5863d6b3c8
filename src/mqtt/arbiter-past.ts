// What was, before this arbiter: from the states come the holds, from the claims the wishes, from the answers their
// places and what has ended. Changes nothing itself.
import type { Now } from '../core';
import type { ClaimKey, Hearer } from './arbiter-claim';
import type { Context } from './arbiter-context';
import type { Addressee } from './arbiter-devices';
import type { Finds, FoundAnswer, FoundClaim } from './arbiter-found';
import { type DeadClaim, isAbout, isOver } from './arbiter-graves';
import { credibleCount, type Remembered, remember, type Traces } from './arbiter-remember';

/** A claim that ended, with what is retained as the answer to it. */
export type FoundGrave = DeadClaim & Pick<FoundAnswer, 'text'>;

export interface Past {
  /** Claims that go on. */
  readonly remembered: readonly Remembered[];
  readonly dead: readonly FoundGrave[];
  /** No token above it was ever given, as far as anybody remembers. */
  readonly tokenFloor: number;
  /** What was not believed, in words. */
  readonly oddities: readonly string[];
}

const YEAR_MS = 366 * 86_400_000;
/** A clock that shows less has not learned the date yet. */
const CREDIBLE_WALL = Date.UTC(2026, 0, 1);
const FARTHEST_TOKEN = Date.UTC(2100, 0, 1);

/** Devices' claims that states or answers tell of, while no message of theirs is there. */
export function findAbsent({ claims, answers, holds }: Finds, own: string): readonly Addressee[] {
  const absent = new Map<string, Addressee>();
  const note = (key: string, { requester, name }: Addressee) => {
    if (requester !== own && !claims.has(key)) absent.set(key, { requester, name });
  };
  for (const [key, { claim }] of holds) if (claim.session === undefined) note(key, claim);
  for (const [key, answer] of answers) note(key, answer);
  return [...absent.values()];
}

/** Puts the traces together; `isTaken` says which claims of our own are there already. */
export function recall(
  finds: Finds,
  context: Context,
  hearer: Hearer,
  isTaken: (owner: ClaimKey) => boolean,
): Past {
  const now = context.clock.now();
  const remembered: Remembered[] = [];
  const dead: FoundGrave[] = [];
  const recalling = { context, hearer, now, lastOrder: lastOrderOf(finds), isCredible: credibleAt(now) };
  for (const [key, found] of finds.claims) {
    const traces = tracesOf(finds, key, found);
    const { answer } = traces;
    const isOwn = found.requester === context.requester;
    if (answer !== undefined && traces.isAnswered && isOver(answer.answer)) {
      if (!isOwn) dead.push(answer);
    } else if (!isOwn || found.owner === undefined || !isTaken(found.owner)) {
      const memory = remember(traces, recalling);
      if (memory !== undefined) remembered.push(memory);
    }
  }
  return { remembered, dead, ...floorOf(finds, now) };
}

function tracesOf(finds: Finds, key: string, found: FoundClaim): Traces {
  const answer = finds.answers.get(key);
  const isAnswered = answer !== undefined && isAbout(answer.answer, found.message?.id, found.hash);
  return { key, found, hold: finds.holds.get(key), answer, isAnswered };
}

function lastOrderOf({ answers, holds }: Finds): number {
  let last = 0;
  for (const { answer } of answers.values()) last = Math.max(last, credibleCount(answer.order));
  for (const { claim } of holds.values()) last = Math.max(last, credibleCount(claim.order));
  return last;
}

/** Of the last arbiter. */
export function epochOf({ arbiter, term, states }: Finds): number {
  let epoch = Math.max(credibleCount(arbiter?.epoch), credibleCount(term?.epoch));
  for (const state of states) epoch = Math.max(epoch, credibleCount(state.epoch));
  return epoch;
}

/** Tokens of the far future are ignored, or a single wrong message would use all of them up. */
export function credibleAt({ wall }: Now): (token: number) => boolean {
  const farthest = wall < CREDIBLE_WALL ? FARTHEST_TOKEN : wall + YEAR_MS;
  return (token) => token <= farthest;
}

/** No token above it was ever given, as far as this tells. */
export function floorOf(finds: Finds, now: Now): Pick<Past, 'tokenFloor' | 'oddities'> {
  const isCredible = credibleAt(now);
  const oddities: string[] = [];
  let tokenFloor = 0;
  const note = (token: number | undefined, where: string) => {
    if (token === undefined) return;
    if (isCredible(token)) tokenFloor = Math.max(tokenFloor, token);
    else oddities.push(`the token ${token} ${where} is of the far future, and is ignored`);
  };
  note(finds.arbiter?.tokenFloor, 'of the arbiter before');
  note(finds.term?.tokenFloor, 'of the term before');
  for (const token of finds.tokens) note(token, 'of a claim');
  for (const { token, resource } of finds.states) note(token, `of ${resource}`);
  for (const { answer, requester, name } of finds.answers.values())
    note(answer.token, `of ${requester}/${name}`);
  return { tokenFloor, oddities };
}
