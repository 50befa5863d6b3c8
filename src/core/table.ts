// The lock table with its limits, for whoever is asked by strangers and has to remember over restarts.
import type { Now } from './command';
import type { LockEvent } from './event';
import { DEFAULT_LIMITS, Guard } from './limits';
import { restoreClaims } from './restore';
import { TrustingTable } from './trusting-table';
import type { ClaimView, Limits, RestoredClaim } from './view';
import { viewClaim } from './views';

export interface LockTableOptions {
  readonly limits?: Partial<Limits>;
  /** Tokens start above this; default 0. */
  readonly tokenFloor?: number;
}

export class LockTable extends TrustingTable {
  constructor(options: LockTableOptions = {}) {
    super(new Guard({ ...DEFAULT_LIMITS, ...options.limits }), options.tokenFloor);
  }

  /**
   * Gives claims of before a restart back to an empty table, as they were; then grants what can be had now.
   * @throws {Error} if the table is not empty.
   */
  restore(claims: readonly RestoredClaim[], now: Now): readonly LockEvent[] {
    const { state } = this;
    if (state.claims.size > 0) throw new Error('only an empty table can be restored');
    state.wall = now.wall;
    restoreClaims(state, claims);
    return this.apply({ type: 'tick' }, now);
  }

  /** The greatest token given so far. */
  get lastToken(): number {
    return this.state.lastToken;
  }

  claim(id: string): ClaimView | undefined {
    const claim = this.state.claims.get(id);
    return claim && viewClaim(claim);
  }

  /** Every live claim, in no particular order. */
  *claims(): Generator<ClaimView, void, undefined> {
    for (const [, claim] of this.state.claims.entries()) yield viewClaim(claim);
  }
}
