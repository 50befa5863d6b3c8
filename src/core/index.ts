// The lock table: a deterministic state machine for prioritised, preemptive, re-entrant locks.
export type * from './command';
export type * from './event';
export { DEFAULT_LIMITS } from './limits';
export { LockTable, type LockTableOptions } from './table';
export { TrustingTable } from './trusting-table';
export type * from './view';
