// One runtime among several on a broker: its claims are decided by an arbiter elsewhere, and it believes in what it holds
// only as long as that one has shown to know of it. It decides nothing about anybody else's claims, and knows no sockets
// and no clock but those that it is given.
import type { Clock } from '../protocol';
import type { Random } from '../protocol/clock';
import { Complaints } from './arbiter-complaints';
import { type Before, DEFAULT_TIMING, type Log, type Timing } from './arbiter-context';
import type { OwnAsk, OwnChange } from './arbiter-own';
import type { Found } from './arbiter-reader';
import type { Refusal } from './arbiter-wish';
import type { Authority, ClaimHearer } from './authority';
import { callSafely, subscribe } from './listeners';
import type { ArbiterMessage, AuditEvent, ResourceState } from './messages';
import { Channel } from './participant-channel';
import type { HandedOver, ParticipantClaim } from './participant-claim';
import { type HandedClaim, ParticipantClaims } from './participant-claims';
import { Contact } from './participant-contact';
import { DEFAULT_SESSION, type ParticipantContext, readInForce } from './participant-context';
import { ParticipantForce } from './participant-force';
import { KeptClaims } from './participant-kept';
import { Mirror } from './participant-mirror';
import { type ParticipantStatus, type Signs, StatusTeller } from './participant-status';
import { Talk } from './participant-talk';
import { Watch } from './participant-watch';
import type { ArbiterBeatMessage, BeatReturn, DownFrame, SessionRefusal } from './session-messages';
import { topicsUnder } from './topics';
import type { Transport, Will } from './transport';

export type { ParticipantStatus };

export interface ParticipantSettings {
  readonly prefix: string;
  /** The name of this runtime, the same after every restart. */
  readonly requester: string;
  /** Made anew at each process start. */
  readonly instance: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly timing?: Partial<Timing>;
  /** Known when it is started. */
  readonly before?: () => Before;
}

export interface ParticipantOptions {
  readonly settings: ParticipantSettings;
  readonly hearer: ClaimHearer;
  /** For what is said and answered; its will must be that of `will()`. */
  readonly talk: Transport;
  /** For what is seen. Both are started and stopped here. */
  readonly watch: Transport;
}

export class Participant implements Authority {
  /** Resolves when what earlier starts have left was recalled, and all states are known. */
  readonly ready: Promise<void>;
  readonly #beReady: () => void;
  readonly #context: ParticipantContext;
  readonly #complaints: Complaints;
  readonly #contact: Contact;
  readonly #channel: Channel;
  readonly #claims: ParticipantClaims;
  readonly #kept: KeptClaims;
  readonly #mirror: Mirror;
  readonly #force: ParticipantForce;
  readonly #talk: Talk;
  readonly #watch: Watch;
  readonly #status: StatusTeller;
  readonly #eventListeners = new Set<(event: AuditEvent) => void>();
  #arbiter: ArbiterMessage | undefined;
  /** Why this instance is not heard, in words. */
  #refused: string | undefined;
  /** Why there is no connection, in words. */
  #reason: string | undefined = 'connecting to the broker';
  #isJoined = false;
  #isResting = false;
  /** Monotonic ms at which the present connection was there. */
  #openedAt = Infinity;
  #isStopped = false;
  #hasRecalled = false;

  /** Throws a `RangeError` for a prefix that cannot be one. */
  constructor({ settings, hearer, talk, watch }: ParticipantOptions) {
    let beReady = () => {};
    this.ready = new Promise((resolve) => {
      beReady = resolve;
    });
    this.#beReady = beReady;
    const { prefix, timing, before = () => ({}), ...names } = settings;
    const context: ParticipantContext = {
      ...names,
      before,
      topics: topicsUnder(prefix),
      timing: { ...DEFAULT_TIMING, ...timing },
      inForce: DEFAULT_SESSION,
      epoch: 0,
      greatestToken: 0,
    };
    this.#context = context;
    this.#complaints = new Complaints(context.log, context.clock);
    this.#mirror = new Mirror(context);
    this.#kept = new KeptClaims(context, talk);
    this.#talk = new Talk(context, talk, this);
    this.#watch = new Watch(context, watch, this);
    this.#contact = new Contact(context, this);
    this.#claims = new ParticipantClaims({
      ...{ context, hearer, kept: this.#kept, mirror: this.#mirror },
      send: (op, framed) => this.#channel.send(op, framed),
      freshen: (within) => this.#contact.freshen(within),
    });
    const parts = { context, contact: this.#contact, claims: this.#claims };
    this.#channel = new Channel({ ...parts, host: this });
    const hearEvents = () => this.#watch.hearEvents();
    this.#force = new ParticipantForce({ context, talk, mirror: this.#mirror, hearEvents });
    this.#status = new StatusTeller(context, () => this.#signs());
  }

