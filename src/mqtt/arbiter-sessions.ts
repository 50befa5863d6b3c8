// The sessions of participants elsewhere: who is there, since when nobody has heard of whom, and who is not to be heard.
// What they want of their claims is done elsewhere (arbiter-session-claims.ts).
import type { Timer } from '../protocol';
import type { ArbiterClaim } from './arbiter-claim';
import type { Complaints } from './arbiter-complaints';
import type { Context } from './arbiter-context';
import type { Decider } from './arbiter-decider';
import type { Addressee } from './arbiter-devices';
import { Session, type Turn } from './arbiter-session';
import { SessionClaims } from './arbiter-session-claims';
import type { Answer } from './messages';
import { readBeat, readPresence, readUp } from './read-session-message';
import type { ClaimOp, MakeOp, UpFrame } from './session-messages';

export interface SessionsHost {
  /** Sends at once what need not arrive. */
  say(topic: string, text: string): void;
  /** Has the broker forget what a session has left. */
  erase(topic: string): void;
  /** What the broker retains of a claim is to follow. */
  readonly keptChanged: (claim: ArbiterClaim) => void;
  /** Somebody has heard of a later term than ours. */
  outdated(epoch: number): void;
  /** The broker has been there since the arbiter of this term wrote what is retained. */
  witnessed(epoch: number): void;
}

export interface SessionsParts {
  readonly context: Context;
  readonly decider: Decider;
  readonly complaints: Complaints;
  readonly host: SessionsHost;
}

/** What a session has listed before anything was decided. */
export interface Report {
  readonly requester: string;
  readonly instance: string;
  readonly claims: readonly MakeOp[];
}

const MOST_SESSIONS = 10_000;
/** What is not acknowledged within 250 ms is sent again. */
const ACK_MS = 100;

