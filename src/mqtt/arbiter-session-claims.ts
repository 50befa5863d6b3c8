// What participants elsewhere want of their claims, done at the lock table: as for claims of the arbiter's own runtime,
// but that a participant may repeat what is known already.
import type { RestoredClaim } from '../core';
import { refusal } from './arbiter-answers';
import { ArbiterClaim, claimCommand, lockerOf } from './arbiter-claim';
import { type Context, iso } from './arbiter-context';
import type { Decider } from './arbiter-decider';
import { standingPart } from './arbiter-devices';
import { changeInPlace } from './arbiter-own';
import { endOf } from './arbiter-own-past';
import type { Session } from './arbiter-session';
import { isRefusal, type Refusal, readWish, resourcesOf } from './arbiter-wish';
import type { Answer, ClaimMessage } from './messages';
import { isSameJson } from './same-json';
import type { ClaimOp, HelloOp, MakeOp, UpdateOp, Was } from './session-messages';

export interface SessionClaimsParts {
  readonly context: Context;
  readonly decider: Decider;
  /** How a claim stands is to be told, though nothing has changed. */
  readonly tellAgain: (claim: ArbiterClaim) => void;
  /** The claim is kept from now on, or no longer: what the broker retains of it is to follow. */
  readonly keptChanged: (claim: ArbiterClaim) => void;
}

/** What is wanted of a claim that is there. */
type ChangeOp = Exclude<ClaimOp, HelloOp | MakeOp | { readonly op: 'ready' }>;

export class SessionClaims {
  /** The store has told of nothing, not even of a term before. */
  isStoreEmpty = false;
  readonly #parts: SessionClaimsParts;
  readonly #context: Context;
  readonly #decider: Decider;

  constructor(parts: SessionClaimsParts) {
    this.#parts = parts;
    this.#context = parts.context;
    this.#decider = parts.decider;
  }

  /** Does what a participant wants, now that its list is complete. */
  act(session: Session, op: ClaimOp): void {
    this.#decider.catchUp();
    switch (op.op) {
      case 'hello':
      case 'ready':
        return;
      case 'claim':
        this.#list(session, op);
        return;
      case 'update':
      case 'release':
      case 'yield':
      case 'keep':
      case 'ask': {
        const claim = this.#decider.claims.get(op.id);
        if (claim?.requester === session.requester && claim.kind === 'session')
          this.#change(session, claim, op);
      }
    }
  }

  /**
   * What is listed goes on, what is not has ended there: also what an earlier start has kept, if this one does not know
   * of it, since the broker has forgotten it.
   */
  reconcile(session: Session, listed: ReadonlyMap<string, MakeOp>): void {
    this.#decider.catchUp();
    for (const claim of [...this.#decider.claims.values()]) {
      const isIts = claim.kind === 'session' && claim.requester === session.requester;
      if (isIts && !listed.has(claim.id)) this.withdraw(claim);
    }
    for (const op of listed.values()) this.#list(session, op);
    session.noteList(listed);
  }

  withdraw(claim: ArbiterClaim): void {
    if (!claim.isAlive) return;
    claim.leaving = 'withdrawn';
    this.#decider.release(claim);
  }

  /** Whether it is to survive its session. */
  keep(claim: ArbiterClaim, isKept: boolean): void {
    if (claim.isKept === isKept) return;
    claim.isKept = isKept;
    this.#parts.keptChanged(claim);
  }

  /** A live claim that is kept, by its topic. */
  findKept(requester: string, name: string): ArbiterClaim | undefined {
    for (const claim of this.#decider.claims.values()) {
      const isIt = claim.kind === 'session' && claim.requester === requester && claim.name === name;
      if (isIt && claim.isKept) return claim;
    }
    return undefined;
  }

  /** Nobody speaks for what it has left. */
  abandon({ instance }: Session): void {
    for (const claim of this.#decider.claims.values()) {
      if (claim.session === instance) claim.session = undefined;
    }
  }

  #change(session: Session, claim: ArbiterClaim, op: ChangeOp): void {
    switch (op.op) {
      case 'update':
        this.#update(session, claim, op);
        return;
      case 'release':
        this.withdraw(claim);
        return;
      case 'yield':
        this.#yield(claim, op.token);
        return;
      case 'keep':
        this.keep(claim, op.keep);
        return;
      case 'ask':
        this.#parts.tellAgain(claim);
    }
  }

  #list(session: Session, op: MakeOp): void {
    for (const token of Object.values(op.was?.tokens ?? {})) this.#decider.passToken(token);
    const there = this.#decider.claims.get(op.id);
    if (there === undefined) this.#begin(session, op);
    else if (there.requester === session.requester && there.kind === 'session')
      this.#goOn(session, there, op);
    else session.noteRefusal(op.id, this.#denial(op, { reason: 'invalid', detail: 'this id is taken' }));
  }

