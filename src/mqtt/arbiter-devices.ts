// Devices' claims: reads their messages and acts on them. What cannot be read or is not allowed is answered, and changes
// nothing.
import type { Audit } from './arbiter-audit';
import { ArbiterClaim, deviceClaimId, type Wish } from './arbiter-claim';
import type { Complaints } from './arbiter-complaints';
import { type Context, iso } from './arbiter-context';
import type { Decider } from './arbiter-decider';
import { type Graves, isAbout } from './arbiter-graves';
import type { Publisher } from './arbiter-publisher';
import { isRefusal, type Refusal, readWish, resourcesOf } from './arbiter-wish';
import type { Answer, ClaimMessage } from './messages';
import type { ClaimReading } from './read-message';
import { isSameJson } from './same-json';
import type { MalformedTopic } from './topics';

export interface DeviceParts {
  readonly context: Context;
  readonly decider: Decider;
  readonly publisher: Publisher;
  readonly graves: Graves;
  readonly complaints: Complaints;
  readonly audit: Audit;
  /** So many ended claims of one requester may stand before it must withdraw some. */
  readonly mostDead: number;
}

/** Whose claim a message is about. */
export interface Addressee {
  readonly requester: string;
  readonly name: string;
}

/** A claim's message that was read. */
interface Sent {
  readonly message: ClaimMessage;
  readonly hash: string;
  /** The broker replays it from its store. */
  readonly isReplayed: boolean;
}

/** Brokers cut off whoever publishes on a topic with more levels. */
const MOST_TOPIC_LEVELS = 200;

export class Devices {
  readonly #parts: DeviceParts;
  readonly #context: Context;
  readonly #decider: Decider;

  constructor(parts: DeviceParts) {
    this.#parts = parts;
    this.#context = parts.context;
    this.#decider = parts.decider;
  }

  /** Acts on a message on a claim's topic, as it was read; an empty one, which is not, withdraws the claim. */
  heard(from: Addressee, claim: ClaimReading | undefined, isReplayed: boolean): void {
    this.#decider.catchUp();
    if (claim === undefined) {
      this.withdraw(from);
      return;
    }
    const { message, error, hash } = claim;
    if (error !== undefined) this.#complain(from, { reason: 'malformed', detail: error.text }, hash);
    else this.#actOn(from, { message, hash, isReplayed });
  }

  /** A claim whose topic is spelt wrongly is answered where its sender would look. */
  heardMalformed({ rest, text }: MalformedTopic, payload: Uint8Array): void {
    const { topics } = this.#context;
    const topic = topics.answerTo(rest);
    this.#parts.complaints.warn(topic, `claim on ${topics.prefix}/claim/${rest}: ${text}`);
    if (payload.length === 0 || rest.split('/').length > MOST_TOPIC_LEVELS) return;
    const answer: Answer = { result: 'error', resources: [], reason: 'malformed', detail: text };
    this.#parts.publisher.send(topic, JSON.stringify(answer));
  }

  /** A device that has taken our own name is told so, and not mistaken for us. */
  heardAsOwn(from: Addressee, { message, hash }: ClaimReading): void {
    const detail = `${from.requester} is the name of the Node-RED that decides: take another one`;
    this.#complain(from, { reason: 'malformed', detail }, hash, message);
  }

  withdraw({ requester, name }: Addressee): void {
    const live = this.#liveOf({ requester, name });
    if (live !== undefined) {
      live.leaving = 'withdrawn';
      this.#decider.release(live);
    } else if (this.#parts.graves.remove(requester, name)) {
      this.#parts.publisher.clearAnswer({ requester, name });
    }
  }

  #actOn(from: Addressee, sent: Sent): void {
    const live = this.#liveOf(from);
    if (live !== undefined) this.#hearAgain(live, sent);
    else if (!sent.isReplayed || !this.#isDead(from, sent)) this.#begin(from, sent);
  }

