// The arbiter: owns the lock table, decides about every claim under a prefix, and is the single writer of what is
// retained there. It knows no sockets and no clock but those that it is given; without a transport it decides for its own
// runtime alone.
import { DEFAULT_LIMITS } from '../core';
import type { Timer } from '../protocol';
import { Audit } from './arbiter-audit';
import type { ArbiterClaim, Hearer } from './arbiter-claim';
import { Complaints } from './arbiter-complaints';
import {
  type ArbiterSettings,
  type Context,
  contextOf,
  type Rules,
  settingsInForce,
  type Term,
} from './arbiter-context';
import { Decider, type Ears } from './arbiter-decider';
import { Force } from './arbiter-force';
import { type DeadClaim, Graves } from './arbiter-graves';
import { type OwnAsk, type OwnChange, OwnClaims } from './arbiter-own';
import { OwnGrants } from './arbiter-own-grants';
import { ownClaims } from './arbiter-own-leave';
import { Publisher } from './arbiter-publisher';
import { Remote, type RemoteHost } from './arbiter-remote';
import { States } from './arbiter-states';
import { type ArbiterStatus, DECIDING, StatusBoard } from './arbiter-status';
import type { Refusal } from './arbiter-wish';
import type { Authority } from './authority';
import { Discovery } from './discovery';
import { callSafely, subscribe } from './listeners';
import type { Answer, ArbiterMessage, AuditEvent, ResourceState } from './messages';
import type { HandedClaim, HandedOver } from './participant-claim';
import { readState } from './read-message';
import type { Transport, Will } from './transport';

export interface ArbiterOptions {
  readonly settings: ArbiterSettings;
  readonly hearer: Hearer;
  /** `undefined`: nobody but this runtime. */
  readonly transport?: Transport;
  /** The broker is part of this process, so that nobody else can decide. */
  readonly isSole?: boolean;
  /** Others may succeed it: it decides only while the transport, its office, is connected, and only once. */
  readonly term?: Term;
  /** Decides also where somebody else says to, who gives way when he hears of it. */
  readonly seizes?: boolean;
  /** Takes what another authority of this runtime has; called once, when all was read and before anything is decided. */
  readonly takeOwn?: () => HandedOver;
}

export type { ArbiterStatus, Term };

export class Arbiter implements Authority, Ears, RemoteHost {
  /** Resolves when it has rebuilt what was before, has given up waiting for the broker, or somebody else decides. */
  readonly ready: Promise<void>;
  readonly #beReady: () => void;
  readonly #context: Context;
  readonly #settings: ArbiterSettings;
  readonly #hearer: Hearer;
  readonly #decider: Decider;
  readonly #states: States;
  readonly #graves = new Graves();
  readonly #audit: Audit;
  readonly #force: Force;
  readonly #own: OwnClaims;
  readonly #publisher: Publisher | undefined;
  readonly #remote: Remote | undefined;
  readonly #discovery: Discovery | undefined;
  readonly #grants: OwnGrants | undefined;
  readonly #term: Term | undefined;
  readonly #board = new StatusBoard((tell) => callSafely(this.#context.log, tell));
  readonly #stateListeners = new Set<(resource: string) => void>();
  #startTimer: Timer | undefined;
  /** The broker was waited for long enough. */
  #hasWaited = false;

  /** Throws a `RangeError` for a prefix that cannot be one. */
  constructor({
    settings,
    hearer,
    transport,
    isSole = false,
    term,
    seizes = false,
    takeOwn,
  }: ArbiterOptions) {
    let beReady = () => {};
    this.ready = new Promise((resolve) => {
      beReady = resolve;
    });
    this.#beReady = beReady;
    this.#settings = settings;
    this.#term = term;
    this.#hearer = hearer;
    const context = contextOf(settings, term !== undefined, term?.epoch);
    const decider = new Decider(context, settings.limits ?? {}, this);
    const states = new States(context, decider, (resource) => this.#forgotten(resource));
    const complaints = new Complaints(context.log, context.clock);
    const lastToken = () => decider.lastToken;
    const publisher = transport && new Publisher({ context, transport, states, complaints, lastToken });
    const stream = settings.audit === false ? undefined : publisher;
    const audit = new Audit(context, stream);
    const parts = { context, decider, states, complaints, audit, hearer, graves: this.#graves };
    this.#context = context;
    this.#decider = decider;
    this.#states = states;
    this.#audit = audit;
    this.#publisher = publisher;
    this.#own = new OwnClaims({ ...parts, publisher });
    const force = new Force({ ...parts, publisher });
    this.#force = force;
    if (term !== undefined) this.#grants = this.#ownGrants();
    if (transport === undefined || publisher === undefined) return;
    const resources = () => states.shown();
    this.#discovery = new Discovery({ context, transport, complaints, resources });
    const { claimsPerRequester: mostDead } = { ...DEFAULT_LIMITS, ...settings.limits };
    const updateOwn = (claim: ArbiterClaim, change: OwnChange) => this.#own.update(claim, change);
    const past = { takeOwn, updateOwn, term, seizes };
    this.#remote = new Remote({
      ...parts,
      ...past,
      publisher,
      force,
      transport,
      isSole,
      mostDead,
      host: this,
    });
  }

