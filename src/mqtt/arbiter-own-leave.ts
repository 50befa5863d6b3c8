// The claims of the arbiter's own runtime as another authority is to have them: what was asked for, and what was told.
import type { Now } from '../core';
import type { ArbiterClaim } from './arbiter-claim';
import type { Decider } from './arbiter-decider';
import type { Answer } from './messages';
import type { HandedClaim } from './participant-claims';
import type { Was } from './session-messages';

/** Every live claim of our own runtime. Changes nothing. */
export function ownClaims(
  { claims, table }: Pick<Decider, 'claims' | 'table'>,
  now: Now,
): readonly HandedClaim[] {
  const own = [...claims.values()].filter((claim) => claim.isOwn && claim.isAlive);
  return own.map((claim) => {
    const { id, name, message, isKept, owner } = claim;
    const answer = toldOf(claim);
    const make = {
      op: 'claim',
      ...{ id, name, message, keep: isKept },
      ...(owner !== undefined && { owner }),
      ...(answer !== undefined && { was: wasOf(claim, table, now) }),
    } as const;
    return { make, phase: phaseOf(claim, answer), answer, changes: [] };
  });
}

/** A grant that was kept back was never told, and so never was one. */
function toldOf({ answer, isHeld, isProven, wasProven }: ArbiterClaim): Answer | undefined {
  if (answer === undefined || !isHeld || isProven) return answer;
  if (!wasProven) return undefined;
  const { token: _token, ...rest } = answer;
  return { ...rest, result: 'requeued' };
}

function phaseOf(
  { phase, isHeld, isProven }: ArbiterClaim,
  answer: Answer | undefined,
): ArbiterClaim['phase'] {
  if (!isHeld || isProven) return phase;
  return answer === undefined ? 'asked' : 'waiting';
}

function wasOf(claim: ArbiterClaim, table: Decider['table'], { monotonic }: Now): Was {
  const { id, expires, until, phase, proof, wasGranted, wasProven, isHeld, isProven, resources } = claim;
  const granted = proof === 'needless' ? wasGranted : wasProven;
  const order = table.claim(id)?.order;
  const tokens = resources.map((name) => [name, table.resource(name)?.token ?? 0] as const);
  const left = (due: number) => Math.max(0, due - monotonic);
  return {
    ...(order !== undefined && { order }),
    granted,
    ...(isHeld && isProven && { tokens: Object.fromEntries(tokens) }),
    ...(expires !== Infinity && { remaining: left(expires) }),
    ...(phase === 'waiting' && !granted && until !== Infinity && { wait: left(until) }),
    ...(phase === 'revoking' && until !== Infinity && { revoking: left(until) }),
  };
}