  #isDead({ requester, name }: Addressee, { message, hash }: Sent): boolean {
    const dead = this.#parts.graves.find(requester, name);
    return dead !== undefined && isAbout(dead.answer, message.id, hash);
  }

  #begin(from: Addressee, { message, hash }: Sent): void {
    const wish = this.#readWish(from, message);
    const { graves, mostDead } = this.#parts;
    if (isRefusal(wish)) {
      this.#deny(from, message, wish, hash);
    } else if (
      graves.countOf(from.requester) >= mostDead &&
      graves.find(from.requester, from.name) === undefined
    ) {
      const detail = `${mostDead} claims of ${from.requester} have ended and were not withdrawn`;
      this.#answer(from, {
        ...about(message, hash),
        result: 'denied',
        resources: wish.resources,
        reason: 'full',
        detail,
      });
    } else {
      graves.remove(from.requester, from.name);
      const id = deviceClaimId(from.requester, from.name);
      const origin = { ...from, id, kind: 'device', session: undefined } as const;
      const claim = new ArbiterClaim(origin, standingPart(message), wish);
      claim.hash = hash;
      this.#decider.claim(claim);
    }
  }

  /** A further message of a live claim changes it in place. */
  #hearAgain(live: ArbiterClaim, sent: Sent): void {
    const { message, hash, isReplayed } = sent;
    if (isReplayed && live.hash === hash) return;
    const standing = change(live.message, message);
    const wish = this.#readWish(live, { ...standing, ...names(live.message, message) });
    if (isRefusal(wish)) this.#complain(live, wish, hash, message);
    else if (!isSame(live, wish)) this.#replace(live, sent);
    else if (message.yielded === undefined || this.#yield(live, message.yielded)) {
      this.#change(live, sent, standing, wish);
    }
  }

  /** Other resources, or another locker, make another claim. */
  #replace(live: ArbiterClaim, sent: Sent): void {
    live.leaving = 'replaced';
    this.#decider.release(live);
    this.#begin(live, sent);
  }

  /** Whether there is more to do for it. */
  #yield(live: ArbiterClaim, token: number): boolean {
    if (live.phase === 'revoking' && this.#decider.table.claim(live.id)?.token === token) {
      this.#decider.yield(live);
    } else {
      const detail = `yielded is ${token}, but no hold with that token is being revoked`;
      this.#complain(live, { reason: 'invalid', detail }, undefined);
    }
    return live.isAlive;
  }

  #change(live: ArbiterClaim, { message, hash, isReplayed }: Sent, standing: ClaimMessage, wish: Wish): void {
    const isNewGeneration = message.id !== undefined && message.id !== live.message.id;
    live.detail = noteOf(standing, message);
    this.#decider.update(live, {
      message: standing,
      priority: message.priority === undefined ? undefined : wish.priority,
      value: message.value,
      // A replayed message may be old news; a new id is news in any case.
      renew: isNewGeneration || (message.renew === true && !isReplayed),
      ttl: message.ttl,
      hash,
      isPartial: !isSameJson(standing, standingPart(message)),
    });
  }

  #readWish({ requester, name }: Addressee, message: ClaimMessage): Wish | Refusal {
    return readWish({ requester, name, isDevice: true }, message, this.#context.rules);
  }

  /** A claim that is denied before it was one is as dead as any other: its message stands, and must not wake it up. */
  #deny(from: Addressee, message: ClaimMessage, refusal: Refusal, hash: string): void {
    if (refusal.reason === 'malformed') {
      this.#complain(from, refusal, hash, message);
      return;
    }
    const { requester, name } = from;
    const resources = resourcesOf(message, name);
    const ended = iso(this.#context.clock.now().wall);
    const answer: Answer = { ...about(message, hash), result: 'denied', resources, ...refusal, ended };
    this.#parts.graves.add({ requester, name, answer });
    this.#parts.publisher.putAnswer(requester, name, JSON.stringify(answer));
    this.#audit(from, message, answer);
  }

  /** Answers a message that changes nothing; the answer is not retained. */
  #complain(
    from: Addressee,
    { reason, detail }: Refusal,
    hash: string | undefined,
    message: ClaimMessage = {},
  ): void {
    const result = reason === 'malformed' ? 'error' : 'denied';
    const answer: Answer = {
      ...about(message, hash),
      result,
      resources: resourcesOf(message, from.name),
      reason,
      detail,
    };
    this.#answer(from, answer);
    if (result === 'denied') this.#audit(from, message, answer);
    const topic = this.#context.topics.claim(from.requester, from.name);
    this.#parts.complaints.warn(topic, `claim on ${topic}: ${detail}`);
  }

  #answer({ requester, name }: Addressee, answer: Answer): void {
    this.#parts.publisher.send(this.#context.topics.answer(requester, name), JSON.stringify(answer));
  }

  #audit(
    { requester, name }: Addressee,
    message: ClaimMessage,
    { result, resources, reason, detail }: Answer,
  ): void {
    const { locker = requester } = message;
    this.#parts.audit.note({
      ...{ event: result, resources, locker, requester, name },
      ...(reason !== undefined && { reason }),
      ...(detail !== undefined && { detail }),
    });
  }

  #liveOf({ requester, name }: Addressee): ArbiterClaim | undefined {
    return this.#decider.claims.get(deviceClaimId(requester, name));
  }
}

/** What names the message that an answer is about. */
function about({ id }: ClaimMessage, hash: string | undefined): Pick<Answer, 'id' | 'hash'> {
  return { ...(id !== undefined && { id }), ...(hash !== undefined && { hash }) };
}

/** What stands of a claim after a further message, which says only what is to change. */
function change(stands: ClaimMessage, { id, priority, value, ttl }: ClaimMessage): ClaimMessage {
  return {
    ...stands,
    ...(id !== undefined && { id }),
    ...(priority !== undefined && { priority }),
    ...(value !== undefined && { value }),
    ...(ttl !== undefined && { ttl }),
  };
}

/** Whose and of what the claim would be by a further message. */
function names(stands: ClaimMessage, { resource, resources, locker }: ClaimMessage): ClaimMessage {
  const isOfOthers = resource !== undefined || resources !== undefined;
  return {
    ...(isOfOthers ? { resource, resources } : { resource: stands.resource, resources: stands.resources }),
    locker: locker ?? stands.locker,
  };
}

const FIXED = ['timeout', 'grace', 'preempt', 'once', 'holding'] as const;

/** Tells whoever wants to change what only a new claim can change. */
function noteOf(stands: ClaimMessage, message: ClaimMessage): string | undefined {
  const fixed = FIXED.filter(
    (field) => message[field] !== undefined && !isSameJson(message[field], stands[field]),
  );
  return fixed.length === 0
    ? undefined
    : `${fixed.join(', ')} cannot be changed in place: withdraw the claim first`;
}

/** What of a message stands until it is changed: not what it does once. */
export function standingPart({ renew: _renew, yielded: _yielded, ...message }: ClaimMessage): ClaimMessage {
  return message;
}

function isSame(claim: ArbiterClaim, wish: Wish): boolean {
  const { resources } = wish;
  return (
    claim.identity === wish.identity &&
    claim.resources.length === resources.length &&
    claim.resources.every((resource, index) => resource === resources[index])
  );
}
