// A mocha reporter: mocha's own list, and one line of numbers and failures added to the file that TALLY names.
import { appendFileSync } from 'node:fs';
import Mocha from 'mocha';

class TallyReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const file = process.env.TALLY;
    if (file === undefined) return;
    const failures: string[] = [];
    runner.on('fail', (test, error: Error) => failures.push(`${test.fullTitle()}\n${error.stack ?? error}`));
    runner.once('end', () => {
      const { passes: passed, failures: failed } = this.stats;
      appendFileSync(file, `${JSON.stringify({ passed, failed, failures })}\n`);
    });
  }
}

export = TallyReporter;
