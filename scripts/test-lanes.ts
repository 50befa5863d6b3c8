// Runs all tests in two processes at once: those that compute, and those that mostly wait for brokers, processes and pages.
import { run } from './run';

/** By the clock of their own they know no hurry, so they take what the others leave. */
const COMPUTING = ['test/core/**/*.test.ts', 'test/model/**/*.test.ts', 'test/simulation/**/*.test.ts'];
const NICE = process.platform === 'win32' ? [] : ['nice', '-n', '10'];

async function runLanes(mocha: readonly string[]): Promise<void> {
  const [command = '', ...args] = [...NICE, process.execPath, ...mocha, ...COMPUTING];
  const [waiting, computing] = await Promise.all([
    run(process.execPath, [
      ...mocha,
      'test/**/*.test.ts',
      ...COMPUTING.flatMap((glob) => ['--ignore', glob]),
    ]),
    // Shown afterwards, so that the lines of both are not mixed.
    run(command, args, { quiet: true }),
  ]);
  console.log(computing.output);
  if (!waiting.ok || !computing.ok) process.exitCode = 1;
}

void runLanes(process.argv.slice(2));
