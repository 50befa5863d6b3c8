// What a runtime is among those under a prefix, for whoever shows it.
import type { ArbiterStatus } from './arbiter-status';
import type { ArbiterMessage } from './messages';
import type { ParticipantStatus } from './participant';

export interface MemberStatus {
  /** `starting`: nobody has decided about its claims yet. */
  readonly role: 'arbiter' | 'participant' | 'starting';
  /** The number of the term that is in force; 0 before it is known. */
  readonly epoch: number;
  /** How it decides, or tries to; `undefined` where it takes part. */
  readonly arbiter: ArbiterStatus | undefined;
  /** How it takes part; `undefined` where it decides. */
  readonly participant: ParticipantStatus | undefined;
  /** Who decides, or has decided last, if somebody else does. */
  readonly other: ArbiterMessage | undefined;
  /** It could decide, if somebody told it to. */
  readonly canTakeOver: boolean;
}
