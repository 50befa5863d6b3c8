// The lock table at work: applies commands at the clock's time, keeps the claims beside it as the table says, and tells
// each step in the order losers, resources, winners. It never publishes anything itself.
import {
  type ClaimView,
  type Command,
  type DeniedEvent,
  type Json,
  type Limits,
  type LockEvent,
  LockTable,
  type Now,
  type ResourceView,
  type RestoredClaim,
} from '../core';
import type { Timer } from '../protocol';
import { answerOf, type ClaimEvent } from './arbiter-answers';
import { type ArbiterClaim, claimCommand, sessionOf } from './arbiter-claim';
import type { Context } from './arbiter-context';
import { credibleAt } from './arbiter-past';
import { Step, type Told } from './arbiter-step';
import type { Refusal } from './arbiter-wish';
import type { Answer, ClaimMessage } from './messages';
import { SteadyMap } from './steady-map';

/** Hears what every step brings. */
export interface Ears {
  /** What has become of a claim. */
  answered(claim: ArbiterClaim, answer: Answer, hasWon: boolean): void;
  /** A further message of a claim was refused; the claim is as it was. */
  refused(claim: ArbiterClaim, answer: Answer): void;
  /** A resource is not as it was; `isHold` says whether more than its waiters. */
  changed(resource: string, isHold: boolean): void;
  /** For the record. */
  noted(claim: ArbiterClaim, answer: Answer): void;
  /** The step was told. */
  settled(): void;
}

/** A change in place. What is `undefined` stays as it is. */
export interface ClaimUpdate {
  /** What stands of the claim's messages with this one. */
  readonly message: ClaimMessage;
  readonly priority: number | undefined;
  readonly value: Json | undefined;
  readonly renew: boolean;
  /** In ms; used when the lease is renewed, now or later. */
  readonly ttl: number | undefined;
  /** Of the payload that brought it, where one did. */
  readonly hash?: string | undefined;
  /** The last message alone does not say all that stands. */
  readonly isPartial?: boolean;
}

type Standing = Pick<ArbiterClaim, 'message' | 'priority' | 'ttl' | 'expires' | 'hash' | 'isPartial'>;

export class Decider {
  readonly #context: Context;
  readonly #ears: Ears;
  readonly #limits: Partial<Limits>;
  #table: LockTable;
  readonly #claims = new SteadyMap<string, ArbiterClaim>();
  #timer: Timer | undefined;
  /** When the timer is due: never later than the table's earliest deadline. */
  #timerDue = Infinity;
  /** The claim that is being updated, and what it was before. */
  #former: { readonly claim: ArbiterClaim; readonly was: Standing } | undefined;
  readonly #untold: Step[] = [];
  #isTelling = false;

  constructor(context: Context, limits: Partial<Limits>, ears: Ears) {
    this.#context = context;
    this.#ears = ears;
    // Names were measured before they were joined to identities.
    this.#limits = { ...limits, nameBytes: Infinity };
    this.#table = new LockTable({ limits: this.#limits });
  }

  /** Live claims by their id in the table. */
  get claims(): ReadonlyMap<string, ArbiterClaim> {
    return this.#claims;
  }

  get lastToken(): number {
    return this.#table.lastToken;
  }

  /** The table itself, to look at. */
  get table(): Pick<LockTable, 'claim' | 'claims' | 'knows' | 'resource' | 'resources'> {
    return this.#table;
  }

  resource(name: string): ResourceView | undefined {
    return this.#table.resource(name);
  }

  claim(claim: ArbiterClaim): void {
    const now = this.#context.clock.now();
    this.#claims.set(claim.id, claim);
    if (claim.isStanding) claim.expires = now.monotonic + claim.ttl;
    if (claim.message.timeout !== undefined) claim.until = now.monotonic + claim.message.timeout;
    this.#perform(claimCommand(claim, this.#context.timing), now);
  }

  update(claim: ArbiterClaim, change: ClaimUpdate): void {
    const now = this.#context.clock.now();
    const { priority, value, renew } = change;
    this.#former = { claim, was: standingOf(claim) };
    claim.message = change.message;
    claim.priority = priority ?? claim.priority;
    claim.ttl = change.ttl ?? claim.ttl;
    claim.hash = change.hash;
    claim.isPartial = change.isPartial ?? false;
    if (renew && claim.isStanding) claim.expires = now.monotonic + claim.ttl;
    const lease = renew ? { renew, ttl: claim.ttl } : {};
    this.#perform({ type: 'update', id: claim.id, priority, value, ...lease }, now);
  }

