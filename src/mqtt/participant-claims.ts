// The claims of this runtime while somebody elsewhere decides about them: they are asked for, changed and given up here
// at any time, and repeated to whoever decides. Nothing here decides about anybody else's.
import { isOver } from './arbiter-graves';
import type { OwnAsk, OwnChange } from './arbiter-own';
import { nameOfOwn } from './arbiter-own-message';
import type { Refusal } from './arbiter-wish';
import type { ClaimHearer } from './authority';
import { callSafely } from './listeners';
import type { Answer, AnswerResult } from './messages';
import {
  type HandedClaim,
  mergeChange,
  ownAnswer,
  ParticipantClaim,
  restore,
  resume,
} from './participant-claim';
import type { ParticipantContext } from './participant-context';
import { Deadlines } from './participant-deadlines';
import type { KeptClaims, LeftClaim } from './participant-kept';
import type { Mirror } from './participant-mirror';
import { TellReader, type ToldAt } from './participant-tells';
import { changeOf, objectToOp, wishOf } from './participant-wish';
import type { ClaimOp, MakeOp, Tell } from './session-messages';

export type { HandedClaim };

export interface ClaimsParts {
  readonly context: ParticipantContext;
  readonly hearer: ClaimHearer;
  readonly kept: KeptClaims;
  readonly mirror: Mirror;
  /** Sends to whoever decides; `false` if there is nobody. `framed` is told later in which frame it leaves. */
  readonly send: (op: ClaimOp, framed?: (frame: number) => void) => boolean;
  /** Beats now unless the last beat was sent within so many ms. */
  readonly freshen: (within: number) => void;
}

const UNANSWERED = { reason: 'unavailable', detail: 'nobody has answered' } as const;
/** So much of a lease may have passed at its grant, as far as is known here. */
const OLD = 0.05;
/** So many beats later than by our own clock, an arbiter that is there has spoken first. */
const SLACK_BEATS = 2;

export class ParticipantClaims {
  readonly #parts: ClaimsParts;
  readonly #context: ParticipantContext;
  readonly #claims = new Map<string, ParticipantClaim>();
  /** Kept claims that ended, while an arbiter may not know it; with the frame that says so, if it has left. */
  readonly #leaving = new Map<string, number | undefined>();
  readonly #deadlines: Deadlines<ParticipantClaim>;
  readonly #tells: TellReader;

  constructor(parts: ClaimsParts) {
    const { context } = parts;
    this.#parts = parts;
    this.#context = context;
    const slack = () => SLACK_BEATS * context.inForce.beat;
    this.#deadlines = new Deadlines(context.clock, slack, (claim) => this.#due(claim));
    this.#tells = new TellReader({ context, claims: this });
  }

  /** Makes a claim; a message that nobody could read is refused. The hearer is told later. */
  claim({ id, owner, message, isKept }: OwnAsk): ParticipantClaim | Refusal {
    const name = nameOfOwn(owner);
    const make: MakeOp = { op: 'claim', id, name, message: wishOf(message, name), keep: isKept, owner };
    const refusal = objectToOp(make);
    if (refusal !== undefined) return refusal;
    const claim = this.#make(make);
    this.#enter(claim);
    this.#ask(claim);
    return claim;
  }

  update(claim: ParticipantClaim, change: OwnChange): void {
    if (!claim.isAlive) return;
    const wire = changeOf(change);
    const { id, resources } = claim;
    const refusal = objectToOp({ op: 'update', id, change: wire });
    if (refusal !== undefined) {
      this.tell(claim, { id, result: 'denied', resources, ...refusal });
      return;
    }
    if (claim.wasSent) claim.changes = [...claim.changes, wire];
    else this.#changeUnsent(claim, wire);
    if (claim.isKept) this.#parts.kept.put(claim);
    this.pump(claim);
  }

