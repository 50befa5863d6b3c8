// What the arbiter publishes, in the order of each step: losers' answers, states, winners' answers. While there is no
// broker it only keeps in mind what is to be retained, so that one that comes back can be told what it lacks.
import type { Json } from '../core';
import type { Timer } from '../protocol';
import { spellAnswer } from './arbiter-answers';
import type { ArbiterClaim } from './arbiter-claim';
import type { Complaints } from './arbiter-complaints';
import type { Context } from './arbiter-context';
import { spellOwnClaim } from './arbiter-own-message';
import { type Place, Retained } from './arbiter-retained';
import type { Turn } from './arbiter-session';
import type { States } from './arbiter-states';
import { GOODBYE_MS } from './goodbye';
import type { AuditEvent } from './messages';
import type { Transport } from './transport';

/** So many messages may be on their way; what comes of more is told, as it is then, when there is place again. */
const MOST_IN_FLIGHT = 1_000;
/** Of the audit stream so much is kept until it can be sent; then the oldest is dropped. */
const MOST_EVENTS = 1_000;
/** The token floor is raised by that much, in ms of the wall clock, before a token above it is told. */
export const FLOOR_BLOCK = 60_000;

/** In a burst of changes that nobody waits for an answer to, states are published this often. */
const PACE_MS = 10;

export interface PublisherParts {
  readonly context: Context;
  readonly transport: Transport;
  readonly states: States;
  readonly complaints: Complaints;
  /** The greatest token given so far. */
  readonly lastToken: () => number;
}

/** Whoever is told in messages of their own, in the turn of each step. */
export interface Listeners {
  /** Something is to be told. */
  readonly hasNews: boolean;
  flush(turn: Turn): void;
  /** All was told that could be. */
  flushed(): void;
}

const NOBODY: Listeners = { hasNews: false, flush: () => undefined, flushed: () => undefined };