  #goOn(session: Session, claim: ArbiterClaim, op: MakeOp): void {
    const { keep, owner, was } = op;
    claim.session = session.instance;
    claim.owner = owner;
    this.keep(claim, keep);
    if (op.changing !== true) this.#correctWish(session, claim, op.message);
    if (was?.tokens !== undefined && claim.isHeld) this.#correctLease(claim, was);
    if (claim.isAlive) this.#parts.tellAgain(claim);
  }

  /** Its participant was killed before its last change has reached us, and has found it where it keeps its claims. */
  #correctWish(session: Session, claim: ArbiterClaim, listed: ClaimMessage): void {
    const { message } = claim;
    const wish = readWish({ ...claim.address, isDevice: false }, listed, this.#context.rules);
    const isOther =
      !isRefusal(wish) && listed.priority !== message.priority && wish.priority !== claim.priority;
    const change = {
      ...(isOther && listed.priority !== undefined && { priority: listed.priority }),
      ...(!isSameJson(listed.value, message.value) && listed.value !== undefined && { value: listed.value }),
    };
    if (Object.keys(change).length > 0) this.#update(session, claim, { op: 'update', id: claim.id, change });
  }

  /** Its participant has kept the time, while a new arbiter only knows what its own wall clock makes of it. */
  #correctLease(claim: ArbiterClaim, { remaining }: Was): void {
    if (remaining === undefined || claim.expires === Infinity) return;
    const left = claim.expires - this.#context.clock.now().monotonic;
    if (Math.abs(left - remaining) > 2 * this.#context.timing.beat) this.#decider.setLease(claim, remaining);
  }

  /**
   * A claim that is not there. Where we have had it, it has ended; where another arbiter has, it may have gone back to
   * waiting, of which no store tells, unless it was a once claim.
   */
  #begin(session: Session, op: MakeOp): void {
    const end = session.endOf(op.id);
    if (end !== undefined) {
      session.noteRefusal(op.id, end);
      return;
    }
    const { granted = false, tokens, ...was } = op.was ?? {};
    const isHold = this.#mayStillHold(session, op);
    const isOnce = op.message.once === true && tokens !== undefined;
    if (isHold || !granted) this.#enter(session, op);
    else if (session.hasListed || isOnce) session.noteRefusal(op.id, endOf(op, this.#context));
    else this.#enter(session, { ...op, was: { ...was, granted } });
  }

  /** A store that has forgotten everything tells of no holds; nobody else has the resources yet. */
  #mayStillHold({ requester, hasListed }: Session, { name, message, was }: MakeOp): boolean {
    if (!this.isStoreEmpty || hasListed || was?.tokens === undefined) return false;
    const { locker = requester } = message;
    return resourcesOf(message, name).every((resource) => {
      const holder = this.#decider.resource(resource)?.locker;
      return was.tokens?.[resource] !== undefined && (holder === undefined || lockerOf(holder) === locker);
    });
  }

  #enter(session: Session, op: MakeOp): void {
    const { requester, instance } = session;
    const { id, name, message, keep, owner, was } = op;
    const wish = readWish({ requester, name, isDevice: false }, message, this.#context.rules);
    if (isRefusal(wish)) {
      session.noteRefusal(id, this.#denial(op, wish));
      return;
    }
    const origin = { id, requester, name, kind: 'session', session: instance } as const;
    const claim = new ArbiterClaim(origin, standingPart(message), wish);
    claim.isKept = keep;
    claim.owner = owner;
    if (was?.order === undefined) this.#decider.claim(claim);
    else this.#decider.add([this.#placeOf(claim, was, was.order)], [claim]);
    if (was !== undefined && claim.isAlive) this.#parts.tellAgain(claim);
  }

  #denial({ id, name, message }: MakeOp, refused: Refusal): Answer {
    const ended = iso(this.#context.clock.now().wall);
    return { id, result: 'denied', resources: resourcesOf(message, name), ...refused, ended };
  }

  /** It holds what it held, or waits where it waited, at another arbiter. */
  #placeOf(claim: ArbiterClaim, was: Was, order: number): RestoredClaim {
    const { granted, tokens, remaining, wait } = was;
    const { monotonic } = this.#context.clock.now();
    const { type: _type, timeout: _timeout, ...asked } = claimCommand(claim, this.#context.timing);
    return {
      ...asked,
      priority: claim.priority,
      standing: claim.isStanding,
      ttl: claim.ttl,
      order,
      expires: claim.isStanding || granted ? monotonic + (remaining ?? claim.ttl) : Infinity,
      waitUntil: monotonic + (wait ?? (granted ? Infinity : claim.message.timeout) ?? Infinity),
      grantedBefore: granted,
      ...(granted && tokens !== undefined && { tokens: claim.resources.map((name) => tokens[name] ?? 0) }),
    };
  }

  #update(session: Session, claim: ArbiterClaim, { change }: UpdateOp): void {
    const refused = changeInPlace(this.#parts, claim, change);
    if (refused !== undefined) session.noteRefusal(claim.id, refusal(claim, refused));
  }

  #yield(claim: ArbiterClaim, token: number): void {
    const isThatHold = (this.#decider.table.claim(claim.id)?.token ?? 0) <= token;
    if (claim.phase === 'revoking' && isThatHold) this.#decider.yield(claim);
    // Whoever gives up what nobody wants must hear that it stands.
    else if (claim.isHeld) this.#parts.tellAgain(claim);
  }
}
