// Ends several claims in one go.
import type { RegistryClaim } from '../../src/registry/registry';

/**
 * Those that wait end first: else each release would give the resource to the next one, and let its message through.
 * Returns how many claims that were.
 */
export function releaseEach(claims: readonly RegistryClaim[]): number {
  const held = claims.filter((claim) => claim.isHeld());
  for (const claim of claims.filter((candidate) => !candidate.isHeld())) claim.release();
  for (const claim of held) claim.release();
  return claims.length;
}
