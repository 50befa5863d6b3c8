// Claims that survive a restart: what the broker is to retain of them, and what it retains of earlier starts.
import type { Timer } from '../protocol';
import type { ClaimKey } from './arbiter-claim';
import type { Addressee } from './arbiter-devices';
import { isOver } from './arbiter-graves';
import { type KeptClaim, readOwner, spellOwnClaim } from './arbiter-own-message';
import type { Found } from './arbiter-reader';
import { BackOff } from './back-off';
import { vacantNames } from './former-names';
import type { Answer, ClaimMessage } from './messages';
import type { ParticipantContext } from './participant-context';
import { readAnswer, readClaim } from './read-message';
import type { Transport } from './transport';

/** A claim that an earlier start has left. */
export interface LeftClaim {
  readonly id: string;
  readonly name: string;
  readonly owner: ClaimKey;
  readonly message: ClaimMessage;
  /** The last answer to it. */
  readonly answer: Answer | undefined;
}

const LONGEST_BACK_OFF = 60_000;

export class KeptClaims {
  readonly #context: ParticipantContext;
  readonly #talk: Transport;
  /** By topic. */
  readonly #wanted = new Map<string, { readonly id: string; readonly text: string }>();
  /** What the broker has on them. */
  readonly #there = new Map<string, string>();
  /** Topics on which the broker may have something else than what is wanted. */
  readonly #unsure = new Set<string>();
  /** Topics on which this start has claimed something, until it knows what earlier ones have left there. */
  #taken: Set<string> | undefined = new Set();
  /** Of putting right what others of our name have overwritten. */
  readonly #backOff: BackOff;
  #mendTimer: Timer | undefined;
  /** Topics of claims that were left under names that this runtime had before. */
  readonly #former = new Set<string>();

  constructor(context: ParticipantContext, talk: Transport) {
    const { random, inForce } = context;
    this.#context = context;
    this.#talk = talk;
    this.#backOff = new BackOff({ first: inForce.beat, longest: LONGEST_BACK_OFF, random });
  }

  put(claim: KeptClaim & { readonly name: string }): void {
    const topic = this.#topicOf(claim.name);
    const text = spellOwnClaim(claim);
    if (this.#textFor(topic) === text) return;
    this.#taken?.add(topic);
    this.#wanted.set(topic, { id: claim.id, text });
    this.#publish(topic);
  }

  /** A claim that has ended may have left its topic to another one of the same name. */
  withdraw({ id, name }: Pick<LeftClaim, 'id' | 'name'>): void {
    const topic = this.#topicOf(name);
    if ((this.#wanted.get(topic)?.id ?? id) !== id) return;
    this.#wanted.delete(topic);
    this.#publish(topic);
  }

  /** There is a connection: publishes what the broker may lack. */
  flush(): void {
    for (const topic of this.#unsure) this.#publish(topic);
  }

  /** Nothing of it is ours to publish any more. */
  forget(): void {
    this.#wanted.clear();
    this.#unsure.clear();
    this.#former.clear();
    this.stop();
  }

  stop(): void {
    this.#mendTimer?.cancel();
    this.#mendTimer = undefined;
  }

  /** Takes back what was left under former names: whoever decides knows of what was taken over from there. */
  withdrawFormer(): void {
    for (const topic of this.#former) this.#publish(topic);
    this.#former.clear();
  }

  /** What the broker retains under our name was read. */
  wasRead(found: Found): void {
    this.#taken = undefined;
    this.#there.clear();
    this.#backOff.reset();
    for (const [topic, payload] of found) {
      if (this.#nameIn(topic, this.#context.requester) !== undefined) this.heard(topic, payload);
    }
  }

  /** What it retains there from now on. */
  heard(topic: string, payload: Uint8Array): void {
    if (payload.length === 0) this.#there.delete(topic);
    else this.#there.set(topic, new TextDecoder().decode(payload));
  }

  /** The broker is told what it lacks, and what is in the way is cleared. */
  mend(): void {
    for (const topic of new Set([...this.#there.keys(), ...this.#wanted.keys()])) {
      if (!this.#isRight(topic)) this.#publish(topic);
    }
  }

  /**
   * Something came that is not as it should be: from an earlier start, whose last messages came late, or from another one
   * of our name, with which we are not to fight.
   */
  mendLater(topic: string): void {
    if (this.#isRight(topic) || this.#unsure.has(topic)) return;
    this.#mendTimer ??= this.#context.clock.setTimer(this.#backOff.next(), () => {
      this.#mendTimer = undefined;
      this.mend();
    });
  }

  #isRight(topic: string): boolean {
    return (this.#there.get(topic) ?? '') === this.#textFor(topic);
  }

  /** The claims of earlier starts among what the broker retains; what cannot be one is left out. */
  leftIn(found: Found): readonly LeftClaim[] {
    const { topics, requester, instance, before } = this.#context;
    const left = this.#leftUnder(requester, found);
    for (const former of vacantNames(before(), (name) => found.get(topics.session(name)))) {
      const claims = this.#leftUnder(former.name, found);
      for (const { name } of claims) this.#former.add(topics.claim(former.name, name));
      left.push(...claims.map((claim) => renewed(claim, instance)));
    }
    return left;
  }

  #leftUnder(requester: string, found: Found): LeftClaim[] {
    const left: LeftClaim[] = [];
    for (const [topic, payload] of found) {
      const name = this.#nameIn(topic, requester);
      if (name === undefined || this.#taken?.has(topic)) continue;
      const { message } = readClaim(payload);
      const owner = message && readOwner(payload);
      if (message?.id === undefined || owner === undefined) continue;
      const answer = this.#answerIn(found, { requester, name, id: message.id });
      left.push({ id: message.id, name, owner, message, answer });
    }
    return left;
  }

  #answerIn(found: Found, { requester, name, id }: Addressee & { readonly id: string }): Answer | undefined {
    const { topics } = this.#context;
    const payload = found.get(topics.answer(requester, name));
    const answer = payload && readAnswer(payload).message;
    return answer?.id === id ? answer : undefined;
  }

  #nameIn(topic: string, requester: string): string | undefined {
    const parsed = this.#context.topics.parse(topic);
    return parsed?.kind === 'claim' && parsed.requester === requester ? parsed.name : undefined;
  }

  #textFor(topic: string): string {
    return this.#wanted.get(topic)?.text ?? '';
  }

  #topicOf(name: string): string {
    const { topics, requester } = this.#context;
    return topics.claim(requester, name);
  }

  #publish(topic: string): void {
    this.#unsure.add(topic);
    if (!this.#talk.connected) return;
    const text = this.#textFor(topic);
    this.#talk.publish(topic, text, { qos: 1, retain: true }).then(
      () => {
        if (this.#textFor(topic) === text) this.#unsure.delete(topic);
      },
      (error: unknown) => {
        if (this.#talk.connected) this.#context.log.warn(`the broker does not keep ${topic}: ${error}`);
      },
    );
  }
}

/**
 * A claim of a former name as one of ours: another one for whoever decides, who is asked for it before that one is
 * withdrawn, so that it has its place and nobody comes between.
 */
function renewed({ id, answer, message, ...claim }: LeftClaim, instance: string): LeftClaim {
  const own = `${instance}.${id}`;
  if (answer === undefined || isOver(answer) || answer.result === 'queued')
    return { ...claim, id: own, message, answer: answer && { ...answer, id: own } };
  // It was granted before, so that it waits as long as it must.
  const { timeout: _timeout, ...standing } = message;
  const { until: _until, ...rest } = answer;
  return { ...claim, id: own, message: standing, answer: { ...rest, id: own, result: 'queued' } };
}
