// Runs simulated histories: `npm run simulate -- --seed N` for one that went wrong, `--hours H` for many on all cores.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { addUp, NO_FIGURES, spellFigures } from '../test/simulation/figures';
import { Workers } from '../test/simulation/workers';

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
  // Infinity does not travel as JSON.
  const count = Math.min(seeds, Number.MAX_SAFE_INTEGER);
  const running = new Workers({ first: seed, count, workers, ...common }, ({ figures, failure }) => {
    total = addUp(total, figures);
    if (failure !== undefined) console.log(`\n${failure}\n`);
    if (total.time >= hours * HOUR) running.stop();
    if (performance.now() - shown < SHOW_EVERY) return;
    shown = performance.now();
    tell();
  });
  await running.done;
  tell();
  if (total.violations > 0) process.exitCode = 1;
}

const SHOW_EVERY = 10_000;

function isUnknownOption(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
}

main().catch((error: unknown) => {
  if (isUnknownOption(error)) console.error(`${error.message}\n${USAGE}`);
  else console.error(error instanceof RangeError ? error.message : error);
  process.exitCode = 1;
});
