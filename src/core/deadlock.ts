// Rule 9: of all waiting claims on a circle the lowest, then youngest, is to be denied.
//
// A claim that names what it keeps waits for whoever keeps a hold that it cannot preempt. A new circle goes through a
// claim that came, changed, or waits where a hold has changed, so the search starts there and nowhere else.
import { type Claim, ranksAbove } from './claim';
import { canTake } from './settle';
import type { State } from './state';

/** The claim to be denied, with the names of the lockers on its circles; `undefined` if nobody is on one. */
export function findVictim(
  state: State,
  suspects: Iterable<Claim>,
): { readonly claim: Claim; readonly detail: string } | undefined {
  const onCircle = new Set<Claim>();
  for (const suspect of suspects) {
    if (isAtRisk(state, suspect) && !onCircle.has(suspect)) addCircle(state, suspect, onCircle);
  }
  let victim: Claim | undefined;
  for (const claim of onCircle) if (victim === undefined || ranksAbove(victim, claim)) victim = claim;
  if (victim === undefined) return undefined;
  const lockers = [...onCircle].sort((a, b) => a.order - b.order).map((claim) => claim.locker);
  return { claim: victim, detail: [...new Set(lockers)].join(', ') };
}

/** A wait that is over now ends by itself, and a claim that keeps nothing blocks nobody. */
function isAtRisk(state: State, claim: Claim): boolean {
  return claim.phase === 'waiting' && claim.terms.holding.length > 0 && !state.isOverdue(claim);
}

/** Adds all claims that lie on a circle through `start`: those it reaches and that reach it. */
function addCircle(state: State, start: Claim, onCircle: Set<Claim>): void {
  const waits: Array<readonly [waiter: Claim, keeper: Claim]> = [];
  const reached = new Set([start]);
  for (const claim of reached) {
    for (const keeper of waitsFor(state, claim)) {
      waits.push([claim, keeper]);
      reached.add(keeper);
    }
  }
  if (!waits.some(([, keeper]) => keeper === start)) return;
  const reaching = new Set([start]);
  for (const claim of reaching) {
    onCircle.add(claim);
    for (const [waiter, keeper] of waits) if (keeper === claim) reaching.add(waiter);
  }
}

function* waitsFor(state: State, claim: Claim): Generator<Claim, void, undefined> {
  for (const resource of claim.resources) {
    if (resource.locker === claim.locker || canTake(claim, resource)) continue;
    // A revocation ends by itself, and the circle with it.
    if (resource.isFree || resource.isRevoking) continue;
    for (const holder of resource.holders) {
      for (const keeper of state.keeping.get(holder.id) ?? []) {
        if (isAtRisk(state, keeper)) yield keeper;
      }
    }
  }
}
