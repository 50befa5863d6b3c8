// In a process of its own: one simulated history after the other, until all are done or nobody listens any more.
import { addUp, type Figures, NO_FIGURES } from './figures';
import { makePlan, type PlanOptions } from './planning';
import { explain } from './report';
import { simulate } from './simulate';

export interface Job {
  readonly first: number;
  /** Between two seeds of the same worker. */
  readonly stride: number;
  readonly count: number;
  readonly rounds: number;
  /** Without the quiet after it, in simulated ms. */
  readonly roundLength: number;
  /** Of the trace of a history that went wrong. */
  readonly lines: number;
  readonly isVerbose: boolean;
}

export interface Report {
  readonly seed: number;
  readonly figures: Figures;
  /** Of a history that went wrong. */
  readonly failure?: string;
}

async function work({ first, stride, count, lines, rounds, roundLength, isVerbose }: Job): Promise<void> {
  for (let done = 0; done < count && process.connected; done++) {
    const seed = first + done * stride;
    const options: PlanOptions = { seed, rounds, roundLength };
    const outcome = await simulate(makePlan(options));
    const failure = outcome.violation && (await explain(options, outcome, lines, isVerbose));
    const { time, steps, grants, takeovers, overlaps } = outcome;
    const figures = addUp(NO_FIGURES, {
      ...{ seeds: 1, violations: failure === undefined ? 0 : 1, faults: Object.fromEntries(outcome.faults) },
      ...{ time, steps, grants, takeovers, overlaps },
    });
    // Nobody waits for what was begun meanwhile.
    if (!process.connected) return;
    process.send?.({ seed, figures, ...(failure !== undefined && { failure }) } satisfies Report);
  }
  process.disconnect?.();
}

process.once('message', (job) => void work(job as Job));
