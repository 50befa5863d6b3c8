// Which claims of participants the broker retains. The end of such a one is retained, too, until its participant has heard
// of it and takes the claim back; of any other it would stay for good.
import { type ArbiterClaim, deviceClaimId } from './arbiter-claim';
import type { Addressee } from './arbiter-devices';
import type { Finds } from './arbiter-found';
import { readOwner } from './arbiter-own-message';
import { readClaim } from './read-message';

export class KeptThere {
  /** Their ids, by requester and name. */
  readonly #ids = new Map<string, string>();

  /** All that the broker has was read. */
  replace({ claims }: Finds): void {
    this.#ids.clear();
    for (const [key, { message, owner }] of claims) {
      if (message?.id !== undefined && owner !== undefined) this.#ids.set(key, message.id);
    }
  }

  /** What came on a claim's topic; whether it is a claim that a participant keeps there. */
  heard({ requester, name }: Addressee, payload: Uint8Array): boolean {
    const key = deviceClaimId(requester, name);
    this.#ids.delete(key);
    const { message } = payload.length === 0 ? {} : readClaim(payload);
    if (message === undefined || readOwner(payload) === undefined) return false;
    if (message.id !== undefined) this.#ids.set(key, message.id);
    return true;
  }

  has({ id, requester, name }: ArbiterClaim): boolean {
    return this.#ids.get(deviceClaimId(requester, name)) === id;
  }
}
