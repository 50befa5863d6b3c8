// The arbiter's side of the connection: finds out whether somebody else decides, reads what was before, routes what
// arrives. It decides nothing about claims.
import type { Timer } from '../protocol';
import type { Context, Term } from './arbiter-context';
import type { Addressee } from './arbiter-devices';
import { type Finds, sortOut } from './arbiter-found';
import { type Found, Reader } from './arbiter-reader';
import { EarlyMessages } from './early-messages';
import { errorText } from './error-text';
import { follow } from './follow-transport';
import { isOwnPast } from './former-names';
import type { ArbiterMessage } from './messages';
import { readArbiter } from './read-message';
import type { Transport, TransportMessage, Will } from './transport';

/** What the link serves. */
export interface LinkHost {
  /** Devices' claims that should be there and are not: they are asked for once more. */
  absentIn(finds: Finds): readonly Addressee[];
  /** All was read, and nobody but us decides: what must be written before that is decided by. */
  reserve(finds: Finds): Promise<void>;
  /** All was read, but may be old: whoever holds something is to say so before anything is decided. */
  gathering(finds: Finds): void;
  /** All was read, and we hear what we write: decide, publish. Whether nothing can be missing. */
  opened(finds: Finds, isTrusted: boolean): void;
  /** Nothing can be published; `reason` in words, `isRefused` when the broker does not let us. */
  closed(reason: string | undefined, isRefused: boolean): void;
  /** Somebody else decides. */
  giveWay(other: ArbiterMessage): void;
  /** What arrived on a topic of ours. */
  heard(message: TransportMessage): void;
  /** Somebody has overwritten our presence. */
  overwritten(): void;
  /** The settings in force, for everybody to see. */
  settings(): ArbiterMessage['settings'];
  /** The connection was our office, and is gone for good; `reason` in words. */
  lost(reason: string | undefined): void;
}

export interface LinkOptions {
  readonly context: Context;
  readonly transport: Transport;
  readonly host: LinkHost;
  /** Nobody else can decide here: the broker is part of this process. */
  readonly isSole: boolean;
  readonly term: Term | undefined;
  /** Takes over from whoever says to decide, who is told so. */
  readonly seizes: boolean;
  /** No token above it was given so far. */
  readonly tokenFloor: () => number;
}

/** So many claims are asked for in one subscription. */
const ASKED_TOGETHER = 20;

/** Where we may not write, or nothing comes back, another try may come as soon. */
const FIRST_RETRY_MS = 1_000;

export class Link {
  readonly #context: Context;
  readonly #transport: Transport;
  readonly #host: LinkHost;
  readonly #isSole: boolean;
  readonly #term: Term | undefined;
  /** Whoever says to decide is not minded, once. */
  #seizes: boolean;
  readonly #tokenFloor: () => number;
  readonly #reader: Reader;
  /** Looks who decides, where maybe only who does may write its mark. */
  readonly #looker: Reader;
  /** Nobody else decided when we looked, so that the connection may carry our will. */
  #isOurs: boolean;
  #state: 'idle' | 'reading' | 'gathering' | 'open' | 'elsewhere' = 'idle';
  /** What is being asked for where it may not be in the store. */
  #gathered: Finds | undefined;
  /** Monotonic ms at which whatever others believed in, that the store may not tell of, is over. */
  #allKnownAt = Infinity;
  /** Somebody else came while we decided; one of our own name, too, is another one then, and not our past. */
  #hasGivenWay = false;
  /** Our presence has come back on this connection. */
  #hasEcho = false;
  /** Our own past has told late that it is over, while all was being read. */
  #hasLatePast = false;
  /** Grows with each connection and each stop: what an older one waits for is of no interest. */
  #attempt = 0;
  readonly #early: EarlyMessages;
  #retry: Timer | undefined;
  /** How long the last wait before another try was; 0 after a success. */
  #retryMs = 0;
  #unfollow: () => void = () => undefined;

