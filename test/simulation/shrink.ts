// Finds a shorter history that still goes wrong: leaves out faults and deeds as long as it does.
import type { Plan, Round, Step } from './plan';

/** So many histories are tried. */
const MOST_TRIES = 400;

/** `fails` says whether a plan goes wrong in the same way. */
export async function shrink(plan: Plan, fails: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  let best = plan;
  let tries = 0;
  const attempt = async (candidate: Plan): Promise<boolean> => {
    if (tries++ >= MOST_TRIES || !(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let round = plan.rounds.length - 1; round >= 0 && best.rounds.length > 1; round--) {
    await attempt({ ...best, rounds: best.rounds.filter((_, index) => index !== round) });
  }
  for (let size = Math.ceil(countSteps(best) / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = countSteps(best) - size; start > -size && tries < MOST_TRIES; start -= size) {
      await attempt(without(best, Math.max(0, start), Math.max(0, start) + size));
    }
  }
  return best;
}

export function countSteps({ rounds }: Plan): number {
  return rounds.reduce((sum, { steps }) => sum + steps.length, 0);
}

/** Without the steps from `start` up to, but not, `end`, counted over all rounds. */
function without(plan: Plan, start: number, end: number): Plan {
  let index = 0;
  const keep = (steps: readonly Step[]): readonly Step[] =>
    steps.filter(() => {
      const own = index++;
      return own < start || own >= end;
    });
  return { ...plan, rounds: plan.rounds.map((round): Round => ({ ...round, steps: keep(round.steps) })) };
}
