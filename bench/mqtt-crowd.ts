// A thousand sessions of one arbiter, and what that costs: how fast they are served together, how long a participant waits
// meanwhile, and what the arbiter weighs. Shown without a limit.
import { type Row, timed } from './measure';
import { startBroker } from './mqtt-broker';
import { BenchProcess } from './mqtt-process';

const PROCESSES = 4;
const PER_PROCESS = 250;
const BURSTS = 5;
const CYCLES = 500;

export async function benchCrowd(): Promise<readonly Row[]> {
  const broker = await startBroker();
  const { url } = broker;
  const house = new BenchProcess();
  const desk = new BenchProcess();
  const crowds = Array.from({ length: PROCESSES }, () => new BenchProcess());
  try {
    await house.do('join', { url, requester: 'house', decide: 'alone' });
    await desk.do('join', { url, requester: 'desk' });
    const before = await house.do('memory');
    await Promise.all(crowds.map((crowd, n) => crowd.do('openSessions', url, `p${n}`, PER_PROCESS)));
    const waits: number[] = [];
    const burst = await timed(async () => {
      for (let n = 0; n < BURSTS; n++) {
        waits.push(...(await Promise.all(crowds.map((crowd) => crowd.do('acquireTogether')))).flat());
      }
    });
    const alone = await desk.do('acquireOften', CYCLES);
    const after = await house.do('memory');
    const count = (PROCESSES * PER_PROCESS).toLocaleString('en');
    return [
      shown(
        `${count} sessions, all at once`,
        `${Math.round((waits.length * 1_000) / burst)}/s`,
        spread(waits),
      ),
      shown('one more participant among them', '', spread(alone)),
      shown('memory of their arbiter, heap (whole)', memoryOf(after), `without ${memoryOf(before)}`),
    ];
  } finally {
    for (const one of [...crowds, desk, house]) await one.end();
    await broker.stop();
  }
}

function memoryOf({ heap, whole }: { readonly heap: number; readonly whole: number }): string {
  return `${(heap / 2 ** 20).toFixed(0)} (${(whole / 2 ** 20).toFixed(0)}) MiB`;
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
