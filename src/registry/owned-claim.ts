// One claim of a node as the node sees it: before somebody decides about it, while it lives, and after its end.
import type { AuthorityClaim } from '../mqtt/authority';
import type { Answer, ClaimMessage } from '../mqtt/messages';
import type { Clock } from '../protocol';
import type { RegistryClaim } from './registry';

export type ClaimChange = Pick<ClaimMessage, 'priority' | 'value' | 'ttl' | 'renew'>;

/** What can be done with a claim. */
export interface ClaimDeeds {
  readonly clock: Clock;
  /** Monotonic ms until which holds may be believed in. */
  readonly validUntil: number;
  update(claim: OwnedClaim, change: ClaimChange): void;
  yield(claim: OwnedClaim): void;
  release(claim: OwnedClaim): void;
}

export interface OwnedClaimOptions {
  readonly deeds: ClaimDeeds;
  /** The path of its owner. */
  readonly path: string;
  readonly key: string;
  readonly id: string;
  readonly message: ClaimMessage;
  readonly isKept: boolean;
}

export class OwnedClaim implements RegistryClaim {
  readonly path: string;
  readonly key: string;
  readonly madeAt: number;
  isKept: boolean;
  readonly #deeds: ClaimDeeds;
  readonly #id: string;
  /** As the node asks for it, until whoever decides has it. */
  asked: ClaimMessage;
  /** As whoever decides has it. */
  claim: AuthorityClaim | undefined = undefined;
  /** The last answer that was told. */
  told: Answer | undefined = undefined;
  isOver = false;

  constructor({ deeds, path, key, id, message, isKept }: OwnedClaimOptions) {
    this.#deeds = deeds;
    this.madeAt = deeds.clock.now().wall;
    this.path = path;
    this.key = key;
    this.#id = id;
    this.asked = message;
    this.isKept = isKept;
  }

  get id(): string {
    return this.claim?.id ?? this.#id;
  }

  get answer(): Answer | undefined {
    return this.told ?? this.claim?.answer;
  }

  get message(): ClaimMessage {
    return this.claim?.message ?? this.asked;
  }

  get state(): RegistryClaim['state'] {
    if (this.isOver) return 'ended';
    const { phase = 'asked', isProven = true } = this.claim ?? {};
    if (isProven || (phase !== 'held' && phase !== 'revoking')) return phase;
    return this.told === undefined ? 'asked' : 'waiting';
  }

  get restored(): boolean {
    return this.claim?.isRestored ?? false;
  }

  get resources(): readonly string[] {
    const { resource, resources } = this.asked;
    return this.claim?.resources ?? resources ?? (resource === undefined ? [] : [resource]);
  }

  /** Monotonic ms at which the lease runs out. */
  get due(): number {
    // Leases go on while the machine sleeps, which is noticed where it is asked what may be believed.
    void this.validUntil;
    return this.claim?.expires ?? Infinity;
  }

  /** Monotonic ms until which its hold may be believed in. */
  get validUntil(): number {
    return this.#deeds.validUntil;
  }

  /** Monotonic ms at which its revocation is over. */
  get until(): number {
    return this.claim?.until ?? Infinity;
  }

  get expires(): number {
    const { monotonic, wall } = this.#deeds.clock.now();
    return wall + (this.due - monotonic);
  }

  isHeld(): boolean {
    const { state } = this;
    if (state !== 'held' && state !== 'revoking') return false;
    const due = Math.min(this.due, this.#deeds.validUntil);
    return due === Infinity || this.#deeds.clock.now().monotonic < due;
  }

  update(change: ClaimChange): void {
    this.#deeds.update(this, change);
  }

  yield(): void {
    this.#deeds.yield(this);
  }

  release(): void {
    this.#deeds.release(this);
  }
}
