// Whatever decides about the claims of this runtime: an arbiter in this process, or a participant that asks one
// elsewhere. Types only.
import type { ClaimKey } from './arbiter-claim';
import type { OwnAsk, OwnChange } from './arbiter-own';
import type { Refusal } from './arbiter-wish';
import type { Answer, AuditEvent, ClaimMessage, ResourceState } from './messages';

/** A claim of this runtime, as whoever decides about it has it. */
export interface AuthorityClaim {
  readonly id: string;
  readonly owner: ClaimKey | undefined;
  readonly locker: string;
  readonly resources: readonly string[];
  /** What stands of its messages. */
  readonly message: ClaimMessage;
  readonly phase: 'asked' | 'waiting' | 'held' | 'revoking' | 'ended';
  readonly answer: Answer | undefined;
  /** Monotonic ms at which its lease runs out. */
  readonly expires: number;
  /** Monotonic ms at which its first wait or its revocation is over. */
  readonly until: number;
  readonly isRestored: boolean;
  /** `false`: its hold is not to be believed in yet. */
  readonly isProven?: boolean;
}

/** Told of the claims of this runtime. */
export interface ClaimHearer<Claim extends AuthorityClaim = AuthorityClaim> {
  /** Every answer, refusals of further messages too. */
  hear(claim: Claim, answer: Answer): void;
  /** A claim that an earlier run has left goes on; what has become of it meanwhile is told after this. */
  recall(claim: Claim): void;
  /** The same claim, by its id, is with another authority from now on; what has become of it is told after this. */
  move?(claim: Claim): void;
}

export interface Authority {
  /** Monotonic ms until which holds may be believed in; `Infinity` where nobody else could decide. */
  readonly validUntil: number;
  claim(ask: OwnAsk): AuthorityClaim | Refusal;
  update(claim: AuthorityClaim, change: OwnChange): void;
  yield(claim: AuthorityClaim): void;
  release(claim: AuthorityClaim): void;
  keep(claim: AuthorityClaim, isKept: boolean): void;
  /** Ends the whole hold that has this token; resolves to why not. */
  force(resource: string, token: number, by: string): Promise<Refusal | undefined>;
  state(resource: string): ResourceState;
  states(): Iterable<ResourceState>;
  /** Resolves when the states show all that was told of claims by now; absent where they always do. */
  caughtUp?(): Promise<void>;
  onState(listener: (resource: string) => void): () => void;
  onEvent(listener: (event: AuditEvent) => void): () => void;
}
