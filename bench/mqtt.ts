// The locks over MQTT on a default Mosquitto, each party a process of its own, against the same broker and the same client
// library with nothing of ours between them.
import { medians, type Row, ratioRow, timed } from './measure';
import { startBroker } from './mqtt-broker';
import { BenchProcess } from './mqtt-process';
import { type Traffic, watchTraffic } from './mqtt-traffic';

const ROUNDS = 15;
const CYCLES = 200;
const RESTED = 30;
const HAND_OVERS = 61;
const LOAD_ROUNDS = 5;
const IN_FLIGHT = 1_000;
const TIMES = 5;
const PREFIX = 'locks';

export async function benchMqtt(): Promise<readonly Row[]> {
  const broker = await startBroker();
  const { url } = broker;
  const processes = Array.from({ length: 4 }, () => new BenchProcess());
  const [house, bare, desk, hall] = processes as [BenchProcess, BenchProcess, BenchProcess, BenchProcess];
  try {
    await house.do('join', { url, requester: 'house', decide: 'alone' });
    await desk.do('join', { url, requester: 'desk' });
    const alone = await acquiring(url, bare, desk);
    // Not before: whoever has no part in an acquire would share the machine with it, and the bare peer has no such guest.
    await hall.do('join', { url, requester: 'hall' });
    return [...alone, await handingOver(url, desk, hall), await throughput(url, bare, [desk, hall])];
  } finally {
    for (const one of processes) await one.end();
    await broker.stop();
  }
}

/** From rest, and in a row, where each acquire brings along the release before it and so costs what both do. */
async function acquiring(url: string, bare: BenchProcess, desk: BenchProcess): Promise<readonly Row[]> {
  await bare.do('answerBare', url);
  await desk.do('joinBare', url);
  const [both = 0, asked = 0, acquire = 0, rested = 0] = await medians(
    ROUNDS,
    () => desk.do('cycle', CYCLES),
    () => desk.do('askBare', CYCLES),
    () => desk.do('acquireRested', RESTED),
    () => desk.do('askRested', RESTED),
  );
  const peer = { us: rested * 1_000, name: 'request + answer' };
  const pair = { us: 2 * asked * 1_000, name: 'two in a row' };
  return [
    ratioRow('acquire over MQTT', { us: acquire * 1_000 }, peer, 1.3),
    ratioRow('acquire + release in a row', { us: both * 1_000 }, pair, 1.3),
  ];
}

/** From the moment of the release to that of the grant in the other process. */
async function handingOver(url: string, desk: BenchProcess, hall: BenchProcess): Promise<Row> {
  await hall.do('receiveBare', url);
  await desk.do('publishBare', url);
  const [ours = 0, hop = 0] = await medians(
    HAND_OVERS,
    async () => {
      await desk.do('hold', 'lights');
      await hall.do('wait', 'lights');
      const released = await desk.do('handOver', 'lights');
      const granted = await hall.do('granted');
      await hall.do('release');
      return granted - released;
    },
    async () => {
      const received = hall.do('received');
      const published = await desk.do('published');
      return (await received) - published;
    },
  );
  const peer = { us: 2 * hop * 1_000, name: 'two hops' };
  return ratioRow('hand-over to another process', { us: ours * 1_000 }, peer, 1.3);
}

/** So many claims at once, half of them in each of two processes, against the same messages moved by nobody who thinks. */
async function throughput(url: string, bare: BenchProcess, claimers: readonly BenchProcess[]): Promise<Row> {
  const share = IN_FLIGHT / claimers.length;
  const claimAll = () => Promise.all(claimers.map((one) => one.do('claimAtOnce', share, TIMES)));
  await claimAll();
  const told = await watchTraffic(url, PREFIX);
  await claimAll();
  const traffic = await told();
  await bare.do('echoBare', url, traffic);
  for (const [index, one] of claimers.entries()) await one.do('loadBare', url, `${index}`, traffic);
  const moveAll = () =>
    Promise.all(claimers.map((one) => one.do('moveBare', ...loadOf(traffic, claimers.length))));
  const [ours = 0, peer = 0] = await medians(
    LOAD_ROUNDS,
    () => timed(claimAll),
    () => timed(moveAll),
  );
  const claims = IN_FLIGHT * TIMES;
  const perSecond = (ms: number) => `${Math.round((claims * 1_000) / ms).toLocaleString('en')}/s`;
  return {
    what: `claims, ${IN_FLIGHT.toLocaleString('en')} in flight`,
    ours: perSecond(ours),
    peer: `bare messages ${perSecond(peer)}`,
    result: `${(peer / ours).toFixed(2)} ×`,
    budget: 'at least 0.6 ×',
    isKept: peer / ours >= 0.6,
  };
}

/** How many messages up a process sends in all, and how many are on their way at a time. */
function loadOf({ ups }: Traffic, processes: number): [count: number, atOnce: number] {
  const claimsPerUp = (IN_FLIGHT * TIMES) / ups;
  return [Math.round(ups / processes), Math.max(1, Math.round(IN_FLIGHT / processes / claimsPerUp))];
}