  /** The name of this runtime. */
  get requester(): string {
    return this.#context.requester;
  }

  get status(): ParticipantStatus {
    return this.#status.status;
  }

  /** Monotonic ms until which holds may be believed in. */
  get validUntil(): number {
    return this.#contact.validUntil;
  }

  start(): void {
    this.#status.start();
    this.#contact.start();
    this.#watch.start();
    this.#talk.start();
  }

  /** Says goodbye, so that what is not kept ends, and leaves nothing behind. Tells no claim of its end. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#channel.flush();
    this.#isStopped = true;
    // With the goodbye, others may have what is held here.
    this.#contact.distrust();
    this.#force.stop();
    this.#contact.stop();
    this.#channel.stop();
    this.#claims.stop();
    this.#kept.stop();
    this.#mirror.stop();
    this.#status.stop();
    this.#eventListeners.clear();
    await Promise.all([this.#talk.stop(), this.#watch.stop()]);
  }

  /** For the connection of `talk`. */
  will(): Will {
    return this.#talk.will();
  }

  claim(ask: OwnAsk): ParticipantClaim | Refusal {
    if (!this.#isResting && !this.#isStopped) return this.#claims.claim(ask);
    return { reason: 'unavailable', detail: 'this participant takes no claims at the moment' };
  }

  update(claim: ParticipantClaim, change: OwnChange): void {
    this.#claims.update(claim, change);
  }

  yield(claim: ParticipantClaim): void {
    this.#claims.yield(claim);
  }

  release(claim: ParticipantClaim): void {
    this.#claims.release(claim);
  }

  keep(claim: ParticipantClaim, isKept: boolean): void {
    this.#claims.keep(claim, isKept);
  }

  /** Ends the whole hold that has this token; resolves to why not. Others are told our name as the cause. */
  force(resource: string, token: number): Promise<Refusal | undefined> {
    return this.#force.end(resource, token);
  }

  state(resource: string): ResourceState {
    return this.#mirror.of(resource);
  }

  states(): Iterable<ResourceState> {
    return this.#mirror.all();
  }

  /** Resolves when all states are known that were there by now. */
  caughtUp(): Promise<void> {
    return this.#watch.caughtUp();
  }

  /** Calls back with the name of each resource that changes, once all states are known. */
  onState(listener: (resource: string) => void): () => void {
    return this.#mirror.onState(listener);
  }

  onEvent(listener: (event: AuditEvent) => void): () => void {
    const stop = subscribe(this.#eventListeners, listener);
    const hearing = this.#watch.hearEvents();
    return () => {
      stop();
      hearing.stop();
    };
  }

  onStatus(listener: (status: ParticipantStatus) => void): () => void {
    return this.#status.onStatus(listener);
  }

  /**
   * Takes over the claims of another authority of this runtime, whose holds could be believed in until then (monotonic
   * ms). The hearer is told that each has moved.
   */
  adopt(handed: readonly HandedClaim[], validUntil: number): void {
    this.#isResting = false;
    this.#claims.adopt(handed);
    // What the other one has withdrawn, and could not say any more.
    this.#kept.mend();
    this.#contact.trustUntil(validUntil);
    this.greet();
    this.#status.note();
  }

  /** Gives all claims to another authority of this runtime; what is seen is seen on. Tells nobody of anything. */
  surrender(): HandedOver {
    this.#isResting = true;
    this.#isJoined = false;
    this.#channel.drop();
    this.#channel.forgetWitness();
    this.#contact.distrust();
    const claims = this.#claims.surrender();
    this.#status.note();
    return { claims, isAll: this.#hasRecalled, token: this.#context.greatestToken };
  }

  // What the connections bring.

  opened(): void {
    this.#openedAt = this.#context.clock.now().monotonic;
    this.#kept.flush();
    this.greet();
    if (!this.#channel.isOpen) this.#contact.beat();
    this.#status.note();
  }

  closed(reason: string | undefined): void {
    this.#channel.drop();
    this.#channel.forgetWitness();
    this.#reason = reason;
    this.#status.note();
  }

  wasRead(found: Found, states: ReadonlyMap<string, ResourceState>): void {
    this.#mirror.replace(states);
    if (!this.#hasRecalled && !this.#isResting) this.#claims.recall(this.#kept.leftIn(found));
    this.#hasRecalled = true;
    this.#kept.wasRead(found);
    if (!this.#isResting) this.#kept.mend();
    this.#beReady();
    if (!this.#channel.isOpen) this.greet();
    this.#status.note();
  }

  unwatched(reason: string | undefined): void {
    this.#reason = reason;
    this.#status.note();
  }

  heardArbiter(message: ArbiterMessage | undefined): void {
    // One that knows of fewer terms than we do has yet to learn of the others.
    if (message !== undefined && message.epoch < this.#context.epoch) return;
    this.#arbiter = message;
    if (message !== undefined) {
      this.#context.inForce = readInForce(message.settings, this.#context.inForce);
      this.#noteEpoch(message.epoch);
    }
    this.#status.note();
  }

  heardArbiterBeat({ epoch }: ArbiterBeatMessage): void {
    this.#noteEpoch(epoch);
  }

  heardState(resource: string, payload: Uint8Array): void {
    this.#mirror.put(resource, payload);
  }

  heardOwnClaim(topic: string, payload: Uint8Array): void {
    this.#kept.heard(topic, payload);
    if (!this.#isResting) this.#kept.mendLater(topic);
  }

  heardEvent(event: AuditEvent): void {
    this.#force.heard(event);
    for (const listener of this.#eventListeners) callSafely(this.#context.log, () => listener(event));
  }

  answered(message: DownFrame | BeatReturn | SessionRefusal): void {
    if (this.#isResting) return;
    this.#contact.lapseIfDue();
    // A new term is told of the one before.
    this.#noteEpoch(message.epoch);
    if ('beat' in message && this.#contact.sentAt(message.beat) >= this.#openedAt)
      this.#channel.witness(message.epoch);
    if ('refused' in message) this.#beRefused(message);
    else if (message.epoch < this.#context.epoch) this.#channel.report();
    else if ('tells' in message) this.#channel.heard(message);
    else this.#channel.returned(message);
  }

  echoed(beat: number): void {
    this.#contact.heardEcho(beat);
  }

  // What the parts need of each other.

  sendBeat(beat: number): boolean {
    return this.#talk.sendBeat(beat);
  }

  lapsed(): void {
    this.#isJoined = false;
    this.#channel.drop();
    this.#claims.lapse();
    this.#status.note();
  }

  slept(ms: number): void {
    this.#claims.slept(ms);
  }

  /** Tells whoever decides all that is claimed, as soon as that is known and there is somebody. */
  greet(): void {
    const isKnown = this.#hasRecalled && this.#context.epoch > 0;
    if (!isKnown || !this.#talk.isOpen || this.#isResting) return;
    // Nothing would show that the session has not ended meanwhile; and what is not believed in is none to be listed.
    if (this.#contact.mayHaveSlept) this.forgotten();
    else if (!this.#contact.isTrusted) this.#claims.lapse();
    this.#channel.begin();
  }

  forgotten(): void {
    this.#contact.distrust();
    this.lapsed();
  }

  publish(text: string): void {
    this.#talk.sendFrame(text);
  }

  proved(beat: number, sentAt: number): void {
    if (!this.#contact.proved(beat, sentAt)) return;
    const isNews = !this.#isJoined || this.#refused !== undefined;
    this.#refused = undefined;
    this.#isJoined = true;
    this.#kept.withdrawFormer();
    if (isNews) this.#status.note();
  }

  #signs(): Signs {
    return {
      isStopped: this.#isStopped,
      isResting: this.#isResting,
      isConnected: this.#talk.isOpen && this.#watch.isOpen,
      reason: this.#reason,
      refused: this.#refused,
      isJoined: this.#isJoined,
      arbiter: this.#arbiter,
      hasEcho: this.#contact.hasEcho,
    };
  }

  #noteEpoch(epoch: number): void {
    if (epoch <= this.#context.epoch || epoch > FARTHEST_EPOCH) return;
    this.#context.epoch = epoch;
    this.greet();
    this.#status.note();
  }

  #beRefused({ epoch, refused }: SessionRefusal): void {
    if (epoch < this.#context.epoch) return;
    this.#complaints.warn('refused', `whoever decides does not hear us: ${refused}`);
    this.#refused = refused;
    this.#status.note();
  }
}

/** A number that went on counting from there would come to an end. */
const FARTHEST_EPOCH = 2 ** 48;
