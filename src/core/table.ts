// The lock table: applies commands to claims and answers with events. It must never look at a clock or do I/O.
import type { Command, Now } from './command';
import type { LockEvent } from './event';
import type { ClaimView, Limits, ResourceView, RestoredClaim } from './view';

export interface LockTableOptions {
  readonly limits?: Partial<Limits>;
  /** Tokens start above this. */
  readonly tokenFloor?: number;
}

export class LockTable {
  constructor(readonly options: LockTableOptions = {}) {}
  /** Gives claims of before a restart back to an empty table; grants what can be had and answers with the events. */
  restore(_claims: readonly RestoredClaim[], _now: Now): readonly LockEvent[] {
    throw new Error('not built yet');
  }
  /** Does one step and answers with what became true by it, in order. */
  apply(_command: Command, _now: Now): readonly LockEvent[] {
    throw new Error('not built yet');
  }
  /** Monotonic ms at which `apply({ type: 'tick' })` is due; `Infinity` when nothing is. */
  nextDeadline(): number {
    throw new Error('not built yet');
  }
  claim(_id: string): ClaimView | undefined {
    throw new Error('not built yet');
  }
  claims(): Iterable<ClaimView> {
    throw new Error('not built yet');
  }
  /** A resource with at least one live claim; `waiters` cuts the list of those who wait (default 16). */
  resource(_name: string, _waiters = 16): ResourceView | undefined {
    throw new Error('not built yet');
  }
  /** Names of all resources with at least one live claim. */
  resources(): Iterable<string> {
    throw new Error('not built yet');
  }
  /** The greatest token given so far. */
  get lastToken(): number {
    throw new Error('not built yet');
  }
}