export class Publisher {
  readonly #parts: PublisherParts;
  readonly #context: Context;
  #isOpen = false;
  #inFlight = 0;
  readonly #retained = new Retained();
  #tokenFloor = 0;
  readonly #losing = new Set<ArbiterClaim>();
  readonly #winning = new Set<ArbiterClaim>();
  readonly #holds = new Set<string>();
  readonly #waits = new Set<string>();
  readonly #forgotten = new Set<string>();
  #events: AuditEvent[] = [];
  #allLanded: () => void = () => {};
  #timer: Timer | undefined;
  #flushedAt = -Infinity;
  /** The timer leaves a pause after the last flush. */
  #isPaced = false;
  #listeners = NOBODY;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
    this.#context = parts.context;
  }

  /** No token above it was told so far. */
  get tokenFloor(): number {
    return this.#tokenFloor;
  }

  /** Tells them, too, from now on. */
  attend(listeners: Listeners): void {
    this.#listeners = listeners;
  }

  noteAnswer(claim: ArbiterClaim, hasWon: boolean): void {
    this.#losing.delete(claim);
    this.#winning.delete(claim);
    (hasWon ? this.#winning : this.#losing).add(claim);
  }

  noteState(resource: string, isHold: boolean): void {
    this.#forgotten.delete(resource);
    (isHold ? this.#holds : this.#waits).add(resource);
  }

  /** A free resource is shown no longer. */
  noteForgotten(resource: string): void {
    this.#holds.delete(resource);
    this.#waits.delete(resource);
    this.#forgotten.add(resource);
    this.flushSoon();
  }

  /** The broker has all that was decided so far, or will have it before what is published from now on. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isHeard(): boolean {
    return this.#isOpen && this.#parts.transport.isHeard !== false;
  }

  /** Spelled when it is published: somebody may wait for what is told meanwhile. */
  noteEvent(event: AuditEvent): void {
    this.#events.push(event);
    if (this.#events.length > MOST_EVENTS) this.#events.shift();
  }

  /** Publishes what was noted when the running turn is over; states alone, in a burst of them, a moment later. */
  flushSoon(): void {
    const hasAnswers = this.#losing.size + this.#winning.size > 0;
    if (this.#timer !== undefined && !(this.#isPaced && hasAnswers)) return;
    this.#timer?.cancel();
    const pause = hasAnswers ? 0 : this.#pause();
    this.#isPaced = pause > 0;
    this.#timer = this.#context.clock.setTimer(pause, () => {
      this.#timer = undefined;
      this.#flushedAt = this.#context.clock.now().monotonic;
      this.#flushAll();
    });
  }

  /** Each answer needs its states published; states alone may follow each other at a pace that costs flows little. */
  #pause(): number {
    if (this.#context.canBeSucceeded) return 0;
    return Math.max(0, this.#flushedAt + PACE_MS - this.#context.clock.now().monotonic);
  }

  /** Publishes what was noted at once, but for changes that only concern waiters. */
  flush(): void {
    const isNews = this.#losing.size + this.#holds.size + this.#winning.size > 0;
    if (isNews || this.#listeners.hasNews) this.#flushStep();
    if (this.#waits.size + this.#forgotten.size + this.#events.length > 0) this.flushSoon();
  }

  /** Publishes what is not retained; who does not hear it now never will. */
  send(topic: string, text: string): void {
    if (this.#isOpen) this.#publish(topic, text, { qos: 1, retain: false });
  }

  /** Has the broker retain something of its own account. */
  put(topic: string, text: string): void {
    this.#put(topic, text, 'sentinel');
  }

  /** Has the broker retain the answer to a claim that never was one. */
  putAnswer(requester: string, name: string, text: string): void {
    this.#put(this.#context.topics.answer(requester, name), text, 'loser');
  }

  /** Has the broker forget a device's claim that ended, and the answer to it. */
  purge(requester: string, name: string): void {
    const { topics } = this.#context;
    if (this.#isOpen) this.#publish(topics.claim(requester, name), '', { qos: 1, retain: true });
    this.clear(topics.answer(requester, name));
  }

  /** Whether that is what is to be retained there; empty for nothing. */
  retains(topic: string, text: string): boolean {
    return (this.#retained.textOf(topic) ?? '') === text;
  }

  /** Publishes again what somebody else has overwritten. */
  repeat(topic: string): void {
    const text = this.#retained.textOf(topic) ?? '';
    if (this.#isOpen) this.#publish(topic, text, { qos: 1, retain: true });
  }

  /** Publishes what is to be retained there before everything else is. */
  say(topic: string): void {
    const text = this.#retained.textOf(topic);
    if (text !== undefined) this.#publish(topic, text, { qos: 1, retain: true });
  }

  clear(topic: string): void {
    const wasThere = this.#retained.clear(topic);
    if (wasThere && this.#isOpen) this.#publish(topic, '', { qos: 1, retain: true });
  }

  /** Has the broker forget the answer to a claim that ended, also one that is still to be published. */
  clearAnswer({ requester, name }: Pick<ArbiterClaim, 'requester' | 'name'>): void {
    for (const pending of [this.#losing, this.#winning]) {
      for (const claim of pending) {
        if (!claim.isAlive && claim.requester === requester && claim.name === name) pending.delete(claim);
      }
    }
    this.clear(this.#context.topics.answer(requester, name));
  }

  /** Has the broker forget what is not ours, but nobody else's any more. */
  erase(topic: string): void {
    if (this.#isOpen) this.#publish(topic, '', { qos: 1, retain: true });
  }

  /** Begins a term: no token up to the floor will be given. */
  begin(tokenFloor: number): void {
    this.#putTerm(this.#stock > 0 ? tokenFloor + FLOOR_BLOCK : tokenFloor);
  }

  /** So many tokens are set aside for what is decided without the broker, of which the next start could not know. */
  get #stock(): number {
    return this.#context.canBeSucceeded ? 0 : FLOOR_BLOCK / 2;
  }

  /** The term has another number from now on. */
  renewTerm(): void {
    if (this.#isOpen) this.#putTerm(this.#tokenFloor);
  }

  /** Takes for granted that the broker retains this answer. */
  adopt(topic: string, text: string, place: 'loser' | 'winner'): void {
    this.#retained.put(topic, text, place);
    this.#retained.acknowledge(topic);
  }

  /** Whether the broker once had what it is to retain there. */
  wasAcknowledged(topic: string): boolean {
    return this.#retained.wasAcknowledged(topic);
  }

  /** Begins to publish: the broker, which retains what is `there` of ours, is told what it lacks. */
  open(there: ReadonlyMap<string, string>): void {
    this.#flushAll();
    this.#isOpen = true;
    for (const [topic, text] of this.#retained.differences(there)) {
      this.#publish(topic, text, { qos: 1, retain: true });
    }
  }

  /** There is no broker to publish to. */
  close(): void {
    this.#isOpen = false;
    this.#events = [];
  }

  /** Somebody else decides: nothing there is ours any more. */
  forget(): void {
    this.close();
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const pending of [this.#losing, this.#winning, this.#holds, this.#waits, this.#forgotten])
      pending.clear();
    this.#retained.forget();
  }

  /**
   * Publishes what is left, with a floor that wastes no tokens, and a goodbye after which nothing comes; resolves when it
   * has landed, or nobody answers.
   */
  async finish(goodbye: () => void): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#flushAll();
    this.#putTerm(this.#parts.lastToken());
    goodbye();
    if (this.#inFlight < MOST_IN_FLIGHT) this.close();
    await this.#landed();
    this.close();
  }

  #flushAll(): void {
    this.#flushStep();
    for (const resource of this.#take(this.#waits)) this.#putState(resource);
    for (const resource of this.#take(this.#forgotten)) this.#clearState(resource);
    const { topics } = this.#context;
    for (const event of this.#events)
      this.#publish(topics.event, JSON.stringify(event), { qos: 0, retain: false });
    this.#events = [];
  }

  #flushStep(): void {
    const lastToken = this.#parts.lastToken();
    if (lastToken + this.#stock > this.#tokenFloor) this.#putTerm(lastToken + FLOOR_BLOCK);
    for (const claim of this.#take(this.#losing)) this.#putClaim(claim);
    if (this.#isOpen) this.#listeners.flush('losing');
    for (const resource of this.#take(this.#holds)) this.#putState(resource);
    for (const claim of this.#take(this.#winning)) this.#putClaim(claim);
    // A grant that a later arbiter could not read must not be told.
    if (this.#isOpen && this.#holds.size === 0) this.#listeners.flush('winning');
    this.#listeners.flushed();
  }

  *#take<Thing>(things: Set<Thing>): Generator<Thing, void, undefined> {
    for (const thing of things) {
      if (this.#inFlight >= MOST_IN_FLIGHT) return;
      things.delete(thing);
      yield thing;
    }
  }

  #putTerm(tokenFloor: number): void {
    this.#tokenFloor = tokenFloor;
    const { topics, epoch, memory } = this.#context;
    memory.note({ tokenFloor });
    this.#put(topics.term, JSON.stringify({ epoch, tokenFloor }), 'sentinel');
  }

  #putClaim(claim: ArbiterClaim): void {
    if (claim.answer === undefined || !claim.isKept) return;
    const topic = this.#answerTopic(claim);
    const text = spellAnswer(claim, claim.answer, this.#context.clock.now());
    if (!claim.isOwn && claim.leaving !== undefined) this.send(topic, text);
    if (claim.isAlive || (!claim.isOwn && claim.leaving === undefined)) {
      if (claim.isOwn) this.#put(this.#claimTopic(claim), spellOwnClaim(claim), 'loser');
      this.#put(topic, text, claim.phase === 'held' ? 'winner' : 'loser');
    } else if (claim.leaving !== 'replaced') {
      this.forgetClaim(claim);
    }
  }

  /** Has the broker forget a claim of our own, or the answer to one that was withdrawn. */
  forgetClaim(claim: ArbiterClaim): void {
    if (claim.isOwn) this.clear(this.#claimTopic(claim));
    this.clear(this.#answerTopic(claim));
  }

  #putState(resource: string): void {
    const { topics, rules } = this.#context;
    const state = this.#parts.states.of(resource);
    this.#put(topics.state(resource), JSON.stringify(state), 'state');
    if (!rules.plainText) return;
    this.#putPlain(topics.holder(resource), state.holder ?? '');
    this.#putPlain(topics.value(resource), plain(state.value));
  }

  #clearState(resource: string): void {
    const { topics } = this.#context;
    this.clear(topics.state(resource));
    this.clear(topics.holder(resource));
    this.clear(topics.value(resource));
  }

  #putPlain(topic: string, text: string): void {
    if (text === '') this.clear(topic);
    else this.#put(topic, text, 'state');
  }

  #put(topic: string, text: string, place: Place): void {
    const isNew = this.#retained.put(topic, text, place);
    if (isNew && this.#isOpen) this.#publish(topic, text, { qos: 1, retain: true });
  }

  #publish(topic: string, text: string, options: { readonly qos: 0 | 1; readonly retain: boolean }): void {
    const { transport, complaints } = this.#parts;
    this.#inFlight++;
    transport.publish(topic, text, options).then(
      () => {
        if (options.retain) this.#retained.acknowledge(topic);
        this.#land();
      },
      (error: unknown) => {
        // What is lost with the connection is made up for when there is one again.
        if (transport.connected) complaints.warn(topic, `the broker refuses a message on ${topic}: ${error}`);
        this.#land();
      },
    );
  }

  /** Everything has landed, or has had time enough. */
  #landed(): Promise<void> {
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#context.clock.setTimer(GOODBYE_MS, resolve);
      this.#allLanded = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #land(): void {
    this.#inFlight--;
    if (this.#inFlight === 0) this.#allLanded();
    if (this.#isOpen && this.#inFlight === MOST_IN_FLIGHT / 2) this.#flushAll();
  }

  #answerTopic({ requester, name }: ArbiterClaim): string {
    return this.#context.topics.answer(requester, name);
  }

  #claimTopic({ requester, name }: ArbiterClaim): string {
    return this.#context.topics.claim(requester, name);
  }
}

/** For devices that cannot read JSON: a text as it is. */
function plain(value: Json | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
