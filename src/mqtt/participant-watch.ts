// The connection over which a participant sees: who decides, the states of all resources, what it has left at the broker
// itself, and the audit stream while somebody listens to it.
import type { Timer } from '../protocol';
import { type Found, Reader } from './arbiter-reader';
import { BackOff } from './back-off';
import { EarlyMessages } from './early-messages';
import { errorText } from './error-text';
import { follow } from './follow-transport';
import type { ArbiterMessage, AuditEvent, ResourceState } from './messages';
import type { ParticipantContext } from './participant-context';
import { EchoProbe } from './participant-echo';
import type { Hearing } from './participant-force';
import { readArbiter, readArbiterBeat, readState } from './read-message';
import { readEvent } from './read-session-message';
import type { ArbiterBeatMessage } from './session-messages';
import type { Transport, TransportMessage } from './transport';

export interface WatchHost {
  /** All that is retained was read; what has come meanwhile is told after this. */
  wasRead(found: Found, states: ReadonlyMap<string, ResourceState>): void;
  /** `reason` in words. */
  unwatched(reason: string | undefined): void;
  /** `undefined`: nobody says to decide. */
  heardArbiter(message: ArbiterMessage | undefined): void;
  heardArbiterBeat(message: ArbiterBeatMessage): void;
  /** An empty payload: it is shown no longer. */
  heardState(resource: string, payload: Uint8Array): void;
  heardEvent(event: AuditEvent): void;
  /** Something came on the topic of a claim of our name. */
  heardOwnClaim(topic: string, payload: Uint8Array): void;
}

const FIRST_RETRY = 1_000;

export class Watch {
  readonly #context: ParticipantContext;
  readonly #transport: Transport;
  readonly #host: WatchHost;
  readonly #reader: Reader;
  readonly #backOff: BackOff;
  readonly #echo: EchoProbe;
  #state: 'idle' | 'reading' | 'open' = 'idle';
  #attempt = 0;
  readonly #early: EarlyMessages;
  /** For another try, or, when all was read, for clearing up. */
  #retry: Timer | undefined;
  /** How many want to hear the audit stream. */
  #hearings = 0;
  #begun: Promise<void> = Promise.resolve();
  #unfollow: () => void = () => undefined;

  constructor(context: ParticipantContext, transport: Transport, host: WatchHost) {
    const { topics, requester, timing, random, log } = context;
    this.#context = context;
    this.#early = new EarlyMessages(log);
    this.#transport = transport;
    this.#host = host;
    const mark = `${topics.session(requester)}/mark`;
    this.#reader = new Reader(context, transport, mark);
    this.#echo = new EchoProbe(context, transport, mark);
    this.#backOff = new BackOff({ first: FIRST_RETRY, longest: timing.retry, random });
  }

