// The office of an arbiter that can be succeeded: its two connections, which are lost for good when one is, the proof by
// echo that it is still the one, and a gate that lets nothing through after a standstill until that proof is there.
import type { Clock, Timer } from '../protocol';
import type { Log } from './arbiter-context';
import { follow } from './follow-transport';
import { subscribe } from './listeners';
import type { ArbiterMessage } from './messages';
import { readArbiter, readArbiterBeat } from './read-message';
import { SplitTransport } from './split-transport';
import { Standstill } from './standstill';
import type { Topics } from './topics';
import type { PublishOptions, Transport, TransportMessage } from './transport';

export interface OfficeOptions {
  readonly topics: Topics;
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Under the exclusive client id; never connects again by itself. */
  readonly write: Transport;
  /** Never connects again by itself either. */
  readonly read: Transport;
  /** Of this term, as far as it is known. */
  readonly epoch: () => number;
  /** In ms. */
  readonly beat: number;
  readonly sessionTime: number;
  /** How long nothing may come back, in ms. */
  readonly longestSilence: number;
}

/** How much of its validity a hold has by the clock of its holder. */
const VALID_SHARE = 0.9;

type Moment = ReturnType<Clock['now']>;

/** So much may wait for the proof. */
const MOST_HELD_BACK = 100_000;

export class Office implements Transport {
  /** The clock behind the gate. */
  readonly clock: Clock;
  readonly #options: OfficeOptions;
  readonly #split: SplitTransport;
  readonly #standstill: Standstill;
  #isOver = false;
  #beats = 0;
  /** When each beat was sent that has not come back. */
  readonly #sent = new Map<number, Moment>();
  /** When the last beat that came back was sent. */
  #provenAt: Moment;
  /** Nothing passes until this beat is back. */
  #awaited: number | undefined;
  #heldBack: (() => void)[] = [];
  #timer: Timer | undefined;
  #unfollow: () => void = () => undefined;
  readonly #messageListeners = new Set<(message: TransportMessage) => void>();
  readonly #connectionListeners = new Set<(connected: boolean, reason?: string) => void>();

  constructor(options: OfficeOptions) {
    const { clock, write, read, beat } = options;
    this.#options = options;
    this.#split = new SplitTransport({ write, read });
    this.#standstill = new Standstill(clock, beat);
    this.#provenAt = clock.now();
    this.clock = {
      now: () => clock.now(),
      setTimer: (delay, callback) => clock.setTimer(delay, () => this.#pass(callback)),
    };
  }

  get connected(): boolean {
    return !this.#isOver && this.#split.connected;
  }

  /** Monotonic ms until which holds of this very process may be believed in. */
  get validUntil(): number {
    this.#look();
    if (this.#awaited !== undefined) return -Infinity;
    const { monotonic, wall } = this.#provenAt;
    const now = this.#options.clock.now();
    // In a sleep that is too short to be noticed only the wall clock goes on.
    const slept = Math.max(0, now.wall - wall - (now.monotonic - monotonic));
    return monotonic + VALID_SHARE * this.#options.sessionTime - slept;
  }

  start(): void {
    this.#unfollow = follow(this.#split, {
      heard: (message) => this.#hear(message),
      connected: () => void this.#open(),
      lost: (reason) => this.#lose(reason ?? 'the connection is lost'),
    });
    this.#provenAt = this.#options.clock.now();
    this.#standstill.look();
    this.#beatLater();
    this.#split.start();
  }

  async stop(): Promise<void> {
    this.#end();
    await this.#split.stop();
  }

