// How long nobody decides when whoever did is killed, or frozen, beyond the delay for which it is waited for: from its will,
// or its last heartbeat, to the next grant.
import { median, type Row } from './measure';
import { connectBare, sharedNow } from './mqtt-bare';
import { type Broker, startBroker } from './mqtt-broker';
import { BenchProcess } from './mqtt-process';

const RUNS = 5;
const FAILOVER_DELAY_MS = 5_000;
const MOST_MS = 500;

/** What was seen of those who decide: moments of the clock that all processes share. */
interface Signs {
  /** Of the last will. */
  will: number;
  /** Of the last heartbeat of each instance. */
  readonly beats: Map<string, number>;
  /** Whose heartbeat was the last. */
  instance: string;
  /** Is called at each. */
  hasBeat: () => void;
}

export async function benchFailover(): Promise<readonly Row[]> {
  const broker = await startBroker();
  const desk = new BenchProcess();
  let house = await candidate(broker, 0);
  try {
    await desk.do('join', { url: broker.url, requester: 'desk', connectTimeout: 60_000 });
    const signs = await watchSigns(broker);
    const killed: number[] = [];
    const frozen: number[] = [];
    for (let run = 1; run <= 2 * RUNS; run++) {
      const heir = await candidate(broker, run);
      const isKill = run % 2 === 1;
      // Who has just come waits a little longer.
      for (let beat = 0; beat < 2; beat++) await nextBeat(signs);
      const { instance } = signs;
      house.signal(isKill ? 'SIGKILL' : 'SIGSTOP');
      await desk.do('wait', `lights ${run}`);
      const granted = await desk.do('granted');
      const since = isKill ? signs.will : (signs.beats.get(instance) ?? Number.NaN);
      (isKill ? killed : frozen).push(granted - since - FAILOVER_DELAY_MS);
      await desk.do('release');
      await house.end();
      house = heir;
    }
    return [
      lateRow('killed: from its will to the next grant', killed),
      lateRow('frozen: from its last beat to the same', frozen),
    ];
  } finally {
    await house.end();
    await desk.end();
    await broker.stop();
  }
}

/** A process that decides as soon as nobody else does; what it reads of the others is all that it waits for here. */
async function candidate({ url }: Broker, number: number): Promise<BenchProcess> {
  const one = new BenchProcess();
  await one.do('join', {
    ...{ url, requester: `house ${number}`, decide: 'takeover', connectTimeout: 60_000 },
    failoverDelay: FAILOVER_DELAY_MS,
  });
  return one;
}

async function watchSigns({ url }: Broker): Promise<Signs> {
  const signs: Signs = { will: Number.NaN, beats: new Map(), instance: '', hasBeat: () => undefined };
  const client = await connectBare(url);
  client.on('message', (topic, payload) => {
    const { online, instance } = JSON.parse(payload.toString());
    if (topic === 'locks/arbiter') {
      if (online === false) signs.will = sharedNow();
      return;
    }
    signs.beats.set(instance, sharedNow());
    signs.instance = instance;
    signs.hasBeat();
  });
  await client.subscribeAsync(['locks/arbiter', 'locks/arbiter/beat'], { qos: 0 });
  return signs;
}

function nextBeat(signs: Signs): Promise<void> {
  return new Promise((resolve) => {
    signs.hasBeat = resolve;
  });
}

function lateRow(what: string, late: readonly number[]): Row {
  const [middle, worst] = [median(late), Math.max(...late)];
  return {
    what,
    ours: `+ ${middle.toFixed(0)} ms`,
    peer: `failoverDelay ${FAILOVER_DELAY_MS} ms`,
    result: `+ ${worst.toFixed(0)} ms worst`,
    budget: `at most + ${MOST_MS} ms`,
    isKept: worst <= MOST_MS,
  };
}
