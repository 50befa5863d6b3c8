// A claim of this runtime as its participant keeps it: what was asked for, what was told, what is still on its way.
import type { Now } from '../core';
import type { ClaimKey } from './arbiter-claim';
import { iso, isoAt } from './arbiter-context';
import type { OwnChange } from './arbiter-own';
import type { AuthorityClaim } from './authority';
import type { Answer, AnswerResult, ClaimMessage } from './messages';
import type { MakeOp, Was } from './session-messages';

export interface ParticipantClaimParts {
  readonly id: string;
  /** What follows the requester in its topics. */
  readonly name: string;
  readonly owner: ClaimKey | undefined;
  readonly locker: string;
  readonly resources: readonly string[];
  readonly message: ClaimMessage;
  readonly isKept: boolean;
}

/** A claim that one authority hands to another one in the same runtime. */
export interface HandedClaim {
  readonly make: MakeOp;
  readonly phase: AuthorityClaim['phase'];
  /** The last that was told of it. */
  readonly answer: Answer | undefined;
  /** What was asked for and not answered yet, in order. */
  readonly changes: readonly OwnChange[];
}

/** All that one authority hands to another one. */
export interface HandedOver {
  readonly claims: readonly HandedClaim[];
  /** It knew what earlier starts have left: whatever else is retained of this runtime's has ended. */
  readonly isAll: boolean;
  /** The greatest token that it has heard of. */
  readonly token: number;
}

/** How far the first of the changes that were not answered yet is. */
export type ChangeProgress = 'waiting' | 'queued' | { readonly frame: number };

export class ParticipantClaim implements AuthorityClaim {
  readonly id: string;
  readonly name: string;
  readonly owner: ClaimKey | undefined;
  readonly locker: string;
  readonly resources: readonly string[];
  isKept: boolean;
  isRestored = false;
  phase: AuthorityClaim['phase'] = 'asked';
  answer: Answer | undefined = undefined;
  /** Something was told of it, here or by another authority of this runtime. */
  wasTold = false;
  /** Monotonic ms until which a hold may be believed in: with what clocks may differ taken off. */
  expires = Infinity;
  /** Monotonic ms at which its lease runs out where it is kept, as well as is known here. */
  leaseEnd = Infinity;
  until = Infinity;
  /** Monotonic ms at which its first wait is over. */
  waitEnd = Infinity;
  /** It was granted, and is asked for again before that is told: its lease was counted from too long ago. */
  isAnchoring = false;
  /** Monotonic ms at which its present outcome is asked for, to know better when its lease runs out. */
  askAt = Infinity;
  /** As the arbiter has confirmed it. */
  standing: ClaimMessage;
  /** What was asked for after that, in order. */
  changes: readonly OwnChange[] = [];
  changeProgress: ChangeProgress = 'waiting';
  /** It is on its way, so that an arbiter may have it. */
  wasSent = false;
  /** Was granted at least once, so that its first wait is over. */
  hasHadIt = false;
  order: number | undefined = undefined;
  /** Of its last hold. */
  token = 0;
  /** No hold up to this token is ours any more. */
  yieldedToken = 0;
  /** The frame that says so: once that was heard, a grant with that token is one of another claim's hold, re-entered. */
  yieldFrame = Infinity;
  /** Its place among the deadlines. */
  dueIndex = -1;

  constructor({ id, name, owner, locker, resources, message, isKept }: ParticipantClaimParts) {
    this.id = id;
    this.name = name;
    this.owner = owner;
    this.locker = locker;
    this.resources = resources;
    this.standing = message;
    this.isKept = isKept;
  }

  get message(): ClaimMessage {
    return this.changes.reduce<ClaimMessage>(mergeChange, this.standing);
  }

  /** The length of its lease, in ms. */
  get ttl(): number {
    return this.message.ttl ?? Infinity;
  }

  get isStanding(): boolean {
    return this.standing.once !== true;
  }

  get isHeld(): boolean {
    return this.phase === 'held' || this.phase === 'revoking';
  }

  get isAlive(): boolean {
    return this.phase !== 'ended';
  }

  /** Monotonic ms at which something has to be done about it, with `slack` for what is on its way. */
  dueAt(slack: number): number {
    switch (this.phase) {
      case 'held':
        return this.askAt;
      case 'revoking':
        return this.until;
      case 'asked':
      case 'waiting':
        return (
          Math.min(this.hasHadIt ? Infinity : this.waitEnd, this.isStanding ? this.leaseEnd : Infinity) +
          slack
        );
      case 'ended':
        return Infinity;
    }
  }

