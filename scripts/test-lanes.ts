// Runs all tests in two processes at once: those that mostly wait for brokers, processes and pages, and beside them those
// that compute, followed by those of the nodes once more, on Node-RED 5.
import { NODE_RED_5 } from '../test/support/node-red-runtimes';
import { type Outcome, run } from './run';

/** By the clock of their own they know no hurry, so they take what the others leave. */
const COMPUTING = ['test/core/**/*.test.ts', 'test/model/**/*.test.ts', 'test/simulation/**/*.test.ts'];
const NICE = process.platform === 'win32' ? [] : ['nice', '-n', '10'];

async function runLanes(mocha: readonly string[]): Promise<void> {
  const [waiting, beside] = await Promise.all([runWaiting(mocha), runBeside(mocha)]);
  // Shown afterwards, so that the lines of both are not mixed.
  for (const { output } of beside) console.log(output);
  if (![waiting, ...beside].every(({ ok }) => ok)) process.exitCode = 1;
}

function runWaiting(mocha: readonly string[]): Promise<Outcome> {
  const others = COMPUTING.flatMap((glob) => ['--ignore', glob]);
  return run(process.execPath, [...mocha, 'test/**/*.test.ts', ...others]);
}

async function runBeside(mocha: readonly string[]): Promise<readonly Outcome[]> {
  const [command = '', ...args] = [...NICE, process.execPath, ...mocha, ...COMPUTING];
  const computing = await run(command, args, { quiet: true });
  // What runs on another Node.js is not counted as covered.
  const { NODE_V8_COVERAGE: _, ...env } = process.env;
  const nodes = await run(NODE_RED_5.node, [...mocha, 'test/nodes/**/*.test.ts'], {
    ...{ quiet: true, env: { ...env, NODE_RED_DIR: NODE_RED_5.home } },
  });
  return [computing, { ...nodes, output: `\n=== nodes on Node-RED 5\n${nodes.output}` }];
}

void runLanes(process.argv.slice(2));
