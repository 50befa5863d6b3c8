// Waits for the moment to decide: when no arbiter was heard for long enough, and a message to itself has come back over
// the very connection on which it would have heard one. It never decides anything itself.
import type { Clock, Random, Timer } from '../protocol/clock';
import type { Log } from './arbiter-context';
import { BackOff } from './back-off';
import { follow } from './follow-transport';
import type { ArbiterMessage } from './messages';
import { readArbiter, readArbiterBeat } from './read-message';
import type { Topics } from './topics';
import type { Transport, TransportMessage } from './transport';

export interface CandidateOptions {
  readonly topics: Topics;
  readonly requester: string;
  /** Of this start of the process. */
  readonly instance: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** How long an arbiter may be silent, in ms. */
  readonly failoverDelay: number;
  /** Over which it hears. Both are started and stopped by their owner. */
  readonly watch: Transport;
  /** Over which it speaks. */
  readonly talk: Transport;
  /** There is nobody else: take over now. `stepBack` is to be called when that fails or ends, `resume` never before. */
  readonly stand: () => void;
}

/** At the start, so that a house whose power comes back has not everybody at once, in ms. */
const LONGEST_JITTER = 1_000;
/** Several candidates hear the same silence: the later one need not throw the earlier one out, in ms. */
const SPREAD = 250;
/** Who lost waits longer each time, up to so many times the delay. */
const LONGEST_BACK_OFF = 6;
/** So many probes in a row that do not come back are no accident. */
const SUSPICIOUS = 2;
/** Decided for so many delays, the next loss is a first one. */
const STABLE_DELAYS = 4;

export class Candidate {
  readonly #options: CandidateOptions;
  readonly #backOff: BackOff;
  #state: 'idle' | 'waiting' | 'probing' | 'standing' = 'idle';
  /** The last presence of an arbiter. */
  #arbiter: ArbiterMessage | undefined;
  /** The highest epoch that was ever heard of. */
  #epoch = 0;
  /** The highest epoch whose arbiter was heard alive on this connection. */
  #witnessed = 0;
  /** Monotonic ms before which it does not stand. */
  #notBefore = Infinity;
  /** The connection brings what it should since this moment. */
  #isHearing = false;
  #standingSince = 0;
  #probes = 0;
  /** So many of them in a row have not come back. */
  #unheard = 0;
  /** Called when the last probe comes back after it was taken at its word. */
  #proven: () => void = () => undefined;
  /** Grows with each connection. */
  #attempt = 0;
  #timer: Timer | undefined;
  #unfollow: () => void = () => undefined;