export class Sessions {
  readonly #parts: SessionsParts;
  readonly #context: Context;
  readonly #claims: SessionClaims;
  /** By instance. */
  readonly #sessions = new Map<string, Session>();
  /** The one of each name that is heard. */
  readonly #byRequester = new Map<string, Session>();
  /** Those that are to be told something, or have not heard how far they were heard. */
  readonly #busy = new Set<Session>();
  /** Those to which nothing has acknowledged so far what they have said. */
  readonly #owing = new Set<Session>();
  #ackTimer: Timer | undefined;
  /** Presences that stand at the broker, by requester. */
  readonly #presences = new Map<string, { readonly instance: string; readonly online: boolean }>();
  #hasBegun = false;
  #timer: Timer | undefined;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
    this.#context = parts.context;
    const { context, decider, host } = parts;
    const tellAgain = (claim: ArbiterClaim) => this.tell(claim, claim.isHeld ? 'winning' : 'losing');
    this.#claims = new SessionClaims({ context, decider, tellAgain, keptChanged: host.keptChanged });
  }

  heardPresence(requester: string, payload: Uint8Array): void {
    const { message, error } = payload.length === 0 ? {} : readPresence(payload);
    if (error !== undefined) this.#complain(requester, error.text);
    if (this.#isOurs(requester, message?.instance)) return;
    if (message?.left === true) this.#end(message.instance);
    else if (message !== undefined) this.#presences.set(requester, message);
    else this.#presences.delete(requester);
  }

  heardBeat(requester: string, payload: Uint8Array): void {
    const { message, error } = readBeat(payload);
    if (error !== undefined) this.#complain(requester, error.text);
    if (message === undefined || this.#isOurs(requester, message.session)) return;
    // Whom it follows, and so whether there is an objection, it says with its hello.
    if (!this.#sessions.has(message.session) && this.#objectTo(requester) !== undefined) return;
    this.#admit(requester, message.session)?.heardBeat(message.beat);
  }

  heardFrame(requester: string, payload: Uint8Array): void {
    const { message: frame, error } = readUp(payload);
    if (error !== undefined) this.#complain(requester, error.text);
    if (frame === undefined || this.#isOurs(requester, frame.session)) return;
    this.#endPredecessor(requester, frame);
    const session = this.#admit(requester, frame.session);
    if (session === undefined) return;
    if (frame.epoch > this.#context.epoch) this.#parts.host.outdated(frame.epoch);
    if (frame.epoch !== this.#context.epoch) return;
    for (const op of session.heardFrame(frame)) this.#act(session, op);
    this.#busy.add(session);
  }

  /** A claim that is kept was taken back by hand; `false` if there is none. */
  withdrawKept({ requester, name }: Addressee): boolean {
    const claim = this.#claims.findKept(requester, name);
    if (claim === undefined) return false;
    // As long as its participant is there, that one says what is to become of it.
    const isAttended = claim.session !== undefined && this.#sessions.has(claim.session);
    if (isAttended) this.#claims.keep(claim, false);
    else this.#claims.withdraw(claim);
    return true;
  }

  /** What was listed before anything is decided. */
  *reports(): Generator<Report, void, undefined> {
    for (const { requester, instance, listed, isReady } of this.#sessions.values()) {
      if (isReady && listed !== undefined) yield { requester, instance, claims: [...listed.values()] };
    }
  }

  /** Decides from now on; the sessions of these claims are taken for alive. A store may have forgotten all of it. */
  begin(claims: Iterable<ArbiterClaim>, isStoreEmpty: boolean): void {
    this.#hasBegun = true;
    this.#claims.isStoreEmpty = isStoreEmpty;
    for (const { kind, requester, session } of claims) {
      if (kind === 'session' && session !== undefined && !this.#sessions.has(session)) {
        this.#open(requester, session);
      }
    }
    for (const session of [...this.#sessions.values()]) this.#catchUp(session);
    this.#keepTimer();
  }

  /** All that others could believe in is known: where none of them is there, nobody believes in anything. */
  noteNobody(): void {
    if (this.#sessions.size === 0) this.#context.memory.note({ othersMayHold: false });
  }

  /** What has become of a claim. */
  tell(claim: ArbiterClaim, turn: Turn): void {
    const session = this.#of(claim);
    if (session === undefined) return;
    session.note(claim, turn);
    this.#busy.add(session);
  }

  /** A further message of a claim was refused. */
  refuse(claim: ArbiterClaim, answer: Answer): void {
    const session = this.#of(claim);
    if (session === undefined) return;
    session.noteRefusal(claim.id, answer);
    this.#busy.add(session);
  }

  /** There is a broker again: what was told without one, and not heard, is told as it stands. */
  restate(): void {
    for (const session of this.#sessions.values()) {
      session.restate();
      if (session.hasNews) this.#busy.add(session);
    }
  }

  /** Something is to be told, or acknowledged. */
  get hasNews(): boolean {
    return this.#busy.size > 0;
  }

  flush(turn: Turn): void {
    for (const session of this.#busy) session.flush(turn);
  }

  /** All was told that can be told now. */
  flushed(): void {
    for (const session of this.#busy) {
      if (session.owesAck) this.#acknowledgeSoon(session);
      if (!session.hasNews) this.#busy.delete(session);
    }
  }

  /** Most of what is wanted is answered, and the rest comes often in several frames. */
  #acknowledgeSoon(session: Session): void {
    this.#owing.add(session);
    this.#ackTimer ??= this.#context.clock.setTimer(ACK_MS, () => {
      this.#ackTimer = undefined;
      for (const owing of this.#owing) owing.flushAck();
      this.#owing.clear();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#ackTimer?.cancel();
    this.#ackTimer = undefined;
    this.#owing.clear();
    for (const session of this.#sessions.values()) session.stop();
    this.#sessions.clear();
    this.#byRequester.clear();
    this.#presences.clear();
    this.#busy.clear();
    this.#hasBegun = false;
  }

  #of({ session }: ArbiterClaim): Session | undefined {
    return session === undefined ? undefined : this.#sessions.get(session);
  }

  /** Our own runtime speaks in process, and may speak over the broker, too. */
  #isOurs(requester: string, instance: string | undefined): boolean {
    return requester === this.#context.requester && instance === this.#context.instance;
  }

  /** The session of an instance, unless another one of this name is alive. */
  #admit(requester: string, instance: string): Session | undefined {
    const there = this.#sessions.get(instance);
    if (there !== undefined) return there.requester === requester ? there : undefined;
    const why = this.#objectTo(requester);
    if (why === undefined) return this.#open(requester, instance);
    this.#complain(requester, why);
    this.#makeSession(requester, instance).refuse(why);
    return undefined;
  }

  #objectTo(requester: string): string | undefined {
    if (requester === this.#context.requester) {
      return `the Node-RED that decides is called ${requester}, too: give one of them another name`;
    }
    if (this.#byRequester.has(requester)) {
      return `another one of the name ${requester} is alive: give one of them another name, or wait until it is gone`;
    }
    return this.#sessions.size < MOST_SESSIONS ? undefined : `there are ${MOST_SESSIONS} sessions already`;
  }

  #open(requester: string, instance: string): Session {
    const session = this.#makeSession(requester, instance);
    this.#sessions.set(instance, session);
    this.#byRequester.set(requester, session);
    this.#context.memory.note({ othersMayHold: true });
    this.#keepTimer();
    return session;
  }

  #makeSession(requester: string, instance: string): Session {
    const { context, host, decider } = this.#parts;
    const topic = context.topics.sessionAnswers(requester);
    const tokenOf = (id: string) => decider.table.claim(id)?.token;
    const publish = (text: string) => host.say(topic, text);
    return new Session({ context, requester, instance, tokenOf, publish });
  }

  /** A participant that has started again knows that the one before is dead. */
  #endPredecessor(requester: string, { session, ops: [op] }: UpFrame): void {
    const before = this.#byRequester.get(requester);
    const isKnownDead = op?.op === 'hello' && op.after !== undefined && op.after === before?.instance;
    if (isKnownDead && before.instance !== session) this.#end(before.instance);
  }

  #act(session: Session, op: ClaimOp): void {
    if (op.op === 'hello') {
      session.listed = new Map();
      session.isReady = false;
      if (op.token !== undefined) this.#parts.decider.passToken(op.token);
      if (op.witnessed !== undefined) this.#parts.host.witnessed(op.witnessed);
    } else if (op.op === 'claim' && session.listed !== undefined && !session.isReady) {
      session.listed.set(op.id, op);
    } else if (op.op === 'ready') {
      session.isReady = true;
      if (this.#hasBegun) this.#catchUp(session);
    } else if (!this.#hasBegun || session.listed !== undefined) {
      session.postponed.push(op);
    } else {
      this.#claims.act(session, op);
    }
  }

  /** All that it claims is known: what it has listed is compared with what is there. */
  #catchUp(session: Session): void {
    const { listed, isReady } = session;
    if (listed === undefined || !isReady) return;
    session.listed = undefined;
    this.#busy.add(session);
    this.#claims.reconcile(session, listed);
    for (const op of session.postponed.splice(0)) this.#claims.act(session, op);
  }

  #end(instance: string): void {
    const session = this.#sessions.get(instance);
    if (session === undefined) return;
    this.#sessions.delete(instance);
    this.#busy.delete(session);
    if (this.#byRequester.get(session.requester) === session) this.#byRequester.delete(session.requester);
    session.stop();
    this.#parts.decider.endSession(instance);
    this.#claims.abandon(session);
    this.#forgetPresence(session.requester);
    if (this.#hasBegun) this.noteNobody();
  }

  /** What a participant that is gone has left as its presence is nobody's any more. */
  #forgetPresence(requester: string): void {
    const presence = this.#presences.get(requester);
    if (presence === undefined || presence.online || this.#byRequester.has(requester)) return;
    this.#presences.delete(requester);
    this.#parts.host.erase(this.#context.topics.session(requester));
  }

  /** One timer for all: sessions are heard so often that most of what it was set for is over when it comes. */
  #keepTimer(): void {
    if (!this.#hasBegun) return;
    this.#timer ??= this.#context.clock.setTimer(this.#context.timing.session, () => this.#endSilent());
  }

  #endSilent(): void {
    this.#timer = undefined;
    const { clock, timing } = this.#context;
    const { monotonic } = clock.now();
    // For what was there before us nobody has spoken in all this time.
    this.#parts.decider.endSession(undefined);
    let next = Infinity;
    for (const { instance, aliveAt } of [...this.#sessions.values()]) {
      const due = aliveAt + timing.session;
      if (due <= monotonic) this.#end(instance);
      else next = Math.min(next, due);
    }
    for (const requester of [...this.#presences.keys()]) this.#forgetPresence(requester);
    if (next !== Infinity) this.#timer = clock.setTimer(next - monotonic, () => this.#endSilent());
  }

  #complain(requester: string, why: string): void {
    this.#parts.complaints.warn(`session ${requester}`, `session of ${requester}: ${why}`);
  }
}
