// Brings the lock table and the broker's store together: after a restart by what the store tells of before, after a lost
// connection by what the store lacks or has anew.
import type { RestoredClaim } from '../core';
import { type ArbiterClaim, type ClaimKey, deviceClaimId, type Hearer } from './arbiter-claim';
import type { Complaints } from './arbiter-complaints';
import type { Context } from './arbiter-context';
import type { Decider } from './arbiter-decider';
import type { Addressee, Devices } from './arbiter-devices';
import type { Finds, FoundClaim } from './arbiter-found';
import type { Graves } from './arbiter-graves';
import type { OwnChange } from './arbiter-own';
import { enterOwn, followUp } from './arbiter-own-past';
import { epochOf, findAbsent, type Past, recall } from './arbiter-past';
import type { Publisher } from './arbiter-publisher';
import type { Remembered } from './arbiter-remember';
import { enterReports, enterSessions } from './arbiter-session-past';
import type { Sessions } from './arbiter-sessions';
import type { States } from './arbiter-states';
import type { Answer } from './messages';
import type { HandedOver } from './participant-claim';
import { readClaim } from './read-message';

export interface RebuildParts {
  readonly context: Context;
  readonly decider: Decider;
  readonly states: States;
  readonly devices: Devices;
  readonly publisher: Publisher;
  readonly graves: Graves;
  readonly complaints: Complaints;
  readonly hearer: Hearer;
  readonly sessions: Sessions;
  /** Takes what another authority of this runtime has; called once, when all was read. */
  readonly takeOwn?: (() => HandedOver) | undefined;
  readonly updateOwn: (claim: ArbiterClaim, change: OwnChange) => void;
}

const NOTHING: HandedOver = { claims: [], isAll: false, token: 0 };

export class Rebuilder {
  readonly #parts: RebuildParts;
  #hasRebuilt = false;
  #hasBegun = false;
  /** The broker had the term of an arbiter before. */
  #hadTerm = false;
  /** Claims whose retained message says nothing new. */
  #settled: ReadonlySet<string> = new Set();

  constructor(parts: RebuildParts) {
    this.#parts = parts;
  }

  /** What was before is known. */
  get hasRebuilt(): boolean {
    return this.#hasRebuilt;
  }

