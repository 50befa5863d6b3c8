// Which claims of participants the broker retains. The end of such a one is retained, too, until its participant has heard
// of it and takes the claim back; of any other it would stay for good.
import { type ArbiterClaim, deviceClaimId } from './arbiter-claim';
import type { Addressee } from './arbiter-devices';
import type { Finds } from './arbiter-found';
import { readOwner } from './arbiter-own-message';
import type { ClaimReading } from './read-message';

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

  /** What came on a claim's topic, and was read unless it is empty; whether it is a claim that a participant keeps there. */
  heard({ requester, name }: Addressee, payload: Uint8Array, claim: ClaimReading | undefined): boolean {
    const key = deviceClaimId(requester, name);
    this.#ids.delete(key);
    if (claim?.message === undefined || readOwner(payload) === undefined) return false;
    const { id } = claim.message;
    if (id !== undefined) this.#ids.set(key, id);
    return true;
  }

  has({ id, requester, name }: ArbiterClaim): boolean {
    return this.#ids.get(deviceClaimId(requester, name)) === id;
  }
}
