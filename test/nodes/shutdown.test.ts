import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { rmSync } from 'node:fs';
import { Shutdown } from '../../nodes/lock-registry/shutdown';
import type { ArbiterMessage, ClaimMessage, ResourceState } from '../../src/mqtt/messages';
import { closeAllRegistries, openRegistry } from '../../src/registry/open';
import type { Registry } from '../../src/registry/registry';
import { HandClock } from '../support/hand-clock';
import { acquire, type Change, flowOf, resources } from '../support/lock-flow';
import { type Subscription, subscribe } from '../support/mosquitto-tools';
import { type Mosquitto, startMosquitto } from '../support/mqtt-mosquitto';
import type { FlowNode } from '../support/node-red';
import { type NodeRedProcess, startNodeRed } from '../support/node-red-process';
import { NODE_RED_4, NODE_RED_5, type NodeRedRuntime } from '../support/node-red-runtimes';
import { until } from '../support/until-registry';
import { makeUserDir } from '../support/user-dir';

/** Within which nothing but a goodbye can tell anybody that somebody has gone. */
const FOREVER = { session: 3_600_000, failoverDelay: 3_600_000 };

/** Acquires a resource as soon as the flows run. */
function taker(id: string, restarts: 'always' | 'never'): FlowNode[] {
  const [node] = acquire(id, { ...resources(id), restarts, wires: [[], [], [], []] });
  if (node === undefined) throw new Error('no node');
  const press = { id: `${id}.press`, type: 'inject', z: 'tab', once: true, onceDelay: 0.1, x: 0, y: 0 };
  return [node, { ...press, props: [{ p: 'payload' }], repeat: '', crontab: '', wires: [[id]] }];
}

describe('a Node-RED that is told to end', function () {
  this.timeout(60_000);
  let mosquitto: Mosquitto;
  let userDir: string | undefined;
  let nodeRed: NodeRedProcess | undefined;
  let seen: Subscription | undefined;

  beforeEach(async () => {
    mosquitto = await startMosquitto();
  });

  afterEach(async () => {
    await seen?.stop();
    await nodeRed?.stop('SIGKILL');
    await closeAllRegistries();
    await mosquitto.stop();
    if (userDir !== undefined) rmSync(userDir, { recursive: true });
    seen = nodeRed = userDir = undefined;
  });

  /** Starts it with a flow that holds `kept` and `passing`. */
  const start = async (runtime: NodeRedRuntime, change: Change): Promise<NodeRedProcess> => {
    const registry = {
      ...{ id: 'registry', type: 'lock-registry', name: '', broker: 'url', url: mosquitto.url },
      ...{ prefix: 'locks', requester: 'house', session: '1 h', failoverDelay: '2 s', ...change },
    };
    const others = flowOf(taker('kept', 'always'), taker('passing', 'never')).filter(
      ({ type }) => type !== 'lock-registry' && type !== 'helper',
    );
    userDir = makeUserDir([registry, ...others]);
    nodeRed = await startNodeRed(runtime, userDir);
    return nodeRed;
  };

  const openGarage = (decide: 'takeover' | 'alone'): Registry => {
    const url = mosquitto.url.replace('127.0.0.1', 'localhost');
    return openRegistry({ broker: { kind: 'url', url }, requester: 'garage', decide, timing: FOREVER });
  };

  const watch = async (): Promise<Subscription> => {
    seen = await subscribe(mosquitto, 'locks/#');
    return seen;
  };

  const isHeld = (topics: Subscription, resource: string) =>
    topics.latest<ResourceState>(`locks/state/${resource}`)?.state === 'held';

  const bothHeld = (topics: Subscription) =>
    topics.until('both holds', () => isHeld(topics, 'kept') && isHeld(topics, 'passing'));

  /** What of it is retained when it has gone. */
  const leavesWhatIsKept = async (topics: Subscription) => {
    await topics.until('the passing one is free', () => !isHeld(topics, 'passing'));
    assert.equal(isHeld(topics, 'kept'), true);
    assert.equal(topics.latest<ClaimMessage>('locks/claim/house/kept/kept')?.locker, 'kept node');
  };

  for (const runtime of [NODE_RED_4, NODE_RED_5]) {
    it(`and decides (Node-RED ${runtime.version}) says goodbye: another one takes over at once`, async () => {
      const topics = await watch();
      // The first to decide at a broker that knows of nobody waits for a session, in case somebody is there all the same.
      const house = await start(runtime, { decide: 'takeover', session: '2 s' });
      await bothHeld(topics);
      const garage = openGarage('takeover');
      await until(garage, () => garage.status.state === 'ready');
      assert.equal(garage.role(), 'participant');
      await house.stop('SIGTERM');
      await until(garage, () => garage.role() === 'arbiter' && garage.state('passing').state === 'free');
      assert.equal(garage.state('kept').requester, 'house');
      await leavesWhatIsKept(topics);
      // By the one that has left, and not when its session was over.
      const freed = topics.all<ResourceState>('locks/state/passing').filter(({ state }) => state === 'free');
      assert.equal(freed[0]?.epoch, 1);
      assert.equal(topics.latest('locks/session/house'), undefined);
    });
  }

  it('and takes part says goodbye: what it does not keep is free at once', async () => {
    const garage = openGarage('alone');
    await garage.ready;
    const topics = await watch();
    const house = await start(NODE_RED_4, { decide: 'never' });
    await bothHeld(topics);
    await house.stop('SIGINT');
    await until(garage, () => garage.state('passing').state === 'free');
    assert.equal(garage.state('kept').requester, 'house');
    await leavesWhatIsKept(topics);
    await topics.until('no presence', () => topics.latest('locks/session/house') === undefined);
  });

  it('and decides alone says so, and frees what it does not keep', async () => {
    const topics = await watch();
    const house = await start(NODE_RED_4, { decide: 'alone' });
    await bothHeld(topics);
    await house.stop('SIGTERM');
    const { online, left } = await topics.message<ArbiterMessage>('locks/arbiter', (it) => !it.online);
    assert.deepEqual([online, left], [false, true]);
    await leavesWhatIsKept(topics);
  });
});

