// What processes of the bench do when they are told to: each is an arbiter, a participant, or a bare peer of theirs.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lock } from '@priority-redlock/node-red';
import { type ConnectedLocks, type ConnectOptions, connectLocks } from '@priority-redlock/node-red/mqtt';
import { median, timed } from './measure';
import { answerRequests, connectBare, makeAsker, makeReceiver, sharedNow } from './mqtt-bare';
import { openSessions } from './mqtt-crowd-sessions';
import { echoTraffic, makeLoad, type Traffic } from './mqtt-traffic';

/** So long after a release all is told that is to be told of it. */
const REST_MS = 20;

let locks: ConnectedLocks | undefined;
let held: Lock | undefined;
let waiting: Promise<number> | undefined;
let ask: (() => Promise<void>) | undefined;
let load: ((count: number, atOnce: number) => Promise<void>) | undefined;
let receive: (() => Promise<number>) | undefined;
let publish: (() => number) | undefined;
let acquireTogether: (() => Promise<readonly number[]>) | undefined;

/** All lengths are in ms, all moments of the clock that all processes share. */
export const JOBS = {
  async join(options: ConnectOptions): Promise<string> {
    locks = await connectLocks(options);
    return locks.role();
  },

  memory(): { readonly heap: number; readonly whole: number } {
    const { heapUsed: heap, rss: whole } = process.memoryUsage();
    return { heap, whole };
  },

  /** Acquires and releases so often, one right after the other; gives back what both have taken on average. */
  async cycle(count: number): Promise<number> {
    const { acquire } = theLocks();
    const start = performance.now();
    for (let n = 0; n < count; n++) await (await acquire('lights', 'me')).release();
    return (performance.now() - start) / count;
  },

  /** Acquires so often, each time when everything before has come to rest; gives back what it has taken as a rule. */
  async acquireRested(count: number): Promise<number> {
    const { acquire } = theLocks();
    const times: number[] = [];
    for (let n = 0; n < count; n++) {
      const asked = performance.now();
      const lock = await acquire('lights', 'me');
      times.push(performance.now() - asked);
      await lock.release();
      await sleep(REST_MS);
    }
    return median(times);
  },

  /** Has so many claims in flight, each of a resource of its own, until each was granted and released so often. */
  async claimAtOnce(claims: number, times: number): Promise<void> {
    const { acquire, requester } = theLocks();
    const one = async (name: string) => {
      for (let n = 0; n < times; n++) await (await acquire(name, 'me')).release();
    };
    await Promise.all(Array.from({ length: claims }, (_, n) => one(`${requester} ${n}`)));
  },

  async hold(resource: string): Promise<void> {
    held = await theLocks().acquire(resource, 'holder');
  },

  /** Begins to wait for a resource. */
  wait(resource: string): void {
    const lock = theLocks().acquire(resource, 'waiter');
    waiting = lock.then((granted) => {
      const at = sharedNow();
      held = granted;
      return at;
    });
  },

  /** The moment at which the wait was over. */
  async granted(): Promise<number> {
    if (waiting === undefined) throw new Error('nobody waits');
    return waiting;
  },

  /** Lets go as soon as somebody waits; gives back the moment. */
  async handOver(resource: string): Promise<number> {
    await someoneWaits(resource);
    const at = sharedNow();
    await held?.release();
    return at;
  },

  async release(): Promise<void> {
    await held?.release();
  },

  /** So many sessions more, which beat from now on. */
  async openSessions(url: string, name: string, count: number): Promise<void> {
    acquireTogether = await openSessions(url, name, count);
  },

  /** Each of them acquires a resource of its own, all at once; gives back how long each has waited. */
  async acquireTogether(): Promise<readonly number[]> {
    return (await acquireTogether?.()) ?? [];
  },

  /** Acquires and releases so often; gives back how long each acquire has taken. */
  async acquireOften(count: number): Promise<readonly number[]> {
    const { acquire } = theLocks();
    const waits: number[] = [];
    for (let n = 0; n < count; n++) {
      const asked = performance.now();
      const lock = await acquire('lights', 'me');
      waits.push(performance.now() - asked);
      await lock.release();
    }
    return waits;
  },

  answerBare: (url: string) => answerRequests(url),

  async joinBare(url: string): Promise<void> {
    ask = await makeAsker(url, '1');
  },

  /** Asks so often; gives back what one has taken on average. */
  async askBare(count: number): Promise<number> {
    const start = performance.now();
    for (let n = 0; n < count; n++) await ask?.();
    return (performance.now() - start) / count;
  },

  /** Asks so often, each time from rest, as above. */
  async askRested(count: number): Promise<number> {
    const times: number[] = [];
    for (let n = 0; n < count; n++) {
      times.push(await timed(() => ask?.()));
      await sleep(REST_MS);
    }
    return median(times);
  },

  echoBare: (url: string, traffic: Traffic) => echoTraffic(url, traffic),

  async loadBare(url: string, name: string, traffic: Traffic): Promise<void> {
    load = await makeLoad(url, name, traffic);
  },

  async moveBare(count: number, atOnce: number): Promise<void> {
    await load?.(count, atOnce);
  },

  async receiveBare(url: string): Promise<void> {
    receive = await makeReceiver(url, 'bare/hop');
  },

  async publishBare(url: string): Promise<void> {
    const client = await connectBare(url);
    publish = () => {
      const at = sharedNow();
      client.publish('bare/hop', '{"n":1}', { qos: 0 });
      return at;
    };
  },

  /** The moment at which the next one comes. */
  async received(): Promise<number> {
    return (await receive?.()) ?? Number.NaN;
  },

  /** Publishes one; gives back the moment. */
  published(): number {
    return publish?.() ?? Number.NaN;
  },
};

function theLocks(): ConnectedLocks {
  if (locks === undefined) throw new Error('has not joined');
  return locks;
}

function someoneWaits(resource: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = theLocks().watch(resource, ({ waitingCount }) => {
      if (waitingCount === 0) return;
      // It may be known already.
      queueMicrotask(() => stop());
      resolve();
    });
  });
}