  /** Ends it because its locker wants it so. */
  release(claim: ArbiterClaim): void {
    this.#perform({ type: 'release', id: claim.id }, this.#context.clock.now());
  }

  /** Its locker has wound down. */
  yield(claim: ArbiterClaim): void {
    this.#perform({ type: 'yield', id: claim.id }, this.#context.clock.now());
  }

  /** Ends a whole hold; gives back why not. */
  force(resource: string, token: number, by: string): Refusal | undefined {
    const now = this.#context.clock.now();
    const events = this.#perform({ type: 'forceRelease', resource, token, by }, now);
    const denied = events.find(isForceDenied);
    return denied && { reason: denied.reason, detail: denied.detail ?? '' };
  }

  /** Ends every claim of our own runtime, as lost. */
  endOwn(): void {
    const session = this.#context.instance;
    this.#perform({ type: 'endSession', session }, this.#context.clock.now());
  }

  /** Lets a held claim's lease run out after so many ms. */
  setLease({ id }: ArbiterClaim, ms: number): void {
    this.#perform({ type: 'update', id, renew: true, ttl: Math.max(ms, 1) }, this.#context.clock.now());
  }

  /** Ends every claim of a session that is gone, or of none, but for those that are kept. */
  endSession(session: string | undefined): void {
    const ending = [...this.#claims.values()].filter((claim) => claim.session === session && !claim.isKept);
    // Those that wait first, so that none of them is granted what another one loses.
    ending.sort((one, other) => Number(one.isHeld) - Number(other.isHeld));
    for (const { id } of ending) {
      this.#perform({ type: 'endSession', session: sessionOf(id) }, this.#context.clock.now());
    }
  }

  /** Gives no token up to this one any more: it was given before. One of the far future is ignored. */
  passToken(token: number): void {
    if (credibleAt(this.#context.clock.now())(token)) this.#table.passToken(token);
  }

  /** Adds claims of before that become known only now, in the places that they had. */
  add(restored: readonly RestoredClaim[], claims: Iterable<ArbiterClaim>): void {
    this.catchUp();
    const now = this.#context.clock.now();
    for (const claim of claims) this.#claims.set(claim.id, claim);
    const events = this.#table.restore(restored, now);
    for (const { id } of restored) this.#followTable(id, now);
    this.#finish(events, now);
  }

  /** Somebody else decides: nothing of this is known any more. */
  forget(): void {
    this.stop();
    this.#claims.clear();
    this.#table = new LockTable({ limits: this.#limits, tokenFloor: this.lastToken });
  }

  /** Does what has fallen due, so that the next command finds everything as it is now. */
  catchUp(): void {
    const now = this.#context.clock.now();
    if (this.#table.nextDeadline() <= now.monotonic) this.#perform(TICK, now);
  }

  /**
   * Begins anew, with tokens above the floor and these claims in the places that they had. `placed` is called when they
   * are there, before anything comes of it.
   */
  restore(
    restored: readonly RestoredClaim[],
    claims: Iterable<ArbiterClaim>,
    tokenFloor: number,
    placed: () => void = () => undefined,
  ): void {
    const now = this.#context.clock.now();
    this.#table = new LockTable({ limits: this.#limits, tokenFloor });
    for (const claim of claims) this.#claims.set(claim.id, claim);
    const events = this.#table.restore(restored, now);
    for (const { id } of restored) this.#followTable(id, now);
    placed();
    this.#finish(events, now);
  }

  /** A claim that is to survive this arbiter remembers its seniority. */
  noteOrder(claim: ArbiterClaim): void {
    if (claim.isKept || claim.kind === 'session') claim.order ??= this.#table.claim(claim.id)?.order;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerDue = Infinity;
  }

  #perform(command: Command, now: Now): readonly LockEvent[] {
    const events = this.#table.apply(command, now);
    this.#finish(events, now);
    return events;
  }

  #finish(events: readonly LockEvent[], now: Now): void {
    const step = new Step();
    for (const event of events) {
      if (event.type === 'changed') step.changed.push(event.resource);
      else this.#note(step, event, now);
    }
    this.#former = undefined;
    this.#keepTimer(now);
    this.#tell(step);
  }

  #note(step: Step, event: ClaimEvent, now: Now): void {
    const claim = this.#claims.get(event.id);
    if (claim === undefined) return;
    const { levels } = this.#context.rules;
    if (event.type === 'denied' && event.command !== 'claim') {
      step.lose({ claim, answer: answerOf(event, claim, now, levels), kind: 'refusal' });
      this.#undo(claim);
      return;
    }
    const wasHeld = claim.isHeld;
    follow(event, claim);
    this.noteOrder(claim);
    const answer = answerOf(event, claim, now, levels);
    claim.answer = answer;
    if (wasHeld || claim.isHeld) step.noteHolds(claim.resources);
    if (!claim.isAlive) this.#claims.delete(claim.id);
    const isRepeated = 'repeated' in event && event.repeated;
    const told: Told = { claim, answer, kind: isRepeated || event.type === 'queued' ? 'reminder' : 'news' };
    if (event.type === 'granted' || event.type === 'queued') step.win(told);
    else step.lose(told);
  }

  #undo(claim: ArbiterClaim): void {
    if (this.#former?.claim === claim) Object.assign(claim, this.#former.was);
  }

  /** A restored claim is as the table has it, whatever was known of it before. */
  #followTable(id: string, now: Now): void {
    const claim = this.#claims.get(id);
    const view = this.#table.claim(id);
    if (claim === undefined || view === undefined) return;
    const event = presentEvent(view);
    claim.expires = view.expires;
    claim.until = view.waitUntil;
    follow(event, claim);
    this.noteOrder(claim);
    claim.answer = answerOf(event, claim, now, this.#context.rules.levels);
  }

  /** Whoever acts on what it is told, acts on a table that has finished; what comes of it is told after this. */
  #tell(step: Step): void {
    this.#untold.push(step);
    if (this.#isTelling) return;
    this.#isTelling = true;
    for (let next = this.#untold.shift(); next !== undefined; next = this.#untold.shift())
      this.#tellStep(next);
    this.#isTelling = false;
  }

  #tellStep(step: Step): void {
    for (const told of step.losing) this.#tellClaim(told, false);
    for (const resource of step.changed) this.#ears.changed(resource, step.isHoldOf(resource));
    for (const told of step.winning) this.#tellClaim(told, true);
    this.#ears.settled();
  }

  #tellClaim({ claim, answer, kind }: Told, hasWon: boolean): void {
    if (kind === 'refusal') {
      this.#ears.refused(claim, answer);
      return;
    }
    if (kind === 'news') this.#ears.noted(claim, answer);
    this.#ears.answered(claim, answer, hasWon);
  }

