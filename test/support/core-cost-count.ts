// Counts what the scenarios of rule 14 cost: how often a block of the lock table's code runs, told by V8. A process of its
// own, since V8 counts for one listener only, and that may be the coverage of the tests.
import { Session } from 'node:inspector/promises';
import { sep } from 'node:path';
import { type Scenario, scenarios } from './core-cost-scenarios';

/** Blocks run for one operation, at the small and at the large size. */
export interface Cost {
  readonly title: string;
  readonly small: number;
  readonly large: number;
}

async function main(): Promise<void> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const costs: Cost[] = [];
  for (const scenario of scenarios) {
    const [small, large] = scenario.sizes;
    costs.push({
      title: scenario.title,
      small: await countBlocks(session, scenario, small),
      large: await countBlocks(session, scenario, large),
    });
  }
  session.disconnect();
  process.stdout.write(JSON.stringify(costs));
}

async function countBlocks(session: Session, { prepare }: Scenario, size: number): Promise<number> {
  const operate = prepare(size);
  await session.post('Profiler.takePreciseCoverage');
  const operations = operate();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  const ours = result.filter(({ url }) => url.includes(['src', 'core', ''].join(sep)));
  const counts = ours.flatMap(({ functions }) =>
    functions.flatMap(({ ranges }) => ranges.map(({ count }) => count)),
  );
  if (counts.length === 0) throw new Error('V8 counted nothing in src/core');
  return counts.reduce((sum, count) => sum + count, 0) / operations;
}

void main();
