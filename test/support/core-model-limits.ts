// Rule 13 and the ranges of arguments, for the dumb model: why a command is refused before it changes anything.
import type { ClaimCommand, DenialReason, Json, Limits, UpdateCommand } from '../../src/core';
import type { ModelClaim } from './core-model-claim';

/** Why a new claim is refused, or undefined. */
export function refuseClaim(
  claim: ClaimCommand,
  live: readonly ModelClaim[],
  limits: Limits,
): DenialReason | undefined {
  const { resources, locker, priority = 0, ttl = Infinity, timeout = 0, grace = 0, handover = 0 } = claim;
  if (resources.length > limits.resourcesPerClaim) return 'too-many';
  if (resources.length === 0 || new Set(resources).size < resources.length) return 'invalid';
  if (resources.includes('') || locker === '') return 'invalid';
  if ([...resources, locker].some((name) => Buffer.byteLength(name) > limits.nameBytes)) return 'too-long';
  if (!Number.isFinite(priority) || !(ttl > 0)) return 'invalid';
  if (!(timeout >= 0) || !(grace >= 0) || !(handover >= 0)) return 'invalid';
  if (grace > limits.graceMs || isTooLong(claim.value, limits)) return 'too-long';
  return isFull(claim, live, limits) ? 'full' : undefined;
}

/** Why an update is refused, or undefined. */
export function refuseUpdate(update: UpdateCommand, limits: Limits): DenialReason | undefined {
  const { priority = 0, ttl = Infinity, renew = false } = update;
  if (!Number.isFinite(priority) || !(ttl > 0)) return 'invalid';
  if (update.ttl !== undefined && !renew) return 'invalid';
  return isTooLong(update.value, limits) ? 'too-long' : undefined;
}

function isTooLong(value: Json | undefined, limits: Limits): boolean {
  return value !== undefined && Buffer.byteLength(JSON.stringify(value)) > limits.valueBytes;
}

function isFull(claim: ClaimCommand, live: readonly ModelClaim[], limits: Limits): boolean {
  const mine = live.filter((other) => other.requester === (claim.requester ?? ''));
  const references = mine.flatMap((other) => other.resources).length + claim.resources.length;
  if (mine.length + 1 > limits.claimsPerRequester || references > limits.resourcesPerRequester) return true;
  const before = new Set(live.flatMap((other) => other.resources));
  const after = new Set([...before, ...claim.resources]);
  // A requester with few claims is always let in, so that no stranger keeps an alarm out by filling the table.
  return after.size > before.size && after.size > limits.resources && references > limits.resourcesPerClaim;
}
