// A live claim as the table keeps it, and the order in which claims rank.
import type { ClaimCommand, Json } from './command';
import type { By } from './event';
import type { Resource } from './resource';

export class Claim {
  readonly id: string;
  readonly resources: readonly Resource[];
  readonly locker: string;
  readonly requester: string;
  readonly session: string | undefined;
  readonly standing: boolean;
  readonly polite: boolean;
  readonly grace: number;
  readonly handover: number;
  readonly holding: readonly string[];
  readonly order: number;
  phase: 'waiting' | 'held' | 'ended' = 'waiting';
  priority: number;
  value: Json | undefined;
  /** When its value was written, among all writes of the table. */
  written: number;
  ttl: number;
  expires = Infinity;
  waitUntil = Infinity;
  /** Who had it told to stop; `undefined` while nobody has. */
  revokedBy: By | undefined = undefined;
  until = Infinity;
  grantedTimes = 0;
  /** The earliest of its deadlines, and its place in the heaps that it is in (-1: in none). */
  due = Infinity;
  dueIndex = -1;
  rankIndex = -1;
  isQueued = false;
  isPending = false;
  /** Rule 8: waits only for running revocations, and keeps its resources from those below it. */
  isReserving = false;

  constructor(command: ClaimCommand, resources: readonly Resource[], order: number, written: number) {
    this.id = command.id;
    this.resources = resources;
    this.locker = command.locker;
    this.requester = command.requester ?? '';
    this.session = command.session;
    this.standing = command.standing ?? false;
    this.polite = command.preempt === false;
    this.grace = command.grace ?? 0;
    this.handover = command.handover ?? 0;
    this.holding = command.holding ?? NOTHING;
    this.order = order;
    this.priority = command.priority ?? 0;
    this.value = command.value;
    this.written = written;
    this.ttl = command.ttl ?? Infinity;
  }

  get isSeveral(): boolean {
    return this.resources.length > 1;
  }

  get isRevoking(): boolean {
    return this.revokedBy !== undefined;
  }

  /** How long is waited for its holder when it is preempted (rule 2). */
  get windDown(): number {
    return Math.max(this.grace, this.handover);
  }

  /** Rule 7: a claim's token is the greatest of its holds'. */
  get token(): number {
    if (this.phase !== 'held') return 0;
    let token = 0;
    for (const resource of this.resources) if (resource.token > token) token = resource.token;
    return token;
  }
}

const NOTHING: readonly string[] = [];

/** Rule 3: rank is priority, then order of arrival. */
export function ranksAbove(a: Claim, b: Claim): boolean {
  return a.priority === b.priority ? a.order < b.order : a.priority > b.priority;
}

/** How a claim is named to others as the cause of what happened to them. */
export function nameCause(claim: Claim): By {
  return { locker: claim.locker, id: claim.id, requester: claim.requester, priority: claim.priority };
}