  /** All that is retained was read on this connection. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  start(): void {
    this.#unfollow = follow(this.#transport, {
      heard: (message) => this.#hear(message),
      connected: () => void this.#open(),
      lost: (reason) => this.#close(reason),
    });
    this.#transport.start();
  }

  async stop(): Promise<void> {
    this.#leave();
    this.#unfollow();
    await this.#transport.stop();
  }

  /** Resolves when all was seen that the broker had by now, as far as it can be. */
  async caughtUp(): Promise<void> {
    if (this.#state === 'open') await this.#echo.pass();
  }

  hearEvents(): Hearing {
    if (this.#hearings++ === 0) this.#begun = this.#beginEvents();
    let isOver = false;
    const stop = () => {
      if (isOver) return;
      isOver = true;
      if (--this.#hearings === 0) this.#endEvents();
    };
    return { begun: this.#begun, stop };
  }

  async #open(): Promise<void> {
    const { topics, requester } = this.#context;
    const attempt = ++this.#attempt;
    this.#state = 'reading';
    const own = topics.allOf('claim', requester);
    const lasting = [topics.arbiter, topics.arbiterBeat, topics.all('state'), own];
    const left = this.#leftTopics();
    try {
      if (this.#hearings > 0) this.#begun = this.#beginEvents();
      const found = await this.#reader.read([...lasting, ...left]);
      if (attempt !== this.#attempt) return;
      this.#opened(found);
      await Promise.all(left.map((filter) => this.#transport.unsubscribe(filter)));
    } catch (error) {
      if (attempt === this.#attempt && this.#transport.connected) this.#tryAgain(error);
    }
  }

  /** What else it has left at the broker, under its name and those that it had before. */
  #leftTopics(): readonly string[] {
    const { topics, requester, before } = this.#context;
    const former = (before().former ?? []).map(({ name }) => name);
    return [
      topics.allOf('answer', requester),
      ...former.flatMap((name) => [
        topics.allOf('answer', name),
        topics.allOf('claim', name),
        topics.session(name),
      ]),
    ];
  }

  #opened(found: Found): void {
    const { topics, clock, inForce } = this.#context;
    this.#state = 'open';
    this.#backOff.reset();
    // Of a past of ours that was killed as it read, the mark may come late.
    this.#retry = clock.setTimer(inForce.session, () => this.#reader.clear());
    const states = new Map<string, ResourceState>();
    for (const [topic, payload] of found) {
      const state = this.#stateIn(topic, payload);
      if (state !== undefined) states.set(state.resource, state);
    }
    this.#readArbiter(found.get(topics.arbiter) ?? new Uint8Array());
    this.#host.wasRead(found, states);
    for (const message of this.#early.take()) this.#read(message);
  }

  #close(reason: string | undefined): void {
    this.#leave();
    this.#host.unwatched(reason);
  }

  #leave(): void {
    this.#attempt++;
    this.#state = 'idle';
    this.#early.take();
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#reader.abort(new Error('the connection is gone'));
    this.#echo.leave();
  }

  #tryAgain(error: unknown): void {
    const { clock, topics, requester } = this.#context;
    const why = errorText(error);
    const hint = `where users have rights, the user wants the name ${requester}`;
    this.#close(`may not write, or not read, under ${topics.prefix}/ here: ${why} (${hint})`);
    this.#retry = clock.setTimer(this.#backOff.next(), () => {
      if (this.#transport.connected) void this.#open();
    });
  }

  #hear(message: TransportMessage): void {
    if (this.#reader.take(message)) return;
    if (this.#state === 'open') {
      if (!this.#echo.take(message)) this.#read(message);
    } else if (this.#state === 'reading') this.#early.keep(message);
  }

  #read({ topic, payload }: TransportMessage): void {
    const parsed = this.#context.topics.parse(topic);
    switch (parsed?.kind) {
      case 'state':
        this.#host.heardState(parsed.resource, payload);
        return;
      case 'claim':
        this.#host.heardOwnClaim(topic, payload);
        return;
      case 'arbiter':
        this.#readArbiter(payload);
        return;
      case 'arbiter-beat': {
        const { message } = readArbiterBeat(payload);
        if (message !== undefined) this.#host.heardArbiterBeat(message);
        return;
      }
      case 'event': {
        const { message } = readEvent(payload);
        if (message !== undefined) this.#host.heardEvent(message);
        return;
      }
      default:
    }
  }

  #readArbiter(payload: Uint8Array): void {
    const { message } = payload.length === 0 ? {} : readArbiter(payload);
    if (message !== undefined || payload.length === 0) this.#host.heardArbiter(message);
  }

  #stateIn(topic: string, payload: Uint8Array): ResourceState | undefined {
    const parsed = this.#context.topics.parse(topic);
    if (parsed?.kind !== 'state') return undefined;
    const { message, error } = readState(payload);
    if (error !== undefined)
      this.#context.log.warn(`the state of ${parsed.resource} cannot be read: ${error.text}`);
    return message?.resource === parsed.resource ? message : undefined;
  }

  async #beginEvents(): Promise<void> {
    const { topics, log } = this.#context;
    try {
      if (this.#transport.connected) await this.#transport.subscribe(topics.event, 0);
    } catch (error) {
      if (this.#transport.connected) log.warn(`the broker does not let us hear ${topics.event}: ${error}`);
    }
  }

  #endEvents(): void {
    const { topics, log } = this.#context;
    if (!this.#transport.connected) return;
    this.#transport.unsubscribe(topics.event).catch((error: unknown) => {
      if (this.#transport.connected) log.warn(`the broker goes on with ${topics.event}: ${error}`);
    });
  }
}
