// The connection over which a participant speaks: its presence, its beats, its frames, and what is answered to them.
import type { Timer } from '../protocol';
import { BackOff } from './back-off';
import { follow } from './follow-transport';
import { waitForGoodbye } from './goodbye';
import type { ParticipantContext } from './participant-context';
import { readBeat, readDown, readPresence } from './read-session-message';
import type { BeatReturn, DownFrame, PresenceMessage, SessionRefusal } from './session-messages';
import type { Transport, TransportMessage, Will } from './transport';

export interface TalkHost {
  /** What is published is heard, and what is answered comes. */
  opened(): void;
  /** `reason` in words. */
  closed(reason: string | undefined): void;
  /** What was answered to this very instance. */
  answered(message: DownFrame | BeatReturn | SessionRefusal): void;
  /** A beat of our own came back from the broker. */
  echoed(beat: number): void;
}

const LONGEST_BACK_OFF = 60_000;

export class Talk {
  readonly #context: ParticipantContext;
  readonly #transport: Transport;
  readonly #host: TalkHost;
  /** Of publishing our presence again. */
  readonly #backOff: BackOff;
  #isOpen = false;
  /** Grows with each connection: what an older one waits for is of no interest. */
  #attempt = 0;
  #presenceTimer: Timer | undefined;
  #retryTimer: Timer | undefined;
  #unfollow: () => void = () => undefined;

  constructor(context: ParticipantContext, transport: Transport, host: TalkHost) {
    const { random, inForce } = context;
    this.#context = context;
    this.#transport = transport;
    this.#host = host;
    this.#backOff = new BackOff({ first: inForce.beat, longest: LONGEST_BACK_OFF, random });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  start(): void {
    this.#unfollow = follow(this.#transport, {
      heard: (message) => this.#hear(message),
      connected: () => void this.#open(),
      lost: (reason) => this.#close(reason),
    });
    this.#transport.start();
  }

  /** Says goodbye, and leaves nothing behind. */
  async stop(): Promise<void> {
    this.#attempt++;
    this.#isOpen = false;
    this.#presenceTimer?.cancel();
    this.#retryTimer?.cancel();
    this.#unfollow();
    if (this.#transport.connected) await this.#sayGoodbye();
    await this.#transport.stop();
  }

  /** For the connection, which asks at each connect. */
  will(): Will {
    const { topics, requester } = this.#context;
    return { topic: topics.session(requester), payload: this.#presence(false), qos: 1, retain: true };
  }

  /** Whether it could be sent. */
  sendBeat(beat: number): boolean {
    const { topics, requester, instance } = this.#context;
    if (!this.#isOpen) return false;
    this.#send(topics.beat(requester), JSON.stringify({ session: instance, beat }));
    return true;
  }

  sendFrame(text: string): void {
    const { topics, requester } = this.#context;
    if (this.#isOpen) this.#send(topics.sessionClaims(requester), text);
  }

  async #open(): Promise<void> {
    const { topics, requester, clock, timing } = this.#context;
    const attempt = ++this.#attempt;
    this.#backOff.reset();
    this.#showPresence();
    try {
      const filters = [topics.sessionAnswers(requester), topics.beat(requester), topics.session(requester)];
      await this.#transport.subscribe(filters, 0);
      if (attempt !== this.#attempt) return;
      this.#isOpen = true;
      this.#host.opened();
    } catch (error) {
      if (attempt !== this.#attempt || !this.#transport.connected) return;
      this.#host.closed(`the broker does not let us listen: ${error}`);
      this.#retryTimer = clock.setTimer(timing.retry, () => void this.#open());
    }
  }

  #close(reason: string | undefined): void {
    this.#attempt++;
    this.#isOpen = false;
    this.#presenceTimer?.cancel();
    this.#presenceTimer = undefined;
    this.#retryTimer?.cancel();
    this.#host.closed(reason);
  }

  #hear({ topic, payload }: TransportMessage): void {
    const { topics, requester, instance, log } = this.#context;
    if (topic === topics.beat(requester)) {
      const { message } = readBeat(payload);
      if (message?.session === instance) this.#host.echoed(message.beat);
    } else if (topic === topics.session(requester)) {
      this.#hearPresence(payload);
    } else if (topic === topics.sessionAnswers(requester)) {
      const { message, error } = readDown(payload);
      if (error !== undefined) log.warn(`an answer of the arbiter cannot be read: ${error.text}`);
      else if (message.session === instance) this.#host.answered(message);
    }
  }

  /** Others of our name, and those who clean up, may overwrite it; never so often that two fight over it. */
  #hearPresence(payload: Uint8Array): void {
    const { instance, clock } = this.#context;
    const message = payload.length === 0 ? undefined : readPresence(payload).message;
    if (message?.instance === instance && message.online) return;
    this.#presenceTimer ??= clock.setTimer(this.#backOff.next(), () => {
      this.#presenceTimer = undefined;
      this.#showPresence();
    });
  }

  #showPresence(): void {
    const { topics, requester } = this.#context;
    void this.#put(topics.session(requester), this.#presence(true), true);
  }

  async #sayGoodbye(): Promise<void> {
    const { topics, requester, clock, instance } = this.#context;
    const topic = topics.session(requester);
    const goodbye: PresenceMessage = { v: 1, online: false, instance, left: true };
    await waitForGoodbye(clock, [
      this.#put(topic, JSON.stringify(goodbye), false),
      // After it was heard, nothing is left to be known.
      this.#put(topic, '', true),
    ]);
  }

  #presence(online: boolean): string {
    const message: PresenceMessage = { v: 1, online, instance: this.#context.instance };
    return JSON.stringify(message);
  }

  #send(topic: string, text: string): void {
    // What is lost with the connection is said again on the next one.
    this.#transport.publish(topic, text, { qos: 0, retain: false }).catch((error: unknown) => {
      if (this.#transport.connected)
        this.#context.log.warn(`the broker refuses a message on ${topic}: ${error}`);
    });
  }

  #put(topic: string, text: string, retain: boolean): Promise<void> {
    return this.#transport.publish(topic, text, { qos: 1, retain }).catch((error: unknown) => {
      if (this.#transport.connected)
        this.#context.log.warn(`the broker refuses a message on ${topic}: ${error}`);
    });
  }
}
