// The lock table with its limits, for whoever is asked by strangers.
import { DEFAULT_LIMITS, Guard } from './limits';
import { TrustingTable } from './trusting-table';
import type { Limits } from './view';

export interface LockTableOptions {
  readonly limits?: Partial<Limits>;
  /** Tokens start above this; default 0. */
  readonly tokenFloor?: number;
}

export class LockTable extends TrustingTable {
  constructor(options: LockTableOptions = {}) {
    super(new Guard({ ...DEFAULT_LIMITS, ...options.limits }), options.tokenFloor);
  }
}
