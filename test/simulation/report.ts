// Tells a person about a history that went wrong: how to see it again, what was left of the plan, what happened.
import type { Plan } from './plan';
import { makePlan, type PlanOptions } from './planning';
import { countSteps, shrink } from './shrink';
import { type Outcome, simulate } from './simulate';

/** Runs a failing history again in ever shorter forms, and tells of the shortest. */
export async function explain(
  options: PlanOptions,
  outcome: Outcome,
  lines: number,
  isVerbose = false,
): Promise<string> {
  const { violation } = outcome;
  const plan = makePlan(options);
  let last = outcome;
  const shortest = await shrink(plan, async (candidate) => {
    const again = await simulate(candidate, { isVerbose });
    const fails = again.violation !== undefined && again.violation.rule === violation?.rule;
    if (fails) last = again;
    return fails;
  });
  return [
    `seed ${options.seed}: ${violation?.message}`,
    `again: ${spellCommand(options)}`,
    `shortened from ${countSteps(plan)} to ${countSteps(shortest)} steps: ${last.violation?.message}`,
    spellShape(shortest),
    ...last.trace.slice(-lines),
  ].join('\n');
}

function spellCommand({ seed, rounds, roundLength }: PlanOptions): string {
  return `npm run simulate -- --seed ${seed} --rounds ${rounds} --seconds ${roundLength / 1_000}`;
}

function spellShape({ shape }: Plan): string {
  const { processes, handoverTimeout, keepalive, devices } = shape;
  const who = processes.map(
    ({ requester, decide, rate, latency }) =>
      `${requester} (${decide}, ${((rate - 1) * 100).toFixed(1)} %, ${latency.map((ms) => ms.toFixed(1)).join('-')} ms)`,
  );
  return `${who.join(', ')}; devices ${devices.join(', ') || 'none'}; handoverTimeout ${handoverTimeout}, keepalive ${keepalive}`;
}
