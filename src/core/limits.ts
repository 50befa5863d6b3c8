// The limits of a table (rule 13) and the check of a command against them.
import type { Limits } from './view';

export const DEFAULT_LIMITS: Limits = {
  claimsPerRequester: 10_000,
  resourcesPerRequester: 10_000,
  resources: 1_000_000,
  resourcesPerClaim: 64,
  nameBytes: 512,
  valueBytes: 8 * 1024,
  graceMs: 5_000,
};
