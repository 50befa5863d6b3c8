// The rules of the lock table once more, as plainly as they can be said: one list of claims, everything else worked out
// from it again whenever it is asked for. Slow on purpose; it must never share code with the table that it is compared to.

import type {
  By,
  ClaimCommand,
  Command,
  DenialReason,
  ForceReleaseCommand,
  Limits,
  LockEvent,
  LossReason,
  Now,
  UpdateCommand,
} from '../../src/core';
import { DEFAULT_LIMITS } from '../../src/core';
import { arrivingClaim, asCause, type ModelClaim, tokenOf, viewClaim } from './core-model-claim';
import { ModelClaims, windDown } from './core-model-claims';
import { refuseClaim, refuseUpdate } from './core-model-limits';

export class TableModel extends ModelClaims {
  readonly #limits: Limits;
  #wall = 0;
  #events: LockEvent[] = [];
  #touched = new Set<string>();
  #newcomer: string | undefined;
  #lastToken: number;
  #arrivals = 0;
  #grants = 0;
  #writes = 0;

  constructor(options: { limits?: Partial<Limits>; tokenFloor?: number } = {}) {
    super();
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#lastToken = options.tokenFloor ?? 0;
  }

  apply(command: Command, now: Now): readonly LockEvent[] {
    const time = Math.max(this.time, now.monotonic);
    const events: LockEvent[] = [];
    while (this.nextDeadline() < time) {
      const due = this.nextDeadline();
      events.push(...this.#step({ type: 'tick' }, due, now.wall - (time - due)));
    }
    events.push(...this.#step(command, time, now.wall));
    return events;
  }

  get lastToken(): number {
    return this.#lastToken;
  }

  /** Rule 4. */
  #step(command: Command, time: number, wall: number): LockEvent[] {
    this.time = time;
    this.#wall = wall;
    this.#events = [];
    this.#touched.clear();
    this.#newcomer = undefined;
    this.#endWhatIsDue();
    const ended = this.#events.length;
    const asked = this.#perform(command);
    this.#settle();
    this.#breakCircles();
    if (asked !== undefined) this.#answer(asked, this.#events.slice(asked === this.#newcomer ? ended : 0));
    this.#denyWhatIsOver();
    return [
      ...this.#events,
      ...[...this.#touched].map((resource) => ({ type: 'changed', resource }) as const),
    ];
  }

  #endWhatIsDue(): void {
    for (const claim of this.live.filter(({ expires }) => expires <= this.time)) {
      if (claim.hold) this.#lose(claim, 'expired');
      else this.#deny(claim, 'expired');
    }
    for (const claim of [...this.live]) {
      if (claim.revocation && claim.revocation.until <= this.time) this.#giveUp(claim, claim.revocation.by);
    }
  }

  /** Does the command, and names the claim that is to be told its outcome, if any. */
  #perform(command: Command): string | undefined {
    switch (command.type) {
      case 'claim':
        return this.find(command.id) ? command.id : this.#arrive(command);
      case 'update':
        return this.#update(command);
      case 'release':
        return this.#release(command.id);
      case 'yield':
        return this.#yield(command.id);
      case 'forceRelease':
        return this.#forceRelease(command);
      case 'endSession':
        return this.#endSession(command.session);
      case 'tick':
        return undefined;
    }
  }

  #arrive(command: ClaimCommand): string | undefined {
    const reason = refuseClaim(command, this.live, this.#limits);
    if (reason) return this.#refuse(command.type, command.id, reason);
    this.live.push(arrivingClaim(command, this.time, ++this.#arrivals, ++this.#writes));
    this.#newcomer = command.id;
    return command.id;
  }

  #update(command: UpdateCommand): string | undefined {
    const claim = this.find(command.id);
    const reason = claim ? refuseUpdate(command, this.#limits) : 'unknown';
    if (!claim || reason) return this.#refuse(command.type, command.id, reason ?? 'unknown');
    const { priority = claim.priority, value, renew = false } = command;
    if (value !== undefined || renew || priority !== claim.priority) this.touch(claim);
    claim.priority = priority;
    if (value !== undefined) {
      claim.value = value;
      claim.written = ++this.#writes;
    }
    if (renew) this.#renew(claim, command.ttl ?? claim.ttl);
    return command.id;
  }

  /** Rule 6: the lease of a once claim that waits does not count yet. */
  #renew(claim: ModelClaim, ttl: number): void {
    claim.ttl = ttl;
    if (claim.hold || claim.standing) claim.expires = this.time + ttl;
  }

  #release(id: string): undefined {
    const claim = this.find(id);
    if (!claim) return this.#refuse('release', id, 'unknown');
    this.#remove(claim);
    this.#events.push({ type: 'released', id });
  }

