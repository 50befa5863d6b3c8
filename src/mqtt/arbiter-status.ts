// What an arbiter says of itself, and to whom.
import { subscribe } from './listeners';
import type { ArbiterMessage } from './messages';

export interface ArbiterStatus {
  /**
   * `elsewhere`: somebody else decides, and claims of this runtime are refused. `lost`: the office is lost, and this
   * arbiter will never decide again.
   */
  readonly phase: 'starting' | 'deciding' | 'elsewhere' | 'lost' | 'stopped';
  /** What is decided is published, and devices are heard. */
  readonly isPublishing: boolean;
  /** Why it is not published, in words. */
  readonly reason: string | undefined;
  /** The broker is there, but does not let us write. */
  readonly isRefused: boolean;
  /** Who decides, if somebody else does. */
  readonly other: ArbiterMessage | undefined;
}

const STARTING: ArbiterStatus = {
  phase: 'starting',
  isPublishing: false,
  reason: undefined,
  isRefused: false,
  other: undefined,
};

/** Everything is as it should be. */
export const DECIDING: ArbiterStatus = { ...STARTING, phase: 'deciding', isPublishing: true };

export class StatusBoard {
  #status = STARTING;
  readonly #listeners = new Set<(status: ArbiterStatus) => void>();
  readonly #call: (tell: () => void) => void;

  /** `call` calls a listener, which may fail. */
  constructor(call: (tell: () => void) => void) {
    this.#call = call;
  }

  get status(): ArbiterStatus {
    return this.#status;
  }

  set(change: Partial<ArbiterStatus>): void {
    this.#status = { ...this.#status, ...change };
    for (const listener of this.#listeners) this.#call(() => listener(this.#status));
  }

  onStatus(listener: (status: ArbiterStatus) => void): () => void {
    return subscribe(this.#listeners, listener);
  }

  clear(): void {
    this.#listeners.clear();
  }
}