  constructor({ context, transport, host, isSole, term, seizes, tokenFloor }: LinkOptions) {
    this.#context = context;
    this.#transport = transport;
    this.#host = host;
    this.#early = new EarlyMessages(context.log);
    this.#isSole = isSole;
    this.#term = term;
    this.#seizes = seizes;
    this.#isOurs = isSole || seizes || term !== undefined;
    this.#tokenFloor = tokenFloor;
    const { topics, requester } = context;
    this.#reader = new Reader(context, transport, topics.mark(requester));
    this.#looker = new Reader(context, transport, `${topics.session(requester)}/mark`);
  }

  start(): void {
    this.#unfollow = follow(this.#transport, {
      heard: (message) => this.#hear(message),
      connected: () => void this.#open(),
      lost: (reason) => this.#close(reason, false),
    });
    const { clock, timing } = this.#context;
    this.#allKnownAt = clock.now().monotonic + timing.session;
    this.#transport.start();
  }

  /** There is a connection, and what the broker has will be known soon. */
  get isReading(): boolean {
    return this.#state === 'reading' || this.#state === 'gathering';
  }

  /** Sessions are asked what they hold. */
  get isGathering(): boolean {
    return this.#state === 'gathering';
  }

  /** Listens no more; what is to be said before the connection ends can still be said. */
  leave(): void {
    this.#attempt++;
    this.#state = 'idle';
    this.#gathered = undefined;
    this.#retry?.cancel();
    this.#abort('stopping');
    this.#unfollow();
  }

  stop(): Promise<void> {
    return this.#transport.stop();
  }

  /** For the connection: what the broker is to publish when it breaks. */
  will(): Will | undefined {
    if (!this.#isOurs) return undefined;
    const { topics } = this.#context;
    return { topic: topics.arbiter, payload: this.presence(false), qos: 1, retain: true };
  }

  /** What we say of ourselves. */
  presence(online: boolean, more: Pick<ArbiterMessage, 'left'> = {}): string {
    const { requester, instance, epoch } = this.#context;
    const [tokenFloor, settings] = [this.#tokenFloor(), this.#host.settings()];
    const message: ArbiterMessage = { v: 1, online, requester, instance, epoch, tokenFloor, ...more };
    return JSON.stringify({ ...message, settings });
  }

  async #open(): Promise<void> {
    const attempt = ++this.#attempt;
    this.#state = 'reading';
    this.#hasEcho = false;
    this.#hasLatePast = false;
    // While it is tried again, why it is stands.
    if (this.#retryMs === 0) this.#host.closed('reading what the broker has', false);
    try {
      if (!this.#isOurs && (await this.#isElsewhere(attempt))) return;
      const finds = await this.#readAll();
      if (attempt !== this.#attempt) return;
      const other = this.#otherIn(finds.arbiter);
      if (other === undefined && this.#term === undefined && !this.#isSole) await this.#host.reserve(finds);
      if (attempt !== this.#attempt) return;
      if (other !== undefined) this.#giveWay(other);
      else if (this.#isTrusted(finds)) this.#opened(finds, true);
      else this.#gather(finds);
    } catch (error) {
      if (attempt === this.#attempt && this.#transport.connected) this.#refused(error);
    }
  }

  /** Looks who decides; if nobody does, connects anew with a will, as whoever decides must. */
  async #isElsewhere(attempt: number): Promise<boolean> {
    const { topics } = this.#context;
    const found = await this.#looker.read([topics.arbiter]);
    if (attempt !== this.#attempt) return true;
    const other = this.#otherIn(sortOut(found, this.#context).arbiter);
    this.#isOurs = other === undefined;
    if (other === undefined) await this.#reconnect();
    else this.#beElsewhere(other);
    return true;
  }

  async #readAll(): Promise<Finds> {
    const { topics, canBeSucceeded } = this.#context;
    const states = topics.all('state');
    const lasting = [topics.arbiter, topics.all('claim'), topics.all('force'), ...topics.fromSessions];
    const once = [topics.term, ...(['answer', 'holder', 'value'] as const).map(topics.all)];
    (canBeSucceeded ? lasting : once).push(states);
    const found = new Map(await this.#reader.read([...lasting, ...once], [topics.stateEcho]));
    const absent = this.#host.absentIn(sortOut(found, this.#context));
    for (let index = 0; index < absent.length; index += ASKED_TOGETHER) {
      for (const [topic, payload] of await this.#ask(absent.slice(index, index + ASKED_TOGETHER))) {
        found.set(topic, payload);
      }
    }
    await Promise.all(once.map((filter) => this.#transport.unsubscribe(filter)));
    return sortOut(found, this.#context);
  }

  /** Absence proves nothing by itself: the claims are asked for by subscriptions of their own. */
  async #ask(absent: readonly Addressee[]): Promise<Found> {
    const { topics } = this.#context;
    const filters = absent.flatMap(({ requester, name }) => [
      topics.claim(requester, name),
      topics.answer(requester, name),
    ]);
    const found = await this.#reader.read(filters);
    await Promise.all(filters.map((filter) => this.#transport.unsubscribe(filter)));
    return found;
  }

  /** Alone: nobody is there who could hold what the store does not tell of. With others, that is still to be shown. */
  #isTrusted(finds: Finds): boolean {
    return this.#term === undefined && (this.#isSole || !this.#mayHaveForgotten(finds));
  }

  #mayHaveForgotten({ presences, holds }: Finds): boolean {
    const { clock, requester, memory } = this.#context;
    if (clock.now().monotonic >= this.#allKnownAt) return false;
    if (memory.othersMayHold) return true;
    const hasSessions = [...holds.values()].some(
      ({ claim }) => claim.session !== undefined && claim.requester !== requester,
    );
    return hasSessions || [...presences.keys()].some((name) => name !== requester);
  }

  #gather(finds: Finds): void {
    const { clock, timing } = this.#context;
    const wait = this.#term === undefined ? this.#allKnownAt - clock.now().monotonic : timing.session;
    this.#state = 'gathering';
    this.#gathered = finds;
    this.#host.gathering(finds);
    this.#retry = clock.setTimer(wait, () => this.#opened(finds, false));
    const term = this.#term;
    term?.prove(() => this.witnessed(term.witnessed()));
  }

  /**
   * The broker has been there since the arbiter of this term was heard. Of an earlier term than that the store may be old:
   * who has only asked others what they hold has shown itself, but written nothing.
   */
  witnessed(epoch: number): void {
    const finds = this.#gathered;
    if (finds?.term?.epoch !== epoch) return;
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#opened(finds, true);
  }

  #opened(finds: Finds, isTrusted: boolean): void {
    this.#state = 'open';
    this.#gathered = undefined;
    // What we have decided ourselves we know.
    this.#allKnownAt = -Infinity;
    this.#retryMs = 0;
    this.#seizes = false;
    if (this.#term === undefined && !this.#isSole) this.#looker.clear();
    this.#host.opened(finds, isTrusted);
    for (const message of this.#early.take()) this.#host.heard(message);
    if (this.#hasLatePast) void this.#open();
  }

  #close(reason: string | undefined, isRefused: boolean): void {
    this.#attempt++;
    this.#state = 'idle';
    this.#gathered = undefined;
    this.#early.take();
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#abort('the connection is gone');
    if (this.#term !== undefined) this.#host.lost(reason);
    else this.#host.closed(reason, isRefused);
  }

  #refused(error: unknown): void {
    const { clock, timing, topics } = this.#context;
    const why = errorText(error);
    this.#close(`may not write under ${topics.prefix}/ here: ${why}`, true);
    if (this.#term !== undefined) return;
    this.#retryMs = Math.min(timing.retry, this.#retryMs === 0 ? FIRST_RETRY_MS : 2 * this.#retryMs);
    this.#retry = clock.setTimer(this.#retryMs, () => {
      if (this.#transport.connected) void this.#open();
    });
  }

  #abort(why: string): void {
    this.#reader.abort(new Error(why));
    this.#looker.abort(new Error(why));
  }

  async #reconnect(): Promise<void> {
    const attempt = ++this.#attempt;
    this.#abort('connecting anew');
    await this.#transport.stop();
    if (attempt === this.#attempt) this.#transport.start();
  }

  #giveWay(other: ArbiterMessage): void {
    this.#isOurs = false;
    this.#hasGivenWay = true;
    this.#beElsewhere(other);
    // Without our will: it would overwrite the presence of who decides.
    void this.#reconnect();
  }

  #beElsewhere(other: ArbiterMessage): void {
    this.#state = 'elsewhere';
    this.#early.take();
    this.#host.giveWay(other);
  }

  #hear(message: TransportMessage): void {
    const { topics } = this.#context;
    if (this.#reader.take(message) || this.#looker.take(message)) return;
    if (message.topic === topics.arbiter) this.#hearArbiter(message.payload);
    else if (this.#state === 'open') this.#host.heard(message);
    else if (this.#state === 'gathering' && this.#isOfSession(message)) this.#host.heard(message);
    else if (this.#state === 'reading' || this.#state === 'gathering') this.#early.keep(message);
  }

  #isOfSession({ topic }: TransportMessage): boolean {
    const { topics } = this.#context;
    return topic.startsWith(`${topics.prefix}/session/`) || topic.startsWith(`${topics.prefix}/beat/`);
  }

  #hearArbiter(payload: Uint8Array): void {
    const message = payload.length === 0 ? undefined : readArbiter(payload).message;
    const other = this.#otherIn(message);
    if (this.#state === 'elsewhere') this.#hearElsewhere(message, payload.length === 0);
    else if (this.#state !== 'open') this.#hasLatePast ||= this.#isLatePast(message);
    else if (message?.instance === this.#context.instance && message.online) this.#hasEcho = true;
    // What was on its way before ours came is older than ours.
    else if (other !== undefined && this.#hasEcho && !this.#isSole) this.#giveWay(other);
    else if (other === undefined || this.#isSole) this.#beOverwritten(message);
  }

  /**
   * Of our own past, when it tells late that it is over: what it wrote before that came late, too, and there may be some of
   * it anywhere, so that all is read and put right once more.
   */
  #beOverwritten(message: ArbiterMessage | undefined): void {
    if (this.#isLatePast(message)) void this.#open();
    else this.#host.overwritten();
  }

  #isLatePast(message: ArbiterMessage | undefined): boolean {
    if (message === undefined || this.#term !== undefined || this.#isSole) return false;
    return message.instance !== this.#context.instance && isOwnPast(message, this.#context);
  }

  /** Whoever clears the other's presence by hand says that nobody decides any more. */
  #hearElsewhere(message: ArbiterMessage | undefined, isCleared: boolean): void {
    if (message !== undefined) this.#host.giveWay(message);
    if (!isCleared) return;
    this.#isOurs = true;
    this.#hasGivenWay = false;
    void this.#reconnect();
  }

  /**
   * Somebody else who is there and decides, or may be: only who can be succeeded, or has said goodbye, does not when he
   * is not there. Another instance of our own name, or the last of a former one, is our own past.
   */
  #otherIn(message: ArbiterMessage | undefined): ArbiterMessage | undefined {
    const { instance, canBeSucceeded } = this.#context;
    // Who holds the office need not ask: rivals are compared with where it is held.
    if (message === undefined || this.#isSole || canBeSucceeded || this.#seizes) return undefined;
    const isOver = message.left === true || message.settings?.takeover === true || this.#state !== 'reading';
    if (!message.online && isOver) return undefined;
    if (message.instance === instance) return undefined;
    const isPast = isOwnPast(message, this.#context) && this.#state === 'reading' && !this.#hasGivenWay;
    return isPast ? undefined : message;
  }
}
