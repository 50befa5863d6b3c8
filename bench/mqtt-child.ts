// Run by the bench as a process of its own: does the jobs that it is told to do, and says what came of them.
import { JOBS } from './mqtt-jobs';
import type { Order } from './mqtt-process';

process.on('message', ({ id, job, of }: Order) => {
  const run = JOBS[job] as (...of: readonly unknown[]) => unknown;
  Promise.resolve()
    .then(() => run(...of))
    .then(
      (result) => process.send?.({ id, result }),
      (error: unknown) => process.send?.({ id, error: String(error) }),
    );
});
// When the bench is gone, nobody needs it.
process.on('disconnect', () => process.exit());
