// What an arbiter tells of claims, carried over to them: what is heard twice is told once, and what was true before a
// hold was given up is not believed.
import type { Answer } from './messages';
import type { ParticipantClaim } from './participant-claim';
import { mergeChange } from './participant-claim';
import { noteToken, type ParticipantContext } from './participant-context';
import type { Tell } from './session-messages';

/** When a frame was written that tells something, and what had been heard by then. */
export interface ToldAt {
  /** Monotonic ms: it was written after that. */
  readonly sentAt: number;
  /** For how many ms the machine has slept since; `Infinity` if that cannot be known. */
  readonly slept: number;
  /** All our frames up to this one had been acted upon. */
  readonly ack: number;
}

/** The claims that the tells are about. */
export interface ToldClaims {
  find(id: string): ParticipantClaim | undefined;
  conclude(claim: ParticipantClaim, answer: Answer, isNews: boolean): void;
  tell(claim: ParticipantClaim, answer: Answer): void;
  end(claim: ParticipantClaim, answer: Answer): void;
  forget(id: string): void;
  disown(id: string): void;
  askAgain(claim: ParticipantClaim): void;
  loseHold(claim: ParticipantClaim): boolean;
  yieldUnheld(claim: ParticipantClaim, token: number): void;
  pump(claim: ParticipantClaim): void;
}

export interface TellReaderParts {
  readonly context: ParticipantContext;
  readonly claims: ToldClaims;
}

/** Of a length by another clock so much is believed in by our own. */
const USABLE = 0.95;
/** So much of a lease may be over at its grant before it is asked for again. */
const OLD = 0.1;
/** A lease is asked for again that many beats before its end, as we know it. */
const ASK_BEATS = 2;

export class TellReader {
  readonly #context: ParticipantContext;
  readonly #claims: ToldClaims;

  constructor({ context, claims }: TellReaderParts) {
    this.#context = context;
    this.#claims = claims;
  }

  read(tells: readonly Tell[], at: ToldAt): void {
    // The answer to a change is the last that a frame tells of its claim.
    const last = new Map(tells.map(({ id }, index) => [id, index]));
    for (const [index, { id, answer }] of tells.entries()) {
      const claim = this.#claims.find(id);
      if (claim !== undefined) this.#read(claim, answer, at, last.get(id) === index);
      else if (answer.ended !== undefined) this.#claims.forget(id);
      else this.#claims.disown(id);
    }
  }

  #read(claim: ParticipantClaim, answer: Answer, at: ToldAt, isLast: boolean): void {
    if (answer.ended !== undefined) {
      this.#claims.end(claim, answer);
    } else if (answer.result === 'denied' || answer.result === 'error') {
      settleChange(claim, at.ack, false);
      this.#claims.tell(claim, answer);
    } else {
      const isAsked = isLast && settleChange(claim, at.ack, true);
      if (!this.#isStale(claim, answer, at) && !this.#isTooOld(claim, answer, at))
        this.#follow(claim, answer, at, isAsked);
    }
    if (claim.isAlive) this.#claims.pump(claim);
  }

  /** Whether it tells of a hold that is over here. */
  #isStale(claim: ParticipantClaim, answer: Answer, { ack }: ToldAt): boolean {
    const { result, token = claim.token } = answer;
    const { yieldedToken, yieldFrame } = claim;
    // Re-entrance keeps the token: it may have it again by another claim of its locker.
    if (result === 'granted') return token < yieldedToken || (token === yieldedToken && ack < yieldFrame);
    if (result !== 'revoking' || claim.phase !== 'waiting') return false;
    // Its grant may never have been told: the arbiter tells only how a claim stands now.
    if (token > yieldedToken) this.#claims.yieldUnheld(claim, token);
    return true;
  }

  /** Too much of its lease may be over for all that is known here: what is left is asked for before it is told. */
  #isTooOld(
    claim: ParticipantClaim,
    { result, remaining = Infinity }: Answer,
    { sentAt, slept }: ToldAt,
  ): boolean {
    const wasAsked = claim.isAnchoring;
    claim.isAnchoring = false;
    if (result !== 'granted' || claim.isHeld || wasAsked || remaining === Infinity) return false;
    if (this.#context.clock.now().monotonic - sentAt + slept <= OLD * remaining) return false;
    claim.isAnchoring = true;
    this.#claims.askAgain(claim);
    return true;
  }

  #follow(claim: ParticipantClaim, answer: Answer, at: ToldAt, isAsked: boolean): void {
    const isOtherHold = answer.result === 'granted' && claim.isHeld && answer.token !== claim.token;
    // What came between was passed over: an arbiter tells how a claim stands now.
    if (isOtherHold && !this.#claims.loseHold(claim)) return;
    const { phase, token } = claim;
    claim.order = answer.order ?? claim.order;
    if (answer.result === 'granted') this.#grant(claim, answer, at);
    else if (answer.result === 'revoking') this.#revoke(claim, answer, at);
    else this.#wait(claim, answer, at);
    this.#claims.conclude(claim, answer, isAsked || claim.phase !== phase || claim.token !== token);
  }

  #grant(
    claim: ParticipantClaim,
    { token = claim.token, remaining = Infinity }: Answer,
    { sentAt, slept }: ToldAt,
  ): void {
    const { monotonic } = this.#context.clock.now();
    const { beat } = this.#context.inForce;
    claim.phase = 'held';
    claim.hasHadIt = true;
    claim.token = token;
    noteToken(this.#context, token);
    claim.until = Infinity;
    claim.leaseEnd = sentAt + remaining;
    claim.expires =
      remaining === Infinity ? Infinity : Math.max(sentAt + USABLE * remaining - slept, monotonic);
    const askAt = claim.expires - ASK_BEATS * beat;
    if (claim.expires === Infinity) claim.askAt = Infinity;
    else if (slept > beat) claim.askAt = monotonic + beat;
    else claim.askAt = askAt >= monotonic + beat ? askAt : Infinity;
  }

  #revoke(claim: ParticipantClaim, { token = 0, remaining = Infinity }: Answer, { sentAt }: ToldAt): void {
    const { monotonic } = this.#context.clock.now();
    const end = Math.min(sentAt + USABLE * remaining, monotonic + (claim.standing.grace ?? 0));
    claim.until = claim.phase === 'revoking' ? Math.min(claim.until, end) : end;
    claim.phase = 'revoking';
    claim.hasHadIt = true;
    claim.token = Math.max(claim.token, token);
  }

  #wait(claim: ParticipantClaim, { result, remaining = Infinity }: Answer, { sentAt }: ToldAt): void {
    claim.phase = 'waiting';
    if (result === 'requeued') claim.hasHadIt = true;
    claim.until = claim.hasHadIt ? Infinity : claim.waitEnd;
    claim.expires = claim.leaseEnd = sentAt + remaining;
  }
}

/** The first change is answered, if it has reached the arbiter; whether it is. */
function settleChange(claim: ParticipantClaim, ack: number, isDone: boolean): boolean {
  const { changes, changeProgress } = claim;
  const [change, ...further] = changes;
  if (change === undefined || typeof changeProgress === 'string' || changeProgress.frame > ack) return false;
  if (isDone) claim.standing = mergeChange(claim.standing, change);
  claim.changes = further;
  claim.changeProgress = 'waiting';
  return true;
}