  /** Devices' claims that should be there and are not. */
  absentIn(finds: Finds): readonly Addressee[] {
    if (!this.#hasRebuilt) return findAbsent(finds, this.#parts.context.requester);
    const { graves } = this.#parts;
    const backed = this.#devicesClaims().filter((claim) => !claim.isUnbacked);
    return [...backed, ...graves.all()].filter((known) => !isThere(finds, known));
  }

  /** Begins a term above every one that is known of. */
  begin(finds: Finds): void {
    if (this.#hasBegun) return;
    const { context } = this.#parts;
    this.#hasBegun = true;
    context.epoch = Math.max(context.epoch, epochOf(finds)) + 1;
    context.firstEpoch = context.epoch;
  }

  /** Decides from now on by all that was found, and, where that may not be all, by what sessions have listed. */
  rebuild(finds: Finds, isTrusted: boolean): void {
    if (this.#hasRebuilt) this.#resync(finds);
    else this.#restore(finds, isTrusted);
    this.#hasRebuilt = true;
  }

  /** Acts on retained claims as if they came now, where they say something new: to be called when answers arrive. */
  hearNews(finds: Finds): void {
    const { devices, context } = this.#parts;
    for (const [id, found] of finds.claims) {
      const isDevices = found.requester !== context.requester && !isOfSession(found);
      if (isDevices && !this.#settled.has(id)) devices.heard(found, readClaim(found.payload), true);
    }
    this.#settled = new Set();
  }

  /** Somebody else decides: what is found next is all that is known. */
  forget(): void {
    this.#hasRebuilt = false;
    this.#hasBegun = false;
  }

  #restore(finds: Finds, isTrusted: boolean): void {
    const { context, decider, publisher, hearer, complaints, sessions } = this.#parts;
    this.#hadTerm = finds.term !== undefined;
    const handed = this.#parts.takeOwn?.() ?? NOTHING;
    enterOwn(finds, handed, context);
    if (isTrusted) enterSessions(finds, context);
    else enterReports(finds, sessions.reports(), context);
    const past = recall(finds, context, hearer, (owner) => this.#isTaken(owner));
    for (const oddity of past.oddities) complaints.warn(oddity, oddity);
    this.begin(finds);
    const tokenFloor = Math.max(past.tokenFloor, decider.lastToken);
    publisher.begin(tokenFloor);
    this.#bury(past);
    const { remembered } = past;
    for (const { claim } of remembered) if (claim.isOwn) this.#recall(claim);
    const restored = remembered.map((memory) => this.#giveWay(memory.restored));
    const claims = remembered.map(({ claim }) => claim);
    const placed = new Map<string, { readonly claim: ArbiterClaim; readonly answer: Answer | undefined }>();
    decider.restore([...restored, ...this.#presentAfter(restored)], claims, tokenFloor, () => {
      for (const memory of remembered) placed.set(memory.claim.id, placeOf(memory));
    });
    for (const memory of remembered) this.#answer(memory);
    sessions.begin(claims, isTrusted && finds.term === undefined);
    for (const { resource } of finds.states) this.#showFree(resource);
    followUp(handed.claims, placed, { context, hearer, update: this.#parts.updateOwn });
    this.#settled = new Set(remembered.filter(({ hasNews }) => !hasNews).map(({ claim }) => claim.id));
  }

  #recall(claim: ArbiterClaim): void {
    const { hearer } = this.#parts;
    if (claim.isRestored) hearer.recall(claim);
    else hearer.move?.(claim);
  }

  /** What flows have claimed since the start, without a broker, came after everything before. */
  #presentAfter(restored: readonly RestoredClaim[]): readonly RestoredClaim[] {
    const { table } = this.#parts.decider;
    const { wall } = this.#parts.context.clock.now();
    const last = restored.reduce((order, claim) => Math.max(order, claim.order), 0);
    return [...table.claims()].map((view) => ({
      ...view,
      order: last + view.order,
      written: undefined,
      since: view.resources.map((name) => table.resource(name)?.since ?? wall),
      ...(view.state === 'waiting' && { tokens: undefined }),
    }));
  }

  /** A hold of before is one no more when somebody has the resource by now. */
  #giveWay(restored: RestoredClaim): RestoredClaim {
    const isHeldByOther = restored.resources.some((resource) => {
      const holder = this.#parts.decider.resource(resource)?.locker;
      return holder !== undefined && holder !== restored.locker;
    });
    return isHeldByOther ? { ...restored, tokens: undefined } : restored;
  }

  /** An answer that is still right is not given again. What sessions have listed is none that the broker retains. */
  #answer({ claim, answer }: Remembered): void {
    const { publisher, context } = this.#parts;
    if (!claim.isAlive) return;
    const isRight =
      answer?.answer.result === claim.answer?.result && answer?.answer.token === claim.answer?.token;
    const place = claim.phase === 'held' ? 'winner' : 'loser';
    if (claim.isDevice && answer !== undefined && isRight) {
      publisher.adopt(context.topics.answer(claim.requester, claim.name), answer.text, place);
    } else {
      publisher.noteAnswer(claim, claim.phase === 'held');
    }
  }

  #bury({ dead }: Past): void {
    const { graves, publisher, context } = this.#parts;
    for (const grave of dead) {
      graves.add(grave);
      publisher.adopt(context.topics.answer(grave.requester, grave.name), grave.text, 'loser');
    }
  }

  #showFree(resource: string): void {
    const { decider, states, publisher } = this.#parts;
    if (decider.resource(resource) !== undefined) return;
    states.note(resource);
    publisher.noteState(resource, true);
  }

  #resync(finds: Finds): void {
    const { devices, graves } = this.#parts;
    for (const claim of this.#devicesClaims()) {
      claim.isUnbacked = !isThere(finds, claim) && (claim.isUnbacked || this.#wasLost(finds, claim));
      if (!isThere(finds, claim) && !claim.isUnbacked) devices.withdraw(claim);
    }
    for (const dead of graves.all()) if (!isThere(finds, dead)) devices.withdraw(dead);
  }

  /** The store has lost more than the claim: it came back empty or old, and nobody has withdrawn anything. */
  #wasLost(finds: Finds, { requester, name }: ArbiterClaim): boolean {
    const { publisher, context } = this.#parts;
    if (this.#lacksSentinel(finds)) return true;
    const wasAnswered = publisher.wasAcknowledged(context.topics.answer(requester, name));
    return wasAnswered && !finds.answers.has(deviceClaimId(requester, name));
  }

  /** What shows that it was ours, and was there, is not there any more. What never arrived proves nothing. */
  #lacksSentinel({ term, arbiter }: Finds): boolean {
    const { publisher, context } = this.#parts;
    const { topics } = context;
    if (term !== undefined) return false;
    if (this.#hadTerm || publisher.wasAcknowledged(topics.term)) return true;
    return arbiter === undefined && publisher.wasAcknowledged(topics.arbiter);
  }

  #devicesClaims(): readonly ArbiterClaim[] {
    return [...this.#parts.decider.claims.values()].filter((claim) => claim.isDevice);
  }

  #isTaken({ path, key }: ClaimKey): boolean {
    for (const { owner } of this.#parts.decider.claims.values()) {
      if (owner?.path === path && owner.key === key) return true;
    }
    return false;
  }
}

function isOfSession({ session, owner }: FoundClaim): boolean {
  return session !== undefined || owner !== undefined;
}

function isThere({ claims }: Finds, { requester, name }: Addressee): boolean {
  return claims.has(deviceClaimId(requester, name));
}

/** A hold that was read a later arbiter can read, too. */
function placeOf({ claim, restored: { tokens = [] } }: Remembered) {
  const isAsItWas = claim.isHeld && claim.answer?.token === Math.max(...tokens);
  if (isAsItWas && !claim.isProven) {
    claim.proof = 'there';
    claim.wasProven = true;
  }
  return { claim, answer: claim.answer };
}
