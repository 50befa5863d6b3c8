// Everything that the table remembers, and the step that it is in.
import { type Claim, ranksAbove } from './claim';
import type { LockEvent } from './event';
import { Heap } from './heap';
import { IndexMap } from './index-map';
import type { Guard } from './limits';
import type { Resource } from './resource';

export class State {
  /** Keeps out what is no claim or over a limit; without one, whoever asks is trusted. */
  readonly guard: Guard | undefined;
  readonly claims = new IndexMap<Claim>();
  readonly resources = new IndexMap<Resource>();
  readonly sessions = new IndexMap<Set<Claim>>();
  /** Waiting claims by the id of a claim that they keep meanwhile (rule 9). */
  readonly keeping = new IndexMap<Set<Claim>>();
  /** Claims with a deadline, the earliest first. */
  readonly deadlines = new Heap<Claim>(isDueBefore, placeInDeadlines);
  lastToken: number;
  arrivals = 0;
  writes = 0;

  /** The time of the running step. */
  monotonic = -Infinity;
  wall = 0;
  /** What became true in the running `apply`. */
  readonly events: LockEvent[] = [];
  /** Resources whose change is not told yet. */
  readonly changed: Resource[] = [];
  /** Resources at which somebody's turn may have come. */
  readonly dirty: Resource[] = [];
  /** Claims to be tried, best first. */
  readonly pending = new Heap<Claim>(ranksAbove, () => {});
  /** Claims whose wait is over now (rule 4): they may be granted, but revoke nobody. */
  overdue: Claim[] = [];
  /** The claim that this step's command brought: nobody has seen it yet. */
  arriving: Claim | undefined = undefined;

  constructor(guard: Guard | undefined, tokenFloor: number) {
    this.guard = guard;
    this.lastToken = tokenFloor;
  }

  emit(event: LockEvent): void {
    this.events.push(event);
  }

  /** Hands out what became true, and begins anew. */
  takeEvents(): readonly LockEvent[] {
    const { events } = this;
    const taken = events.slice();
    while (events.length > 0) events.pop();
    return taken;
  }

  /** Its holder, value, claims or waiters are not what they were. */
  noteChange(resource: Resource): void {
    if (!resource.isChanged) {
      resource.isChanged = true;
      this.changed.push(resource);
    }
  }

  /** Somebody's turn may have come there. */
  noteDirty(resource: Resource): void {
    if (!resource.isDirty) {
      resource.isDirty = true;
      this.dirty.push(resource);
    }
  }

  /** The claim is to be tried in this step. */
  notePending(claim: Claim): void {
    if (!claim.isPending) {
      claim.isPending = true;
      this.pending.push(claim);
    }
  }

  isOverdue(claim: Claim): boolean {
    return claim.waitUntil <= this.monotonic;
  }

  /** Keeps the claim's earliest deadline; to be called whenever one of them or its phase has changed. */
  noteDeadline(claim: Claim): void {
    const due = earliestDeadline(claim);
    if (due === claim.due) return;
    claim.due = due;
    if (claim.dueIndex >= 0) {
      if (due === Infinity) this.deadlines.removeAt(claim.dueIndex);
      else this.deadlines.moved(claim.dueIndex);
    } else if (due !== Infinity) {
      this.deadlines.push(claim);
    }
  }
}

function earliestDeadline(claim: Claim): number {
  switch (claim.phase) {
    case 'held':
      return Math.min(claim.expires, claim.revokedUntil);
    case 'waiting':
      return Math.min(claim.expires, claim.waitUntil);
    case 'ended':
      return Infinity;
  }
}

function isDueBefore(a: Claim, b: Claim): boolean {
  return a.due === b.due ? a.order < b.order : a.due < b.due;
}

function placeInDeadlines(claim: Claim, index: number): void {
  claim.dueIndex = index;
}