  /** As it is listed for an arbiter that may not know it. `tokens` are those of its hold, by resource. */
  listed(now: Now, tokens: Was['tokens']): MakeOp {
    const { id, name, owner, isKept, wasTold } = this;
    const left = Math.max(0, this.waitEnd - now.monotonic);
    const isBounded = this.waitEnd !== Infinity && !this.hasHadIt;
    // Nothing was told of it: its wait goes on for whoever hears of it for the first time.
    const message = isBounded ? { ...this.standing, timeout: left } : this.standing;
    return {
      op: 'claim',
      ...{ id, name, message, keep: isKept },
      ...(owner !== undefined && { owner }),
      ...(this.changes.length > 0 && { changing: true }),
      ...(wasTold && { was: this.#was(now, tokens, isBounded ? left : undefined) }),
    };
  }

  #was({ monotonic }: Now, tokens: Was['tokens'], wait: number | undefined): Was {
    const { order, leaseEnd, until, phase } = this;
    return {
      ...(order !== undefined && { order }),
      granted: this.hasHadIt,
      ...(this.isHeld && tokens !== undefined && { tokens }),
      ...(leaseEnd !== Infinity && { remaining: Math.max(0, leaseEnd - monotonic) }),
      ...(wait !== undefined && { wait }),
      ...(phase === 'revoking' && until !== Infinity && { revoking: Math.max(0, until - monotonic) }),
    };
  }
}

/** What stands of a message after a change. */
export function mergeChange(message: ClaimMessage, { priority, value, ttl }: OwnChange): ClaimMessage {
  return {
    ...message,
    ...(priority !== undefined && { priority }),
    ...(value !== undefined && { value }),
    ...(ttl !== undefined && { ttl }),
  };
}

/** It goes on as it was at another authority, at this monotonic moment. */
export function resume(claim: ParticipantClaim, was: Was | undefined, now: number): void {
  const { granted = false, order, tokens = {}, remaining, wait, revoking } = was ?? {};
  claim.wasTold = was !== undefined;
  claim.hasHadIt = granted;
  claim.order = order;
  claim.token = Math.max(0, ...Object.values(tokens));
  const untold = claim.isStanding ? claim.ttl : Infinity;
  claim.expires = claim.leaseEnd = now + (remaining ?? (was === undefined ? untold : Infinity));
  claim.waitEnd = now + (wait ?? (was === undefined ? (claim.standing.timeout ?? Infinity) : Infinity));
  const untilGrant = granted ? Infinity : claim.waitEnd;
  claim.until = claim.phase === 'revoking' ? now + (revoking ?? Infinity) : untilGrant;
}

/** It goes on as the last answer to an earlier start says; with none, as if it came now. */
export function restore(claim: ParticipantClaim, answer: Answer | undefined, { monotonic, wall }: Now): void {
  if (answer === undefined) {
    resume(claim, undefined, monotonic);
    return;
  }
  const left = (time: string | undefined) => (time === undefined ? Infinity : Date.parse(time) - wall);
  const isWait = answer.result === 'queued';
  claim.order = answer.order;
  claim.answer = answer;
  claim.wasTold = true;
  claim.hasHadIt = !isWait;
  // Of one that was being revoked, the answer tells only when that ends.
  const lease = Math.min(answer.remaining ?? Infinity, left(answer.expires));
  claim.expires = claim.leaseEnd = monotonic + (answer.result === 'revoking' ? claim.ttl : lease);
  claim.waitEnd = monotonic + (isWait ? left(answer.until) : Infinity);
}

/** What has become of it by our own doing, or for want of contact. */
export function ownAnswer(
  claim: ParticipantClaim,
  result: AnswerResult,
  now: Now,
  more?: Partial<Answer>,
): Answer {
  const { id, resources, leaseEnd } = claim;
  if (result !== 'requeued') return { id, result, resources, ...more, ended: iso(now.wall) };
  const lease = { expires: isoAt(leaseEnd, now), remaining: Math.max(0, leaseEnd - now.monotonic) };
  return { id, result, resources, ...more, ...(leaseEnd !== Infinity && lease) };
}
