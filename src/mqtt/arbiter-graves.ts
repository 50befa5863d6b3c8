// Devices' claims that have ended while their messages still stand: a broker that replays them must wake none of them up.
import { deviceClaimId } from './arbiter-claim';
import type { Answer } from './messages';

export interface DeadClaim {
  readonly requester: string;
  readonly name: string;
  /** How it ended; its id and hash name the very message. */
  readonly answer: Answer;
}

export class Graves {
  readonly #dead = new Map<string, DeadClaim>();
  readonly #counts = new Map<string, number>();

  add(dead: DeadClaim): void {
    this.remove(dead.requester, dead.name);
    this.#dead.set(deviceClaimId(dead.requester, dead.name), dead);
    this.#counts.set(dead.requester, this.countOf(dead.requester) + 1);
  }

  find(requester: string, name: string): DeadClaim | undefined {
    return this.#dead.get(deviceClaimId(requester, name));
  }

  /** Whether there was one. */
  remove(requester: string, name: string): boolean {
    if (!this.#dead.delete(deviceClaimId(requester, name))) return false;
    const left = this.countOf(requester) - 1;
    if (left === 0) this.#counts.delete(requester);
    else this.#counts.set(requester, left);
    return true;
  }

  countOf(requester: string): number {
    return this.#counts.get(requester) ?? 0;
  }

  clear(): void {
    this.#dead.clear();
    this.#counts.clear();
  }

  all(): readonly DeadClaim[] {
    return [...this.#dead.values()];
  }
}

/** Whether an answer is about this very message: the same id, or the same payload. */
export function isAbout(answer: Answer, id: string | undefined, hash: string): boolean {
  return (id !== undefined && answer.id === id) || answer.hash === hash;
}

/** Whether an answer tells of its claim's end. */
export function isOver({ result }: Answer): boolean {
  return result === 'denied' || result === 'lost' || result === 'released';
}