  #keepTimer(now: Now): void {
    const due = this.#table.nextDeadline();
    // A timer that comes too early costs less than one that is set anew with each lease.
    if (due >= this.#timerDue) return;
    this.#timer?.cancel();
    this.#timerDue = due;
    this.#timer = this.#context.clock.setTimer(due - now.monotonic, () => {
      this.#timerDue = Infinity;
      this.#perform(TICK, this.#context.clock.now());
    });
  }
}

/** What would be answered to a claim that is asked for again. */
function presentEvent({ id, state, token, expires, until, revokedBy }: ClaimView): ClaimEvent {
  if (state === 'waiting') return { type: 'queued', id, repeated: true };
  if (revokedBy === undefined || until === undefined) {
    return { type: 'granted', id, token, expires, regained: false, repeated: true };
  }
  return { type: 'revoking', id, until, by: revokedBy, repeated: true };
}

function standingOf({ message, priority, ttl, expires, hash, isPartial }: ArbiterClaim): Standing {
  return { message, priority, ttl, expires, hash, isPartial };
}

const TICK: Command = { type: 'tick' };

function isForceDenied(event: LockEvent): event is DeniedEvent {
  return event.type === 'denied' && event.command === 'forceRelease';
}

function follow(event: ClaimEvent, claim: ArbiterClaim): void {
  switch (event.type) {
    case 'granted':
      claim.phase = 'held';
      claim.wasGranted = true;
      claim.expires = event.expires;
      claim.until = Infinity;
      return;
    case 'revoking':
      claim.phase = 'revoking';
      claim.wasGranted = true;
      claim.until = event.until;
      return;
    case 'queued':
      claim.phase = 'waiting';
      return;
    case 'requeued':
      if (claim.proof === 'there') claim.proof = 'awaited';
      claim.phase = 'waiting';
      claim.until = Infinity;
      return;
    case 'denied':
    case 'lost':
    case 'released':
      claim.phase = 'ended';
  }
}
