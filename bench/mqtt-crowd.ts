// A thousand participants of one arbiter, each with a session of its own, and what that costs: how fast they are served
// together, how long one waits meanwhile, and what the arbiter weighs. Shown without a limit.
import { type Row, timed } from './measure';
import { startBroker } from './mqtt-broker';
import { BenchProcess } from './mqtt-process';

const PROCESSES = 4;
const PER_PROCESS = 250;
const ONE_BY_ONE = 250;

export async function benchCrowd(): Promise<readonly Row[]> {
  const broker = await startBroker();
  const { url } = broker;
  const house = new BenchProcess();
  const crowds = Array.from({ length: PROCESSES }, () => new BenchProcess());
  try {
    await house.do('join', { url, requester: 'house', decide: 'alone' });
    const before = await house.do('memory');
    const joining = await timed(() =>
      Promise.all(
        crowds.map((crowd, n) =>
          crowd.do('joinMany', { url, connectTimeout: 600_000 }, PER_PROCESS, `p${n}`),
        ),
      ),
    );
    let together: readonly number[] = [];
    const burst = await timed(async () => {
      together = (await Promise.all(crowds.map((crowd) => crowd.do('acquireMany')))).flat();
    });
    const [first] = crowds;
    const alone = (await first?.do('acquireEach', ONE_BY_ONE)) ?? [];
    const after = await house.do('memory');
    const count = PROCESSES * PER_PROCESS;
    const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
    return [
      shown(`${count.toLocaleString('en')} participants join`, `${(joining / 1_000).toFixed(1)} s`, ''),
      shown(
        'each acquires once, all at the same time',
        `${Math.round((count * 1_000) / burst)}/s`,
        spread(together),
      ),
      shown('one acquires after the other', spread(alone), ''),
      shown(
        'memory of their arbiter, heap (whole)',
        `${mebibytes(after.heap)} (${mebibytes(after.whole)}) MiB`,
        `alone ${mebibytes(before.heap)} (${mebibytes(before.whole)}) MiB`,
      ),
    ];
  } finally {
    for (const one of [...crowds, house]) await one.end();
    await broker.stop();
  }
}

function shown(what: string, ours: string, result: string): Row {
  return { what, ours, peer: '', result, budget: '', isKept: undefined };
}

/** The median and the slowest hundredth, in ms. */
function spread(waits: readonly number[]): string {
  const sorted = [...waits].sort((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(share * sorted.length)] ?? Number.NaN).toFixed(1);
  return `${at(0.5)}, p99 ${at(0.99)} ms`;
}
