import assert from 'node:assert/strict';
import { SimulatedBroker, type SimulatedTransport } from '../support/simulated-broker';
import { Chance } from './chance';
import { Machine } from './machine';
import { SimulatedRoute, type Weather } from './network';
import { Timeline } from './timeline';

const KEEPALIVE = 2_000;

describe('the simulated network', () => {
  let timeline: Timeline;
  let broker: SimulatedBroker;
  let weather: Weather;

  beforeEach(() => {
    timeline = new Timeline();
    broker = new SimulatedBroker({ clock: timeline });
    weather = { latency: [1, 20], delay: 0, lossyShare: 0 };
  });

  function client(clientId: string) {
    const chance = new Chance(clientId.length);
    const machine = new Machine({ timeline, chance, rate: 1, wall: 0 });
    const route = new SimulatedRoute(weather, chance);
    const will = () => ({ topic: `will/${clientId}`, payload: 'gone', qos: 1, retain: false }) as const;
    const transport = broker.client({ clientId, will, route, host: machine, keepaliveMs: KEEPALIVE });
    const seen: string[] = [];
    transport.onMessage(({ topic, payload }) => seen.push(`${topic}=${Buffer.from(payload)}`));
    transport.onConnection((connected, reason) => seen.push(connected ? 'connected' : `lost: ${reason}`));
    transport.start();
    const set = (direction: 'up' | 'down', isCut: boolean) => {
      if (isCut) route.cut(direction);
      else route.mend(direction);
      transport.noteRoute();
    };
    return {
      transport,
      machine,
      seen,
      cut: (way: 'up' | 'down') => set(way, true),
      mend: (way: 'up' | 'down') => set(way, false),
    };
  }

  const later = (ms: number) => timeline.run(timeline.time + ms);
  const say = (transport: SimulatedTransport, topic: string, payload: string, qos: 0 | 1 = 0) =>
    transport.publish(topic, payload, { qos, retain: false });

  it('keeps the order of one client, and not that of two', async () => {
    const [left, right, ear] = [client('left'), client('right'), client('ear')];
    await later(100);
    void ear.transport.subscribe('#');
    await later(100);
    ear.seen.length = 0;
    for (let count = 0; count < 50; count++) {
      void say(left.transport, 'l', String(count));
      void say(right.transport, 'r', String(count));
    }
    await later(200);
    const of = (topic: string) =>
      ear.seen.filter((text) => text.startsWith(`${topic}=`)).map((text) => Number(text.slice(2)));
    const all = Array.from({ length: 50 }, (_, index) => index);
    assert.deepEqual(of('l'), all);
    assert.deepEqual(of('r'), all);
    assert.notDeepEqual(ear.seen.map((text) => text[0]).join(''), 'lr'.repeat(50));
  });

  it('holds back what is cut, in one direction too, and lets it through in order when it is mended', async () => {
    const { transport, seen, cut, mend } = client('c');
    await later(100);
    void transport.subscribe('#');
    await later(100);
    cut('down');
    for (const text of ['1', '2', '3']) void say(transport, 'a', text);
    await later(500);
    assert.deepEqual(seen, ['connected']);
    assert.equal(broker.log.length, 3, 'it got through to the broker');
    mend('down');
    await later(100);
    assert.deepEqual(seen, ['connected', 'a=1', 'a=2', 'a=3']);
  });

  it('has the broker give up whoever is silent for one and a half keepalives', async () => {
    const { cut, seen, mend } = client('c');
    await later(100);
    cut('up');
    await later(KEEPALIVE * 1.5 - 50);
    assert.deepEqual(broker.log, []);
    await later(100);
    assert.deepEqual(
      broker.log.map(({ topic }) => topic),
      ['will/c'],
    );
    assert.deepEqual(
      seen,
      ['connected', 'lost: nothing comes from the broker'],
      'the client has given up before',
    );
    mend('up');
    await later(1_000);
    assert.equal(seen.at(-1), 'connected');
  });

  it('has a frozen process lose its connection, and learn of it when it goes on', async () => {
    const { machine, transport, seen } = client('c');
    await later(100);
    machine.freeze();
    transport.noteRoute();
    await later(KEEPALIVE * 2);
    assert.deepEqual(
      broker.log.map(({ topic }) => topic),
      ['will/c'],
    );
    assert.deepEqual(seen, ['connected']);
    machine.resume();
    transport.noteRoute();
    await later(50);
    assert.deepEqual(seen, ['connected', 'lost: keepalive']);
  });

  it('tells the client at once of a broker that has crashed, or only after a while of one whose machine is off', async () => {
    const { transport, seen } = client('c');
    await later(100);
    broker.crash(false);
    await later(50);
    assert.deepEqual(seen, ['connected', 'lost: the broker is gone']);
    broker.start();
    await later(500);
    broker.crash(true);
    transport.noteRoute();
    await later(KEEPALIVE - 100);
    assert.equal(seen.at(-1), 'connected');
    await later(200);
    assert.equal(seen.at(-1), 'lost: nothing comes from the broker');
    assert.deepEqual(broker.log, [], 'no wills');
  });

  it('says to who goes on after a restart that the connection is no more', async () => {
    const { transport, seen } = client('c');
    await later(100);
    broker.crash(true);
    broker.start(new Map([['a', 'old']]));
    const lost = assert.rejects(say(transport, 'b', '1', 1), /the connection was lost/);
    await later(100);
    await lost;
    assert.deepEqual(seen.slice(0, 2), ['connected', 'lost: the connection was lost']);
    assert.deepEqual([...broker.retained], [['a', 'old']]);
  });

  it('lets what a killed process had sent arrive, then its will', async () => {
    const { transport, machine } = client('c');
    await later(100);
    void say(transport, 'last', 'words');
    machine.kill();
    transport.kill();
    await later(100);
    assert.deepEqual(
      broker.log.map(({ topic }) => topic),
      ['last', 'will/c'],
    );
  });

  it('lets nothing arrive of whoever has lost his client id to another', async () => {
    const first = client('c');
    await later(100);
    first.cut('up');
    void say(first.transport, 'late', 'words');
    const second = client('c');
    await later(100);
    first.mend('up');
    await later(300);
    assert.deepEqual(
      broker.log.filter(({ topic }) => topic === 'late'),
      [],
    );
    assert.ok(first.seen.includes('lost: another client has taken this client id'));
    assert.equal(second.seen[0], 'connected');
  });

  it('loses and doubles what is at QoS 0, and only that', async () => {
    const { transport, seen } = client('c');
    await later(100);
    void transport.subscribe('#');
    await later(100);
    weather.lossyShare = 0.5;
    seen.length = 0;
    for (let count = 0; count < 200; count++) void say(transport, 'zero', String(count));
    for (let count = 0; count < 50; count++) void say(transport, 'one', String(count), 1);
    await later(1_000);
    const of = (topic: string) => seen.filter((text) => text.startsWith(topic));
    assert.equal(of('one').length, 50);
    assert.ok(of('zero').length < 150 && of('zero').length > 30, String(of('zero').length));
    assert.ok(new Set(of('zero')).size < of('zero').length, 'some come twice');
  });
});