  #yield(id: string): undefined {
    const claim = this.find(id);
    if (!claim?.revocation) return this.#refuse('yield', id, claim ? 'invalid' : 'unknown');
    this.#giveUp(claim, claim.revocation.by);
  }

  /** Rule 12. */
  #forceRelease({ resource, token, by }: ForceReleaseCommand): undefined {
    const seen = this.holders(resource).filter((claim) => tokenOf(claim, resource) === token);
    if (seen.length === 0) return this.#refuse('forceRelease', resource, 'changed');
    for (const claim of seen) this.#lose(claim, 'forced', { locker: by });
  }

  #endSession(session: string): undefined {
    for (const claim of this.live.filter((one) => one.session === session)) {
      if (claim.hold) this.#lose(claim, 'session');
      else this.#deny(claim, 'session');
    }
  }

  #refuse(command: Command['type'], id: string, reason: DenialReason): undefined {
    this.#events.push({ type: 'denied', id, command, reason });
  }

  #settle(): void {
    let settled = false;
    while (!settled) settled = !this.#walk();
  }

  /** Goes through all waiters by rank up to the first one for whom something changes; false if there is none. */
  #walk(): boolean {
    const reserved = new Set<string>();
    for (const claim of this.waitersByRank()) {
      if (claim.resources.some((name) => reserved.has(name))) continue;
      if (claim.resources.every((name) => this.canHaveNow(claim, name))) {
        this.#grant(claim);
        return true;
      }
      if (this.isOver(claim) || !claim.resources.every((name) => this.canHaveLater(claim, name))) continue;
      if (this.#revokeFor(claim)) return true;
      if (this.reserves(claim)) for (const name of claim.resources) reserved.add(name);
    }
    return false;
  }

  /** Rule 8: who waits only for revocations keeps its resources from those below. */
  protected reserves(_claim: ModelClaim): boolean {
    return true;
  }

  /** Rule 8: revokes at once all that must be revoked for this claim; false if there is nothing to revoke. */
  #revokeFor(claim: ModelClaim): boolean {
    let revoked = false;
    for (const name of claim.resources) {
      if (this.canHaveNow(claim, name) || this.isRevoking(name)) continue;
      for (const loser of this.holders(name)) {
        if (loser.revocation) continue;
        revoked = true;
        if (windDown(loser) > 0) this.#revoke(loser, asCause(claim));
        else this.#giveUp(loser, asCause(claim));
      }
    }
    return revoked;
  }

  #revoke(claim: ModelClaim, by: By): void {
    claim.revocation = { until: this.time + windDown(claim), by };
    this.touch(claim);
    this.#events.push({ type: 'revoking', id: claim.id, until: claim.revocation.until, by, repeated: false });
  }

  #grant(claim: ModelClaim): void {
    for (const name of claim.resources) {
      for (const other of this.holders(name)) {
        if (other.locker !== claim.locker) this.#giveUp(other, asCause(claim));
      }
    }
    this.#hold(claim);
    claim.grantedBefore = true;
    claim.waitUntil = Infinity;
    if (!claim.standing) claim.expires = this.time + claim.ttl;
    this.#tellGrant(claim, false);
  }

  #tellGrant(claim: ModelClaim, repeated: boolean): void {
    const { token, id, expires } = viewClaim(claim);
    const regained = claim.hold?.regained ?? false;
    this.#events.push({ type: 'granted', id, token, expires, regained, repeated });
  }

  /** Rule 7: new holds of one grant share a new token; re-entrance keeps the hold's. */
  #hold(claim: ModelClaim): void {
    const own = claim.resources.map((name) => this.holders(name)[0]);
    if (own.includes(undefined)) this.#lastToken = Math.max(this.#lastToken + 1, Math.floor(this.#wall));
    claim.hold = {
      tokens: claim.resources.map((name, i) => (own[i] ? tokenOf(own[i], name) : this.#lastToken)),
      since: claim.resources.map((name) => this.resource(name)?.since ?? this.#wall),
      grant: ++this.#grants,
      regained: claim.grantedBefore,
    };
    this.touch(claim);
  }

  /** A preempted or revoked claim goes: back to waiting if it stands, else for good. */
  #giveUp(claim: ModelClaim, by: By): void {
    if (!claim.standing) {
      this.#lose(claim, 'preempted', by);
      return;
    }
    claim.hold = undefined;
    claim.revocation = undefined;
    this.touch(claim);
    this.#events.push({ type: 'requeued', id: claim.id, by });
  }

  #lose(claim: ModelClaim, reason: LossReason, by?: By): void {
    this.#remove(claim);
    this.#events.push({ type: 'lost', id: claim.id, reason, ...(by && { by }) });
  }

  /** Ends a waiting claim without a grant. */
  #deny(claim: ModelClaim, reason: DenialReason, more: { by?: By | undefined; detail?: string } = {}): void {
    this.#remove(claim);
    this.#events.push({ type: 'denied', id: claim.id, command: 'claim', reason, ...more });
  }

  #remove(claim: ModelClaim): void {
    this.live = this.live.filter((other) => other !== claim);
    // Nobody has seen a claim that ends in the step of its arrival.
    if (claim.id !== this.#newcomer) this.touch(claim);
  }

  protected touch(claim: ModelClaim): void {
    for (const name of claim.resources) this.#touched.add(name);
  }

  /** Rule 9. */
  #breakCircles(): void {
    for (let victim = this.victim(); victim; victim = this.victim()) {
      this.#deny(victim, 'deadlock', { detail: this.lockersOnCircle(victim).join(', ') });
      this.#settle();
    }
  }

  /** Tells the present outcome of a claim that was made, repeated or updated, unless this step has told it already. */
  #answer(id: string, told: readonly LockEvent[]): void {
    const claim = this.find(id);
    if (!claim || this.isOver(claim) || told.some((event) => 'id' in event && event.id === id)) return;
    const repeated = id !== this.#newcomer;
    const { revokedBy: by, until } = viewClaim(claim);
    if (by && until !== undefined) this.#events.push({ type: 'revoking', id, until, by, repeated });
    else if (claim.hold) this.#tellGrant(claim, repeated);
    else this.#events.push({ type: 'queued', id, repeated });
    if (!repeated) this.touch(claim);
  }

  #denyWhatIsOver(): void {
    for (const claim of this.live.filter((one) => this.isOver(one))) {
      this.#deny(claim, 'timeout', { by: this.inTheWayOf(claim) });
    }
  }
}
