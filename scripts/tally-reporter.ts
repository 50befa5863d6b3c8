// A mocha reporter: mocha's own list, and one line of numbers added to the file that TALLY names.
import { appendFileSync } from 'node:fs';
import Mocha from 'mocha';

class TallyReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const file = process.env.TALLY;
    if (file === undefined) return;
    runner.once('end', () => {
      const { passes, failures } = this.stats;
      appendFileSync(file, `${JSON.stringify({ passed: passes, failed: failures })}\n`);
    });
  }
}

export = TallyReporter;