  /** The locker has wound down. The hold is over here before anybody else is told. */
  yield(claim: ParticipantClaim): void {
    if (claim.phase !== 'revoking') return;
    const { token, answer } = claim;
    const cause = answer?.by && { by: answer.by };
    claim.phase = 'waiting';
    claim.until = Infinity;
    this.#sendYield(claim, token);
    if (claim.isStanding) this.#conclude(claim, this.#answer(claim, 'requeued', cause));
    else this.end(claim, this.#answer(claim, 'lost', { reason: 'preempted', ...cause }));
  }

  release(claim: ParticipantClaim): void {
    if (!claim.isAlive) return;
    this.#leave(claim);
    this.end(claim, this.#answer(claim, 'released'));
  }

  keep(claim: ParticipantClaim, isKept: boolean): void {
    if (!claim.isAlive || claim.isKept === isKept) return;
    const { kept, send } = this.#parts;
    claim.isKept = isKept;
    if (claim.wasSent) send({ op: 'keep', id: claim.id, keep: isKept });
    if (isKept) kept.put(claim);
    else kept.withdraw(claim);
  }

  /** Every live claim, for whoever may not know it. */
  *list(): Generator<MakeOp, void, undefined> {
    for (const claim of this.#claims.values()) {
      claim.wasSent = true;
      claim.yieldedToken = 0;
      claim.changeProgress = 'waiting';
      yield this.#listed(claim);
    }
  }

  /** All were listed: what is still to be done about them follows. */
  followUp(): void {
    for (const id of this.#leaving.keys()) this.#sendRelease(id);
    for (const claim of this.#claims.values()) this.pump(claim);
  }

  told(tells: readonly Tell[], at: ToldAt): void {
    this.#tells.read(tells, at);
  }

  /** An arbiter has acted upon our frames up to this one. */
  acknowledged(frame: number): void {
    for (const [id, left] of this.#leaving) {
      if (left !== undefined && left <= frame) this.#leaving.delete(id);
    }
  }

  /** There was no contact for so long that nothing may be believed in: what an arbiter has made of it is not known. */
  lapse(): void {
    for (const claim of [...this.#claims.values()]) {
      if (!claim.isHeld) continue;
      claim.until = Infinity;
      if (claim.isStanding) {
        claim.phase = 'waiting';
        this.#conclude(claim, this.#answer(claim, 'requeued', { reason: 'session' }));
      } else {
        this.#leave(claim);
        this.end(claim, this.#answer(claim, 'lost', { reason: 'session' }));
      }
    }
  }

  /** The machine has slept for so many ms: leases went on, and what is left of them is asked for. */
  slept(ms: number): void {
    const { monotonic } = this.#context.clock.now();
    for (const claim of this.#claims.values()) {
      if (!claim.isHeld || claim.expires === Infinity) continue;
      claim.expires = Math.min(claim.expires, Math.max(claim.expires - ms, monotonic));
      claim.askAt = monotonic;
      this.#deadlines.moved(claim);
    }
  }

  /** Takes over what earlier starts have left at the broker; what is claimed anew already is in its place. */
  recall(left: readonly LeftClaim[]): void {
    for (const found of left) {
      const { id, name, owner, message, answer } = found;
      if (this.#isTaken(owner)) {
        if (answer === undefined || !isOver(answer)) this.#leaving.set(id, undefined);
        continue;
      }
      const claim = this.#make({ op: 'claim', id, name, message: wishOf(message, name), keep: true, owner });
      claim.isRestored = true;
      if (answer === undefined || !isOver(answer)) {
        restore(claim, answer, this.#context.clock.now());
        this.#enter(claim);
      } else {
        claim.isKept = false;
      }
      callSafely(this.#context.log, () => this.#parts.hearer.recall(claim));
      if (answer !== undefined && isOver(answer)) this.end(claim, answer);
    }
  }

  /** Takes over claims of another authority of this runtime. */
  adopt(handed: readonly HandedClaim[]): void {
    for (const { make, phase, answer, changes } of handed) {
      const claim = this.#make(make);
      Object.assign(claim, { phase, answer, changes });
      resume(claim, make.was, this.#context.clock.now().monotonic);
      this.#enter(claim);
      callSafely(this.#context.log, () => this.#parts.hearer.move?.(claim));
    }
  }

  /** Gives all claims to another authority of this runtime. Nobody is told of anything. */
  surrender(): readonly HandedClaim[] {
    const handed = [...this.#claims.values()].map((claim) => {
      const { phase, answer, changes } = claim;
      return { make: this.#listed(claim), phase, answer, changes };
    });
    for (const claim of this.#claims.values()) {
      claim.phase = 'ended';
      this.#deadlines.moved(claim);
    }
    this.#claims.clear();
    this.#leaving.clear();
    this.#parts.kept.forget();
    return handed;
  }

  stop(): void {
    this.#deadlines.stop();
  }

  // For what reads the tells.

  find(id: string): ParticipantClaim | undefined {
    return this.#claims.get(id);
  }

  /** What has become of a claim that goes on. */
  conclude(claim: ParticipantClaim, answer: Answer, isNews: boolean): void {
    claim.answer = answer;
    claim.wasTold = true;
    this.#deadlines.moved(claim);
    if (!isNews) return;
    this.tell(claim, answer);
    // Who has nothing to wind down has heard of it by now.
    if (claim.phase === 'revoking' && claim.answer === answer && !hasGrace(claim)) this.yield(claim);
  }

  tell(claim: ParticipantClaim, answer: Answer): void {
    callSafely(this.#context.log, () => this.#parts.hearer.hear(claim, answer));
  }

  end(claim: ParticipantClaim, answer: Answer): void {
    claim.phase = 'ended';
    claim.answer = answer;
    this.#claims.delete(claim.id);
    this.#deadlines.moved(claim);
    if (claim.isKept) this.#parts.kept.withdraw(claim);
    this.tell(claim, answer);
  }

  /** It is over at the arbiter, too. */
  forget(id: string): void {
    this.#leaving.delete(id);
  }

  /** It is over here, and goes on at the arbiter. */
  disown(id: string): void {
    this.#sendRelease(id);
  }

  /** Asks for its present outcome, to know better when its lease runs out. */
  askAgain(claim: ParticipantClaim): void {
    this.#freshen(claim);
    this.#parts.send({ op: 'ask', id: claim.id });
  }

  /** A hold was lost, and the claim goes on; whether it still does when that was told. */
  loseHold(claim: ParticipantClaim): boolean {
    const cause = claim.answer?.by && { by: claim.answer.by };
    claim.phase = 'waiting';
    claim.until = Infinity;
    this.#conclude(claim, this.#answer(claim, 'requeued', cause));
    return claim.isAlive;
  }

  /** Gives a hold back that is over here, or of which nothing was known. */
  yieldUnheld(claim: ParticipantClaim, token: number): void {
    this.#sendYield(claim, token);
  }

  #sendYield(claim: ParticipantClaim, token: number): void {
    claim.yieldedToken = token;
    claim.yieldFrame = Infinity;
    this.#parts.send({ op: 'yield', id: claim.id, token }, (frame) => {
      claim.yieldFrame = frame;
    });
  }

  /** Sends the next change, when the one before was answered. */
  pump(claim: ParticipantClaim): void {
    const [change] = claim.changes;
    if (change === undefined || claim.changeProgress !== 'waiting' || !claim.wasSent) return;
    if (change.renew === true) this.#freshen(claim);
    const isSent = this.#parts.send({ op: 'update', id: claim.id, change }, (frame) => {
      claim.changeProgress = { frame };
    });
    if (isSent) claim.changeProgress = 'queued';
  }

  #make({ id, name, message, keep, owner }: MakeOp): ParticipantClaim {
    const { requester } = this.#context;
    const { locker = requester } = message;
    const resources = message.resources ?? [message.resource ?? name];
    return new ParticipantClaim({ ...{ id, name, owner, locker, resources, message }, isKept: keep });
  }

  #enter(claim: ParticipantClaim): void {
    this.#claims.set(claim.id, claim);
    if (claim.isKept) this.#parts.kept.put(claim);
    this.#deadlines.moved(claim);
  }

  #ask(claim: ParticipantClaim): void {
    const { monotonic } = this.#context.clock.now();
    claim.waitEnd = claim.until = monotonic + (claim.standing.timeout ?? Infinity);
    if (claim.isStanding) claim.leaseEnd = claim.expires = monotonic + claim.ttl;
    this.#deadlines.moved(claim);
    this.#freshen(claim);
    claim.wasSent = this.#parts.send(this.#listed(claim));
  }

  #changeUnsent(claim: ParticipantClaim, change: OwnChange): void {
    claim.standing = mergeChange(claim.standing, change);
    if (!claim.isStanding || change.renew !== true) return;
    claim.leaseEnd = claim.expires = this.#context.clock.now().monotonic + claim.ttl;
    this.#deadlines.moved(claim);
  }

  #listed(claim: ParticipantClaim): MakeOp {
    // Only what is held has tokens, and most are listed before.
    if (!claim.isHeld) return claim.listed(this.#context.clock.now(), undefined);
    const { mirror, context } = this.#parts;
    const tokens: { [resource: string]: number } = {};
    for (const resource of claim.resources) tokens[resource] = claim.token;
    // The states tell them apart, where they differ, unless they are older than what was told.
    const seen = mirror.tokensOf(claim.id, claim.resources);
    if (Math.max(...Object.values(seen)) === claim.token) Object.assign(tokens, seen);
    return claim.listed(context.clock.now(), tokens);
  }

  /** An arbiter that may have it is told that it is over here. */
  #leave(claim: ParticipantClaim): void {
    if (!claim.wasSent) return;
    if (claim.isKept) this.#leaving.set(claim.id, undefined);
    this.#sendRelease(claim.id);
  }

  #sendRelease(id: string): void {
    this.#parts.send({ op: 'release', id }, (frame) => {
      if (this.#leaving.has(id)) this.#leaving.set(id, frame);
    });
  }

  /** A lease is counted from a beat that whoever decides had: a short one wants a new one. */
  #freshen({ ttl }: ParticipantClaim): void {
    if (ttl !== Infinity) this.#parts.freshen(OLD * ttl);
  }

  #conclude(claim: ParticipantClaim, answer: Answer): void {
    this.conclude(claim, answer, true);
  }

  #due(claim: ParticipantClaim): void {
    if (claim.phase === 'revoking') this.yield(claim);
    else if (claim.phase === 'held') {
      claim.askAt = Infinity;
      this.askAgain(claim);
    } else {
      this.#giveUp(claim);
    }
  }

  /** Whoever decides should have said so, and cannot. */
  #giveUp(claim: ParticipantClaim): void {
    const isWaitOver = !claim.hasHadIt && claim.waitEnd <= this.#context.clock.now().monotonic;
    const { wasTold } = claim;
    this.#leave(claim);
    const why = wasTold ? { reason: 'timeout' as const } : UNANSWERED;
    this.end(claim, this.#answer(claim, 'denied', isWaitOver ? why : { reason: 'expired' }));
  }

  #answer(claim: ParticipantClaim, result: AnswerResult, more?: Partial<Answer>): Answer {
    return ownAnswer(claim, result, this.#context.clock.now(), more);
  }

  #isTaken({ path, key }: LeftClaim['owner']): boolean {
    for (const { owner } of this.#claims.values()) if (owner?.path === path && owner.key === key) return true;
    return false;
  }
}

function hasGrace({ standing }: ParticipantClaim): boolean {
  return (standing.grace ?? 0) > 0;
}
