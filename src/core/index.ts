// The lock table: a deterministic state machine for prioritised, preemptive, re-entrant locks.
export type * from './command';
export type { OwnCommand } from './commands';
export type * from './event';
export { Heap } from './heap';
export { IndexMap } from './index-map';
export { DEFAULT_LIMITS } from './limits';
export { LockTable } from './table';
export { TrustingTable } from './trusting-table';
export type * from './view';
