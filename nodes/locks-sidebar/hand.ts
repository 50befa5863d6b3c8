// What people do by hand: hold a resource for a while, and end a hold. By the same rules as everybody.
import type { Json } from '../../src/core';
import { manualPriority } from '../../src/mqtt/levels';
import type { Answer } from '../../src/mqtt/messages';
import type { Clock } from '../../src/protocol';
import type { ClaimOwner, Registry, RegistryClaim } from '../../src/registry/registry';
import { HAND_PATH } from './places';

/** So long an answer of a Node-RED elsewhere is waited for; the claim stands also without one. */
const ANSWER_MS = 3_000;

export interface HandHold {
  readonly resource: string;
  /** Ms. */
  readonly ttl: number;
  readonly value?: Json;
  /** Who does it. */
  readonly by: string;
}

export class Hand {
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #owner: ClaimOwner;
  readonly #asked = new Map<RegistryClaim['key'], (answer: Answer) => void>();

  /** Takes up what was held by hand before a restart, too. */
  constructor(registry: Registry, clock: Clock) {
    this.#registry = registry;
    this.#clock = clock;
    this.#owner = registry.owner(HAND_PATH);
    this.#owner.onAnswer(({ key }, answer) => this.#asked.get(key)?.(answer));
  }

  /** One hold per resource: a further one is the same with another length and value. `undefined`: nobody has answered. */
  hold({ resource, ttl, value, by }: HandHold): Promise<Answer | undefined> {
    const priority = manualPriority(this.#registry.levels);
    const wish = { resource, ttl, priority, ...(value !== undefined && { value }) };
    return new Promise((resolve) => {
      const patience = this.#clock.setTimer(ANSWER_MS, () => settle(undefined));
      const settle = (answer: Answer | undefined) => {
        patience.cancel();
        this.#asked.delete(resource);
        resolve(answer);
      };
      this.#asked.set(resource, settle);
      this.#owner.claim(resource, { ...wish, locker: by, renew: true }, { keep: true });
    });
  }

  /** Ends the hold that was seen; resolves to why not. */
  async free(resource: string, token: number, by: string): Promise<string | undefined> {
    const own = this.#owner.claims.get(resource);
    // What was made here may be ended here, also where no rule lets this Node-RED use force.
    if (own?.isHeld() === true && own.answer?.token === token) {
      own.release();
      return undefined;
    }
    return this.#registry.force(resource, token, by);
  }

  /** Ends what was made here, held or waiting. */
  withdraw(resource: string): void {
    this.#owner.claims.get(resource)?.release();
  }
}