  get status(): ArbiterStatus {
    return this.#board.status;
  }

  /** The name of this runtime. */
  get requester(): string {
    return this.#context.requester;
  }

  /** The number of its term; 0 before it decides. */
  get epoch(): number {
    return this.#board.status.phase === 'deciding' ? this.#context.epoch : 0;
  }

  /** Monotonic ms until which holds of this runtime may be believed in. */
  get validUntil(): number {
    return this.#term?.validUntil() ?? Infinity;
  }

  get rules(): Rules {
    return this.#context.rules;
  }

  start(): void {
    this.#decider.passToken(this.#context.memory.tokenFloor);
    if (this.#remote === undefined) {
      this.#decideAlone();
      return;
    }
    const { clock, timing } = this.#context;
    const wait = this.#grants === undefined ? timing.startWait : Infinity;
    this.#startTimer = clock.setTimer(wait, () => this.#waitNoMore());
    this.#remote.start();
  }

  /** Ends what does not survive this process, says goodbye, and leaves nothing behind. Tells nobody of its end. */
  async stop(): Promise<void> {
    if (this.#board.status.phase === 'stopped') return;
    this.#startTimer?.cancel();
    const wasDeciding = this.#board.status.phase === 'deciding';
    this.#board.set({ phase: 'stopped' });
    this.#stateListeners.clear();
    this.#grants?.clear();
    if (wasDeciding) for (const claim of this.#passing()) this.#own.release(claim);
    await this.#discovery?.stop();
    await this.#remote?.stop();
    this.#decider.stop();
    this.#states.stop();
    this.#board.clear();
  }

  /** For the connection, which asks at each connect. */
  will(): Will | undefined {
    return this.#remote?.will();
  }

  /** Puts other rules into force for what comes from now on. */
  setRules(rules: Rules): void {
    this.#context.rules = rules;
    if (this.#board.status.phase !== 'deciding') return;
    for (const resource of this.#states.shown()) this.#publisher?.noteState(resource, true);
    this.#remote?.showPresence();
    this.#discovery?.rulesChanged();
    this.#publisher?.flushSoon();
  }

  /** A claim of our own runtime, or why there is none. The hearer is told, maybe before this returns. */
  claim(ask: OwnAsk): ArbiterClaim | Refusal {
    const { phase, other } = this.#board.status;
    if (phase === 'deciding') return this.#own.claim(ask);
    const detail = other === undefined ? `the locks are ${phase}` : `${other.requester} decides alone`;
    return { reason: 'unavailable', detail };
  }

  update(claim: ArbiterClaim, change: OwnChange): void {
    this.#own.update(claim, change);
  }

  yield(claim: ArbiterClaim): void {
    this.#own.yield(claim);
  }

  release(claim: ArbiterClaim): void {
    this.#own.release(claim);
  }

  keep(claim: ArbiterClaim, isKept: boolean): void {
    this.#own.keep(claim, isKept);
  }

  /** Its live claims, for another authority. It is to tell nothing of them any more: nobody hears it. */
  leave(): readonly HandedClaim[] {
    return ownClaims(this.#decider, this.#context.clock.now());
  }

  async force(resource: string, token: number, by: string): Promise<Refusal | undefined> {
    this.#decider.catchUp();
    return this.#force.end({ requester: this.#context.requester, resource, by }, token);
  }

  /** Devices' claims that ended at least so long ago (ms) and were not withdrawn. */
  deadClaims(sinceMs: number): readonly DeadClaim[] {
    const latest = this.#context.clock.now().wall - sinceMs;
    return this.#graves.all().filter(({ answer }) => Date.parse(answer.ended ?? '') <= latest);
  }

  /** Has the broker forget dead claims. */
  purge(dead: readonly DeadClaim[], by: string): void {
    for (const grave of dead) {
      const [resource = ''] = grave.answer.resources;
      this.#force.purge({ requester: this.#context.requester, resource, by }, [grave]);
    }
  }

  state(resource: string): ResourceState {
    return this.#states.of(resource);
  }

  states(): Iterable<ResourceState> {
    return this.#states.all();
  }

  onStatus(listener: (status: ArbiterStatus) => void): () => void {
    return this.#board.onStatus(listener);
  }

  /** Calls back with the name of each resource that changes, once it has rebuilt what was before. */
  onState(listener: (resource: string) => void): () => void {
    return subscribe(this.#stateListeners, listener);
  }

  onEvent(listener: (event: AuditEvent) => void): () => void {
    return this.#audit.onEvent(listener);
  }

  // What the decider tells.

  answered(claim: ArbiterClaim, answer: Answer, hasWon: boolean): void {
    if (!claim.isAlive && claim.kind === 'session' && this.#remote?.isKeptThere(claim) === false)
      claim.leaving ??= 'withdrawn';
    if (claim.isKept) this.#publisher?.noteAnswer(claim, hasWon);
    if (claim.isOwn) this.#tellOwn(claim, answer);
    else if (!claim.isDevice) this.#remote?.tellSession(claim, hasWon);
    const isDead = !claim.isAlive && claim.isKept && claim.leaving === undefined;
    if (isDead && !claim.isOwn) this.#graves.add({ ...claim.address, answer });
  }

  refused(claim: ArbiterClaim, answer: Answer): void {
    if (claim.isOwn) this.#tellOwn(claim, answer);
    else this.#remote?.refuse(claim, answer);
  }

  changed(resource: string, isHold: boolean): void {
    this.#states.note(resource);
    this.#publisher?.noteState(resource, isHold);
    this.#discovery?.note(resource);
    for (const listener of this.#stateListeners) callSafely(this.#context.log, () => listener(resource));
  }

  noted(claim: ArbiterClaim, answer: Answer): void {
    this.#audit.noteClaim(claim, answer);
  }

  settled(): void {
    this.#publisher?.flushSoon();
  }

  // What the broker brings.

  opened(): void {
    this.#startTimer?.cancel();
    if (this.#board.status.phase === 'stopped') return;
    this.#board.set(DECIDING);
    this.#discovery?.opened();
    this.#beReady();
  }

  closed(reason: string | undefined, isRefused: boolean): void {
    this.#discovery?.closed();
    this.#board.set({ isPublishing: false, reason, isRefused });
    if (isRefused || this.#hasWaited) this.#waitNoMore();
  }

  giveWay(other: ArbiterMessage): void {
    this.#discovery?.closed();
    if (this.#board.status.phase !== 'elsewhere') {
      this.#startTimer?.cancel();
      this.#board.set({ phase: 'elsewhere', other });
      this.#decider.endOwn();
      this.#decider.forget();
      this.#graves.clear();
      this.#publisher?.forget();
    }
    this.#board.set({ other, isPublishing: false, reason: undefined });
    this.#beReady();
  }

  lost(reason: string | undefined): void {
    const { phase } = this.#board.status;
    if (phase === 'stopped' || phase === 'lost') return;
    this.#decider.stop();
    this.#states.stop();
    this.#discovery?.closed();
    this.#grants?.clear();
    this.#board.set({ phase: 'lost', isPublishing: false, reason });
    this.#beReady();
  }

  heardState(resource: string, payload: Uint8Array): void {
    if (this.#grants?.awaits(resource) !== true) return;
    const { message } = payload.length === 0 ? {} : readState(payload);
    if (message !== undefined && message.epoch >= this.#context.firstEpoch) this.#grants.heard(message);
  }

  settings(): ArbiterMessage['settings'] {
    return settingsInForce(this.#context, this.#settings.limits);
  }

  #forgotten(resource: string): void {
    this.#publisher?.noteForgotten(resource);
    this.#discovery?.noteForgotten(resource);
  }

  /** What the broker has is known as soon as it is there: as long as it is being read, nothing is decided without it. */
  #waitNoMore(): void {
    this.#hasWaited = true;
    if (this.#remote?.isReading !== true) this.#decideAlone();
  }

  /** Flows go on without a broker. */
  #decideAlone(): void {
    if (this.#board.status.phase !== 'starting') return;
    this.#startTimer?.cancel();
    this.#context.epoch = Math.max(1, this.#context.epoch);
    this.#board.set({ phase: 'deciding' });
    this.#beReady();
  }

  /** Claims of our own runtime that do not survive it. */
  #passing(): readonly ArbiterClaim[] {
    return [...this.#decider.claims.values()].filter((claim) => claim.isOwn && !claim.isKept);
  }

  #tellOwn(claim: ArbiterClaim, answer: Answer): void {
    const { phase } = this.#board.status;
    if (phase === 'stopped' || phase === 'lost' || this.#grants?.keepsBack(claim, answer)) return;
    callSafely(this.#context.log, () => this.#hearer.hear(claim, answer));
  }

  #ownGrants(): OwnGrants {
    return new OwnGrants({
      tell: (claim, answer) => callSafely(this.#context.log, () => this.#hearer.hear(claim, answer)),
      yield: (claim) => this.#own.yield(claim),
      tokenOf: (resource) => this.#decider.resource(resource)?.token ?? 0,
    });
  }
}
