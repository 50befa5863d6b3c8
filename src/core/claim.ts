// A live claim as the table keeps it, and the order in which claims rank.
import type { ClaimCommand, Json } from './command';
import type { By } from './event';
import type { Resource } from './resource';

/** What was asked for besides names, priority and lease. Most claims ask for nothing special and share one. */
interface Terms {
  readonly requester: string;
  readonly session: string | undefined;
  readonly standing: boolean;
  readonly polite: boolean;
  readonly grace: number;
  readonly handover: number;
  readonly holding: readonly string[];
}

/** What a claim has only while it waits and was not granted at once. */
interface Wait {
  /** When the first wait is over. */
  until: number;
  isQueued: boolean;
  /** Rule 8: waits only for running revocations, and keeps its resources from those below it. */
  isReserving: boolean;
  /** Its place among the single waiters of its resource. */
  rankIndex: number;
}

/** What a claim has only while it is told to stop. */
interface Revocation {
  readonly by: By;
  readonly until: number;
}

export class Claim {
  readonly id: string;
  readonly resources: readonly Resource[];
  readonly locker: string;
  readonly terms: Terms;
  readonly order: number;
  phase: 'waiting' | 'held' | 'ended' = 'waiting';
  priority: number;
  value: Json | undefined;
  /** When its value was written, among all writes of the table. */
  written: number;
  ttl: number;
  expires = Infinity;
  wait: Wait | undefined = undefined;
  revocation: Revocation | undefined = undefined;
  grantedTimes = 0;
  /** The earliest of its deadlines, and its place among all deadlines (-1: it has none). */
  due = Infinity;
  dueIndex = -1;
  /** It is to be tried in the running step. */
  isPending = false;

  constructor(command: ClaimCommand, resources: readonly Resource[], order: number, written: number) {
    this.id = command.id;
    this.resources = resources;
    this.locker = command.locker;
    this.terms = termsOf(command);
    this.order = order;
    this.priority = command.priority ?? 0;
    this.value = command.value;
    this.written = written;
    this.ttl = command.ttl ?? Infinity;
  }

  get isSeveral(): boolean {
    return this.resources.length > 1;
  }

  /** When the first wait is over; `Infinity` without a bound. */
  get waitUntil(): number {
    return this.wait?.until ?? Infinity;
  }

  get isQueued(): boolean {
    return this.wait?.isQueued === true;
  }

  get isReserving(): boolean {
    return this.wait?.isReserving === true;
  }

  get isRevoking(): boolean {
    return this.revocation !== undefined;
  }

  /** When the revocation is over; `Infinity` while it is not told to stop. */
  get revokedUntil(): number {
    return this.revocation?.until ?? Infinity;
  }

  /** How long is waited for its holder when it is preempted (rule 2). */
  get windDown(): number {
    return Math.max(this.terms.grace, this.terms.handover);
  }

  /** Rule 7: a claim's token is the greatest of its holds'. */
  get token(): number {
    if (this.phase !== 'held') return 0;
    let token = 0;
    for (const resource of this.resources) if (resource.token > token) token = resource.token;
    return token;
  }

  /** What it has while it waits, made when it is first needed. */
  waiting(): Wait {
    this.wait ??= { until: Infinity, isQueued: false, isReserving: false, rankIndex: -1 };
    return this.wait;
  }
}

const PLAIN: Terms = {
  requester: '',
  session: undefined,
  standing: false,
  polite: false,
  grace: 0,
  handover: 0,
  holding: [],
};

function termsOf(command: ClaimCommand): Terms {
  const { requester, session, standing, preempt, grace, handover, holding } = command;
  const rare = requester ?? session ?? standing ?? preempt ?? grace ?? handover ?? holding;
  if (rare === undefined) return PLAIN;
  return {
    requester: requester ?? '',
    session,
    standing: standing ?? false,
    polite: preempt === false,
    grace: grace ?? 0,
    handover: handover ?? 0,
    holding: holding ?? PLAIN.holding,
  };
}

/** Rule 3: rank is priority, then order of arrival. */
export function ranksAbove(a: Claim, b: Claim): boolean {
  return a.priority === b.priority ? a.order < b.order : a.priority > b.priority;
}

/** How a claim is named to others as the cause of what happened to them. */
export function nameCause(claim: Claim): By {
  return { locker: claim.locker, id: claim.id, requester: claim.terms.requester, priority: claim.priority };
}
