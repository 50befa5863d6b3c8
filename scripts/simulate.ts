// Runs simulated histories: `npm run simulate -- --seed N` for one that went wrong, `--hours H` for many on all cores.
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { addUp, type Figures, NO_FIGURES, spellFigures } from '../test/simulation/figures';
import { makePlan, type PlanOptions } from '../test/simulation/planning';
import { explain } from '../test/simulation/report';
import { simulate } from '../test/simulation/simulate';

const HOUR = 3_600_000;
const USAGE = `npm run simulate -- [options]
  --seed N      the first seed (1); without --seeds and --hours the only one
  --seeds N     so many seeds
  --hours H     as many seeds as it takes to simulate so many hours
  --rounds N    rounds of faults, each with quiet after it, in a history (1)
  --seconds S   the length of a round without the quiet, in simulated seconds (60)
  --workers N   processes (as many as there are cores)
  --lines N     lines of a trace (120)
  --verbose     with every message that is published`;

interface Job {
  readonly first: number;
  /** Between two seeds of the same worker. */
  readonly stride: number;
  /** \`Infinity\`: until it is told to end. */
  readonly count: number;
  readonly rounds: number;
  readonly roundLength: number;
  readonly lines: number;
  readonly isVerbose: boolean;
}

interface Report {
  readonly figures: Figures;
  /** Of a history that went wrong. */
  readonly failure?: string;
}

function readJob() {
  const { values } = parseArgs({
    options: {
      ...{ seed: { type: 'string', default: '1' }, seeds: { type: 'string' }, hours: { type: 'string' } },
      ...{ rounds: { type: 'string', default: '1' }, seconds: { type: 'string', default: '60' } },
      ...{
        workers: { type: 'string' },
        lines: { type: 'string', default: '120' },
        help: { type: 'boolean' },
        verbose: { type: 'boolean', default: false },
      },
    },
  });
  if (values.help) throw new RangeError(USAGE);
  const hours = values.hours === undefined ? undefined : read('hours', values.hours);
  const seeds =
    values.seeds === undefined ? (hours === undefined ? 1 : Infinity) : read('seeds', values.seeds);
  const workers = Math.min(
    seeds,
    values.workers === undefined ? availableParallelism() : read('workers', values.workers),
  );
  const common = {
    rounds: read('rounds', values.rounds),
    roundLength: read('seconds', values.seconds) * 1_000,
    lines: read('lines', values.lines),
    isVerbose: values.verbose,
  };
  return { seed: read('seed', values.seed), seeds, hours: hours ?? Infinity, workers, common };
}

function read(name: string, text: string): number {
  const number = Number(text);
  if (!(number > 0))
    throw new RangeError(`--${name} is ${JSON.stringify(text)}, but must be a number above 0\n${USAGE}`);
  return number;
}

async function main(): Promise<void> {
  const { seed, seeds, hours, workers, common } = readJob();
  const began = performance.now();
  let total = NO_FIGURES;
  let shown = began;
  const tell = () => console.log(spellFigures(total, performance.now() - began));
  const children = Array.from({ length: workers }, (_, index) => {
    const count = seeds === Infinity ? Infinity : Math.ceil((seeds - index) / workers);
    return startWorker({ first: seed + index, stride: workers, count, ...common });
  });
  await Promise.all(
    children.map((child) =>
      follow(child, ({ figures, failure }) => {
        total = addUp(total, figures);
        if (failure !== undefined) console.log(`\n${failure}\n`);
        if (total.time >= hours * HOUR) for (const other of children) other.disconnect();
        if (performance.now() - shown < SHOW_EVERY) return;
        shown = performance.now();
        tell();
      }),
    ),
  );
  tell();
  if (total.violations > 0) process.exitCode = 1;
}

const SHOW_EVERY = 10_000;

function startWorker(job: Job): ChildProcess {
  const child = fork(__filename, { env: { ...process.env, SIMULATE: 'worker' } });
  // Infinity does not travel as JSON.
  child.send({ ...job, count: job.count === Infinity ? Number.MAX_SAFE_INTEGER : job.count });
  return child;
}

function follow(child: ChildProcess, hear: (report: Report) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('message', (report) => hear(report as Report));
    child.on('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`a worker ended with ${code}`));
    });
  });
}

/** In a worker: one history after the other, until all are done or nobody listens any more. */
async function work({ first, stride, count, lines, rounds, roundLength, isVerbose }: Job): Promise<void> {
  for (let done = 0; done < count && process.connected; done++) {
    const options: PlanOptions = { seed: first + done * stride, rounds, roundLength };
    const outcome = await simulate(makePlan(options));
    const failure = outcome.violation && (await explain(options, outcome, lines, isVerbose));
    const figures: Figures = {
      ...{ seeds: 1, violations: failure === undefined ? 0 : 1, faults: Object.fromEntries(outcome.faults) },
      ...{ time: outcome.time, steps: outcome.steps, grants: outcome.grants },
      ...{ takeovers: outcome.takeovers, overlaps: outcome.overlaps },
    };
    process.send?.({ figures, ...(failure !== undefined && { failure }) });
  }
  process.disconnect?.();
}

if (process.env.SIMULATE === 'worker') {
  process.once('message', (job) => void work(job as Job));
} else {
  main().catch((error: unknown) => {
    console.error(error instanceof RangeError ? error.message : error);
    process.exitCode = 1;
  });
}