  constructor(options: CandidateOptions) {
    const { failoverDelay, random } = options;
    this.#options = options;
    this.#backOff = new BackOff({
      first: failoverDelay / 4,
      longest: failoverDelay * LONGEST_BACK_OFF,
      random,
    });
  }

  /** The presence of the last arbiter, if one was ever there. */
  get arbiter(): ArbiterMessage | undefined {
    return this.#arbiter;
  }

  /** The highest epoch that was ever heard of. */
  get epoch(): number {
    return this.#epoch;
  }

  /**
   * The highest epoch whose arbiter was heard alive since this connection is there; 0 if none was. A store that shows
   * this term has forgotten nothing.
   */
  get witnessed(): number {
    return this.#witnessed;
  }

  /** Somebody who decides also without the broker, so that silence says nothing. */
  get decidesAlone(): ArbiterMessage | undefined {
    const { requester } = this.#options;
    const other = this.#arbiter;
    if (other === undefined || other.left === true || other.requester === requester) return undefined;
    return other.settings?.takeover === true ? undefined : other;
  }

  start(): void {
    const { watch } = this.#options;
    this.#state = 'waiting';
    this.#unfollow = follow(watch, {
      heard: (message) => this.#hear(message),
      connected: () => void this.#open(),
      lost: () => this.#close(),
    });
    if (watch.connected) void this.#open();
  }

  stop(): void {
    this.#close();
    this.#state = 'idle';
    this.#unfollow();
  }

  /** Somebody says so: whoever decides now is not waited for. */
  standNow(): void {
    if (this.#state !== 'idle' && this.#state !== 'standing') this.#stand();
  }

  /** Calls back when its connection has shown to be there still; never if it is not. */
  prove(proven: () => void): void {
    this.#proven = proven;
    this.#sendProbe();
  }

  /** Somebody else was faster, or the office was lost: waits anew, longer each time that it happens soon. */
  stepBack(): void {
    if (this.#state !== 'standing') return;
    const { clock, failoverDelay } = this.#options;
    const now = clock.now().monotonic;
    if (now - this.#standingSince >= failoverDelay * STABLE_DELAYS) this.#backOff.reset();
    this.#state = 'waiting';
    this.#notBefore = now + failoverDelay + this.#backOff.next();
    this.#keepTimer();
  }

  async #open(): Promise<void> {
    const { watch, topics, requester, clock, failoverDelay, random, log } = this.#options;
    const attempt = ++this.#attempt;
    try {
      await watch.subscribe([topics.arbiter, topics.arbiterBeat, topics.mark(requester)], 0);
    } catch (error) {
      if (attempt === this.#attempt && watch.connected)
        log.warn(`this Node-RED cannot become the one that decides: ${error}`);
      return;
    }
    if (attempt !== this.#attempt) return;
    this.#isHearing = true;
    const silence = clock.now().monotonic + failoverDelay + random() * LONGEST_JITTER;
    this.#notBefore = this.#notBefore === Infinity ? silence : Math.max(this.#notBefore, silence);
    this.#keepTimer();
  }

  #close(): void {
    this.#attempt++;
    this.#isHearing = false;
    this.#witnessed = 0;
    if (this.#state === 'probing') this.#state = 'waiting';
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #hear({ topic, payload, retain }: TransportMessage): void {
    const { topics, requester } = this.#options;
    if (topic === topics.arbiterBeat) this.#hearBeat(payload);
    else if (topic === topics.arbiter) this.#hearPresence(payload, retain);
    else if (topic === topics.mark(requester)) this.#hearProbe(payload);
  }

  #hearBeat(payload: Uint8Array): void {
    const { message } = readArbiterBeat(payload);
    if (message === undefined) return;
    this.#witness(message.epoch);
    if (message.instance !== this.#options.instance) this.#wait();
  }

  #hearPresence(payload: Uint8Array, isOld: boolean): void {
    const { message } = payload.length === 0 ? {} : readArbiter(payload);
    // Whoever clears it by hand says that nobody decides any more.
    if (payload.length > 0 && message === undefined) return;
    this.#arbiter = message;
    if (message === undefined) return;
    this.#epoch = Math.max(this.#epoch, message.epoch);
    if (message.instance === this.#options.instance || isOld) return;
    if (message.online) {
      this.#witness(message.epoch);
      this.#wait();
    } else if (message.left === true) {
      const { clock, random } = this.#options;
      // Who says goodbye was there, and the store is as he leaves it.
      this.#witness(message.epoch);
      this.#notBefore = Math.min(this.#notBefore, clock.now().monotonic + random() * SPREAD);
      this.#keepTimer();
    }
  }

  #witness(epoch: number): void {
    this.#epoch = Math.max(this.#epoch, epoch);
    this.#witnessed = Math.max(this.#witnessed, epoch);
  }

  /** An arbiter lives. */
  #wait(): void {
    const { clock, failoverDelay, random } = this.#options;
    if (this.#state === 'probing') this.#state = 'waiting';
    this.#notBefore = clock.now().monotonic + failoverDelay + random() * SPREAD;
    this.#keepTimer();
  }

  #keepTimer(): void {
    if (this.#state !== 'waiting' || !this.#isHearing) return;
    const { clock } = this.#options;
    this.#timer?.cancel();
    this.#timer = clock.setTimer(this.#notBefore - clock.now().monotonic, () => this.#probe());
  }

  #probe(): void {
    if (this.#state !== 'waiting' || !this.#isHearing) return;
    const { clock, failoverDelay, talk } = this.#options;
    // Whether or not it can be sent, and comes back: else it is tried again.
    this.#notBefore = clock.now().monotonic + failoverDelay;
    this.#timer = clock.setTimer(failoverDelay, () => this.#retry());
    if (!talk.connected || this.decidesAlone !== undefined) return;
    this.#state = 'probing';
    this.#sendProbe();
  }

  #sendProbe(): void {
    const { talk, topics, requester } = this.#options;
    this.#probes++;
    // A loss of the connection is told elsewhere, too.
    talk.publish(topics.mark(requester), this.#mark(), { qos: 0, retain: false }).catch(() => undefined);
  }

  #retry(): void {
    if (this.#state === 'probing') {
      this.#state = 'waiting';
      this.#noteUnheard();
    }
    this.#probe();
  }

  /** Many brokers drop in silence what somebody may not write. */
  #noteUnheard(): void {
    const { topics, requester, log } = this.#options;
    if (++this.#unheard !== SUSPICIOUS) return;
    const mark = topics.mark(requester);
    log.warn(
      `this Node-RED cannot decide: what it writes to ${mark} does not come back; may it write there?`,
    );
  }

  #hearProbe(payload: Uint8Array): void {
    if (new TextDecoder().decode(payload) !== this.#mark()) return;
    this.#unheard = 0;
    if (this.#state === 'probing') this.#stand();
    else if (this.#state === 'standing') this.#proven();
  }

  #stand(): void {
    const { clock, stand } = this.#options;
    this.#timer?.cancel();
    this.#state = 'standing';
    this.#proven = () => undefined;
    this.#standingSince = clock.now().monotonic;
    stand();
  }

  #mark(): string {
    return `${this.#options.instance} probe ${this.#probes}`;
  }
}
