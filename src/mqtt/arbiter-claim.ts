// A claim as the arbiter keeps it beside the lock table: whose it is, its last message, what was answered to it.
import type { ClaimCommand } from '../core';
import type { Timing } from './arbiter-context';
import type { Answer, AnswerReason, ClaimMessage } from './messages';

/** Told of the claims of the arbiter's own runtime. */
export interface Hearer {
  /** Every answer, refusals of further messages too. */
  hear(claim: ArbiterClaim, answer: Answer): void;
  /** A claim that an earlier run has left goes on; what has become of it meanwhile is told after this. */
  recall(claim: ArbiterClaim): void;
  /** The same claim, by its id, is here from now on; what has become of it is told after this. */
  move?(claim: ArbiterClaim): void;
}

/** What a message asks for, with names and numbers looked up and the policy applied. */
export interface Wish {
  readonly resources: readonly string[];
  /** As people know it. */
  readonly locker: string;
  /** The locker in the lock table: it belongs to its requester. */
  readonly identity: string;
  readonly priority: number;
  /** In ms; `Infinity` without a lease. */
  readonly ttl: number;
  /** What the requester should know of it. */
  readonly detail?: string | undefined;
}

export interface ClaimOrigin {
  /** Names it in the lock table. */
  readonly id: string;
  readonly requester: string;
  /** What follows the requester in its topics. */
  readonly name: string;
  /** Who speaks for it: a device by its retained message, the arbiter's own runtime, or a session elsewhere. */
  readonly kind: 'device' | 'own' | 'session';
  /** The instance that speaks for it; `undefined` for a device. */
  readonly session: string | undefined;
}

export class ArbiterClaim {
  readonly id: string;
  readonly requester: string;
  readonly name: string;
  readonly locker: string;
  readonly identity: string;
  readonly resources: readonly string[];
  readonly kind: ClaimOrigin['kind'];
  /** The instance that speaks for it: of a claim that is kept, it changes with each restart. */
  session: string | undefined;
  /** What stands of its messages. */
  message: ClaimMessage;
  priority: number;
  ttl: number;
  detail: string | undefined;
  /** Its message and its answers are retained, so that it survives this process. */
  isKept: boolean;
  /** Which of its owner's claims it is, for a claim of our own runtime. */
  owner: ClaimKey | undefined = undefined;
  /** Of the last payload, for a claim of a device. */
  hash: string | undefined = undefined;
  phase: 'asked' | 'waiting' | 'held' | 'revoking' | 'ended' = 'asked';
  /** Monotonic ms at which its lease runs out; `Infinity` without one, or while it does not count yet. */
  expires = Infinity;
  /** Monotonic ms at which its first wait or its revocation is over. */
  until = Infinity;
  /** Its place in the order of arrival, where a later arbiter must know it. */
  order: number | undefined = undefined;
  wasGranted = false;
  /** The last answer, refusals of further messages apart. */
  answer: Answer | undefined = undefined;
  /** Why its locker is ending it, while it does. */
  leaving: AnswerReason | undefined = undefined;
  /** The broker has lost it, so that its absence there means nothing. */
  isUnbacked = false;
  /** Its last message alone does not say all that stands of it. */
  isPartial = false;
  isRestored = false;
  /** Whether its hold is believed in only after the states of its resources have come back, and whether they have. */
  proof: 'needless' | 'awaited' | 'there' = 'needless';
  /** A hold of it was told after its proof, at least once. */
  wasProven = false;

  constructor(origin: ClaimOrigin, message: ClaimMessage, wish: Wish) {
    const { id, requester, name, kind, session } = origin;
    this.id = id;
    this.requester = requester;
    this.name = name;
    this.kind = kind;
    this.session = session;
    this.message = message;
    this.locker = wish.locker;
    this.identity = wish.identity;
    this.resources = wish.resources;
    this.priority = wish.priority;
    this.ttl = wish.ttl;
    this.detail = wish.detail;
    this.isKept = kind === 'device';
  }

  get isDevice(): boolean {
    return this.kind === 'device';
  }

  /** Of the arbiter's own runtime. */
  get isOwn(): boolean {
    return this.kind === 'own';
  }

  /** Whose it is, and which. */
  get address(): { readonly requester: string; readonly name: string } {
    return { requester: this.requester, name: this.name };
  }

  get isStanding(): boolean {
    return this.message.once !== true;
  }

  get isHeld(): boolean {
    return this.phase === 'held' || this.phase === 'revoking';
  }

  get isProven(): boolean {
    return this.proof !== 'awaited';
  }

  get isAlive(): boolean {
    return this.phase !== 'ended';
  }
}

/** Names a claim among all claims of one runtime: the path of its owner, and the key that this one gave it. */
export interface ClaimKey {
  readonly path: string;
  readonly key: string;
}

const NUL = '\0';

/** A device's claim is known by requester and name; ids of our own runtime have no NUL. */
export function deviceClaimId(requester: string, name: string): string {
  return `${requester}${NUL}${name}`;
}

/** A locker belongs to its requester: the same name from two of them is two lockers. */
export function ownLocker(requester: string, locker: string): string {
  return `${requester}${NUL}${locker}`;
}

/** The one locker of all requesters that act as it. No requester's name is empty, so that it is nobody's own. */
export function sharedLocker(actsAs: string): string {
  return NUL + actsAs;
}

/** The locker of an identity in the lock table, as people know it. */
export function lockerOf(identity: string): string {
  return identity.slice(identity.indexOf(NUL) + 1);
}

/** How the lock table is asked for it. */
export function claimCommand(claim: ArbiterClaim, timing: Timing): ClaimCommand {
  const { value, timeout, grace, preempt, holding } = claim.message;
  return {
    type: 'claim',
    id: claim.id,
    resources: claim.resources,
    locker: claim.identity,
    requester: claim.requester,
    // What is kept survives its session, and may be so from one moment to the next: each ends by itself.
    session: claim.kind === 'session' ? sessionOf(claim.id) : claim.session,
    priority: claim.priority,
    value,
    ttl: claim.ttl,
    timeout,
    grace,
    preempt,
    standing: claim.isStanding,
    handover: claim.kind === 'session' ? handoverOf(grace, timing) : undefined,
    holding: holding?.map((id) => (claim.isDevice ? deviceClaimId(claim.requester, id) : id)),
  };
}

/** The session in the lock table of a claim that ends by itself. */
export function sessionOf(id: string): string {
  return NUL + id;
}

/** Clocks may differ by so much, and a bit. */
const SLOWEST = 1.1;

/**
 * How long the holder is waited for. It counts its grace from the last heartbeat that it knows to be returned, which
 * may be more than one old.
 */
function handoverOf(grace: number | undefined, { handoverTimeout, beat }: Timing): number {
  return grace === undefined || grace === 0
    ? handoverTimeout
    : Math.max(handoverTimeout, SLOWEST * grace + 1.5 * beat);
}