describe('a shutdown', () => {
  class FakeProcess extends EventEmitter {
    readonly pid = 7;
    readonly killed: unknown[] = [];
    kill(...args: readonly unknown[]): true {
      this.killed.push(args);
      return true;
    }
  }

  let clock: HandClock;
  let fake: FakeProcess;
  let shutdown: Shutdown;

  beforeEach(() => {
    clock = new HandClock();
    fake = new FakeProcess();
    shutdown = new Shutdown(fake, clock);
  });

  it('is under way when those who close hear the signal, and not for long', async () => {
    const heard: boolean[] = [];
    fake.on('SIGTERM', () => heard.push(shutdown.isUnderWay));
    shutdown.watch();
    shutdown.watch();
    assert.equal(shutdown.isUnderWay, false);
    fake.emit('SIGTERM');
    assert.deepEqual(heard, [true]);
    await clock.advance(14_999);
    assert.equal(shutdown.isUnderWay, true);
    await clock.advance(1);
    assert.equal(shutdown.isUnderWay, false);
    assert.deepEqual(fake.killed, []);
  });

  it('ends a process whose signals nobody else hears', () => {
    shutdown.watch();
    fake.emit('SIGHUP', 'SIGHUP');
    assert.deepEqual(fake.killed, [[7, 'SIGHUP']]);
    assert.equal(fake.listenerCount('SIGHUP'), 0);
  });

  it('may be a message of PM2, where messages are heard at all', () => {
    shutdown.watch();
    assert.equal(fake.listenerCount('message'), 0);
    const other = new FakeProcess();
    other.on('message', () => undefined);
    const told = new Shutdown(other, clock);
    told.watch();
    other.emit('message', 'hello');
    assert.equal(told.isUnderWay, false);
    other.emit('message', 'shutdown');
    assert.equal(told.isUnderWay, true);
  });
});
