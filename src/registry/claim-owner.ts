// All claims of one node's path, whoever stands there at the moment.
import type { Answer, ClaimMessage } from '../mqtt/messages';
import { SteadyMap } from '../mqtt/steady-map';
import type { Clock, Timer } from '../protocol';
import type { OwnedClaim } from './owned-claim';
import type { ClaimOwner } from './registry';

/** How long claims wait for a node that closed to come back. */
export const KEEP_MS = 30_000;

/** What an owner leaves to the registry. */
export interface OwnerHost {
  readonly clock: Clock;
  make(owner: Owner, key: string, message: ClaimMessage, isKept: boolean): OwnedClaim;
  change(claim: OwnedClaim, message: ClaimMessage, isKept: boolean | undefined): void;
  /** Its claims have ended, and nobody waits for it. */
  leave(owner: Owner): void;
}

type Listener = (claim: OwnedClaim, answer: Answer) => void;

export class Owner implements ClaimOwner {
  readonly path: string;
  readonly claims = new SteadyMap<string, OwnedClaim>();
  readonly #host: OwnerHost;
  #listener: Listener | undefined = undefined;
  /** Ends that nobody has heard of. */
  #unheard: { readonly claim: OwnedClaim; readonly answer: Answer }[] = [];
  #leaving: Timer | undefined = undefined;

  constructor(host: OwnerHost, path: string) {
    this.#host = host;
    this.path = path;
  }

  claim(key: string, message: ClaimMessage, { keep }: { readonly keep?: boolean } = {}): OwnedClaim {
    const live = this.claims.get(key);
    if (live === undefined) return this.#host.make(this, key, message, keep ?? false);
    this.#host.change(live, message, keep);
    return live;
  }

  onAnswer(listener: Listener): () => void {
    this.#listener = listener;
    if (this.#unheard.length > 0) queueMicrotask(() => this.#catchUp());
    return () => {
      if (this.#listener === listener) this.#listener = undefined;
    };
  }

  /** For the registry: what has become of a claim. */
  tell(claim: OwnedClaim, answer: Answer): void {
    if (this.#listener !== undefined) this.#listener(claim, answer);
    else if (claim.isOver) this.#unheard.push({ claim, answer });
  }

  /** A node is there. */
  attach(): void {
    this.#leaving?.cancel();
    this.#leaving = undefined;
  }

  detach(removed: boolean): void {
    this.attach();
    if (removed) this.#end();
    else this.#leaving = this.#host.clock.setTimer(KEEP_MS, () => this.#end());
  }

  #end(): void {
    this.#listener = undefined;
    for (const claim of [...this.claims.values()]) claim.release();
    this.#unheard = [];
    this.#host.leave(this);
  }

  #catchUp(): void {
    const unheard = this.#unheard;
    this.#unheard = [];
    for (const { claim, answer } of unheard) this.#listener?.(claim, answer);
  }
}