  publish(topic: string, payload: string, options: PublishOptions): Promise<void> {
    if (this.#isOver) return Promise.reject(new Error('the office is lost'));
    return this.#split.publish(topic, payload, options);
  }

  subscribe(filters: string | readonly string[], qos: 0 | 1): Promise<void> {
    return this.#split.subscribe(filters, qos);
  }

  unsubscribe(filter: string): Promise<void> {
    return this.#split.unsubscribe(filter);
  }

  onMessage(listener: (message: TransportMessage) => void): () => void {
    return subscribe(this.#messageListeners, listener);
  }

  onConnection(listener: (connected: boolean, reason?: string) => void): () => void {
    return subscribe(this.#connectionListeners, listener);
  }

  async #open(): Promise<void> {
    const { topics } = this.#options;
    try {
      await this.#split.subscribe([topics.arbiterBeat, topics.arbiter], 0);
    } catch (error) {
      this.#lose(String(error));
      return;
    }
    if (this.#isOver) return;
    this.#sendBeat();
    for (const listener of [...this.#connectionListeners]) listener(true);
  }

  #beatLater(): void {
    this.#timer = this.#options.clock.setTimer(this.#options.beat, () => {
      this.#beatLater();
      this.#tick();
    });
  }

  #tick(): void {
    const { clock, longestSilence } = this.#options;
    this.#look();
    if (clock.now().monotonic - this.#provenAt.monotonic > longestSilence) {
      this.#lose('what it writes does not come back');
    } else if (this.connected) {
      this.#sendBeat();
    }
  }

  #sendBeat(): number {
    const { topics, instance, clock, epoch } = this.#options;
    const beat = ++this.#beats;
    this.#sent.set(beat, clock.now());
    const payload = JSON.stringify({ epoch: epoch(), instance, beat });
    // A loss of the connection is told elsewhere, too.
    this.#split.publish(topics.arbiterBeat, payload, { qos: 0, retain: false }).catch(() => undefined);
    return beat;
  }

  #look(): void {
    if (this.#isOver || !this.#standstill.look()) return;
    // It may have lasted for long: whether the silence was ours or the broker's is shown by the beat that goes out now.
    const { clock, longestSilence } = this.#options;
    const { monotonic, wall } = clock.now();
    const allowed = monotonic - longestSilence;
    if (this.#provenAt.monotonic < allowed)
      this.#provenAt = { monotonic: allowed, wall: wall - longestSilence };
    this.#awaited = this.connected ? this.#sendBeat() : this.#beats + 1;
  }

  /** Does something behind the gate, at once or when the proof is there, in order. */
  #pass(run: () => void): void {
    if (this.#isOver) return;
    this.#look();
    if (this.#awaited === undefined && this.#heldBack.length === 0) run();
    else if (this.#heldBack.length < MOST_HELD_BACK) this.#heldBack.push(run);
    else this.#lose('too much came at once after a standstill');
  }

  #hear(message: TransportMessage): void {
    if (this.#isOver) return;
    const { topics } = this.#options;
    if (message.topic === topics.arbiterBeat) this.#hearBeat(message.payload);
    if (message.topic === topics.arbiter && !message.retain) this.#hearPresence(message.payload);
    this.#pass(() => {
      for (const listener of [...this.#messageListeners]) listener(message);
    });
  }

  #hearBeat(payload: Uint8Array): void {
    const { message } = readArbiterBeat(payload);
    if (message === undefined) return;
    if (message.instance !== this.#options.instance) this.#compare(message);
    else this.#prove(message.beat);
  }

  #hearPresence(payload: Uint8Array): void {
    const { message } = payload.length === 0 ? {} : readArbiter(payload);
    if (message?.online && message.instance !== this.#options.instance) this.#compare(message);
  }

  #compare({ epoch, instance }: Pick<ArbiterMessage, 'epoch' | 'instance'>): void {
    const own = this.#options.epoch();
    const isAbove = epoch > own || (epoch === own && instance > this.#options.instance);
    if (isAbove) this.#lose('this broker lets two decide');
  }

  #prove(beat: number): void {
    const sentAt = this.#sent.get(beat);
    if (sentAt === undefined) return;
    if (sentAt.monotonic > this.#provenAt.monotonic) this.#provenAt = sentAt;
    for (const known of this.#sent.keys()) if (known <= beat) this.#sent.delete(known);
    if (this.#awaited === undefined || beat < this.#awaited) return;
    this.#awaited = undefined;
    this.#letThrough();
  }

  #letThrough(): void {
    const heldBack = this.#heldBack;
    for (let index = 0; index < heldBack.length; index++) {
      if (this.#isOver) return;
      if (this.#awaited !== undefined) {
        this.#heldBack = heldBack.slice(index);
        return;
      }
      heldBack[index]?.();
    }
    this.#heldBack = [];
  }

  #lose(reason: string): void {
    if (this.#isOver) return;
    this.#end();
    for (const listener of [...this.#connectionListeners]) listener(false, reason);
  }

  #end(): void {
    this.#isOver = true;
    this.#heldBack = [];
    this.#timer?.cancel();
    this.#unfollow();
  }
}
