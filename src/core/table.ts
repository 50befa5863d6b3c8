// The lock table with its limits, for whoever is asked by strangers and has to remember over restarts.
import type { Command, Now } from './command';
import { performAny } from './commands-on-others';
import type { LockEvent } from './event';
import { DEFAULT_LIMITS, Guard } from './limits';
import { restoreClaims } from './restore';
import { stepThrough } from './step';
import { TrustingTable } from './trusting-table';
import type { ClaimView, Limits, ResourceView, RestoredClaim } from './view';
import { viewClaim, viewResource } from './views';

export interface LockTableOptions {
  readonly limits?: Partial<Limits>;
  /** Tokens start above this; default 0. */
  readonly tokenFloor?: number;
}

export class LockTable extends TrustingTable {
  constructor(options: LockTableOptions = {}) {
    super(new Guard({ ...DEFAULT_LIMITS, ...options.limits }), options.tokenFloor);
  }

  /** As for a table without limits, and takes the commands of operators and sessions, too. */
  override apply(command: Command, now: Now): readonly LockEvent[] {
    stepThrough(this.state, command, now, performAny);
    return this.state.takeEvents();
  }

  /**
   * Gives claims of before a restart back to the table, as they were; then grants what can be had now.
   * @throws {Error} if one of them is alive.
   */
  restore(claims: readonly RestoredClaim[], now: Now): readonly LockEvent[] {
    const { state } = this;
    const living = claims.find(({ id }) => state.claims.get(id) !== undefined);
    if (living !== undefined) throw new Error(`the claim ${living.id} is alive`);
    state.wall = now.wall;
    restoreClaims(state, claims);
    return this.apply({ type: 'tick' }, now);
  }

  /** Gives no token up to this one any more. */
  passToken(token: number): void {
    this.state.lastToken = Math.max(this.state.lastToken, token);
  }

  /** The greatest token given so far. */
  get lastToken(): number {
    return this.state.lastToken;
  }

  claim(id: string): ClaimView | undefined {
    const claim = this.state.claims.get(id);
    return claim && viewClaim(claim);
  }

  /** A resource with at least one live claim; `waiters` cuts the list of those who wait. */
  resource(name: string, waiters = 16): ResourceView | undefined {
    const resource = this.state.resources.get(name);
    return resource && viewResource(resource, waiters);
  }

  /** Every live claim, in no particular order. */
  *claims(): Generator<ClaimView, void, undefined> {
    for (const [, claim] of this.state.claims.entries()) yield viewClaim(claim);
  }
}
