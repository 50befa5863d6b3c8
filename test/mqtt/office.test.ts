import assert from 'node:assert/strict';
import { Office } from '../../src/mqtt/office';
import { officeId } from '../../src/mqtt/office-id';
import { topicsUnder } from '../../src/mqtt/topics';
import { HandClock } from '../support/hand-clock';
import { SimulatedBroker } from '../support/simulated-broker';

const SESSION = 10_000;

describe('the office of an arbiter', () => {
  let clock: HandClock;
  let broker: SimulatedBroker;
  const topics = topicsUnder('locks');

  beforeEach(() => {
    clock = new HandClock();
    broker = new SimulatedBroker({ clock });
  });

  function makeOffice(instance = 'me', epoch = 3) {
    const lost: string[] = [];
    const heard: string[] = [];
    const connections: boolean[] = [];
    const write = broker.client({ clientId: officeId('locks'), reconnects: false });
    const read = broker.client({ clientId: `${instance} read`, reconnects: false });
    const office = new Office({
      ...{ topics, instance, clock, write, read },
      log: { info: () => undefined, warn: () => undefined },
      ...{ epoch: () => epoch, beat: 1_000, sessionTime: SESSION, longestSilence: 5_000 },
    });
    office.onMessage(({ payload }) => heard.push(Buffer.from(payload).toString()));
    office.onConnection((connected, reason) => {
      connections.push(connected);
      if (!connected) lost.push(String(reason));
    });
    office.start();
    return { office, lost, heard, connections, read };
  }

  it('beats with its term, and is proved by each beat that comes back', async () => {
    const { office } = makeOffice();
    await clock.advance(3_500);
    assert.deepEqual(broker.published('locks/arbiter/beat').slice(0, 2), [
      { epoch: 3, instance: 'me', beat: 1 },
      { epoch: 3, instance: 'me', beat: 2 },
    ]);
    assert.equal(office.validUntil, 3_000 + 0.9 * SESSION);
    assert.equal(office.connected, true);
  });

  it('is lost for good when somebody else connects under its name', async () => {
    const one = makeOffice();
    await clock.advance(100);
    const other = makeOffice('other', 4);
    await clock.advance(100);
    assert.deepEqual(one.lost, ['another client has taken this client id']);
    assert.deepEqual(one.connections, [true, false]);
    assert.equal(one.office.connected, false);
    await assert.rejects(one.office.publish('a', 'b', { qos: 1, retain: true }), /the office is lost/);
    assert.deepEqual(other.lost, []);
    await clock.advance(20_000);
    assert.equal(other.office.connected, true);
  });

  it('lets nothing through after its loss: no timer, no message', async () => {
    const { office, heard, lost, read } = makeOffice();
    await clock.advance(10);
    const subscribed = office.subscribe('x', 0);
    await clock.advance(10);
    await subscribed;
    let ran = 0;
    office.clock.setTimer(2_000, () => ran++);
    office.clock.setTimer(10, () => ran++);
    await clock.advance(20);
    assert.equal(ran, 1);
    broker.cut(read.clientId, 'cut');
    broker.publish('x', 'late');
    await clock.advance(5_000);
    assert.equal(ran, 1);
    assert.deepEqual(
      heard.filter((text) => text === 'late'),
      [],
    );
    assert.deepEqual(lost, ['cut']);
  });

  it('is lost when what it writes does not come back', async () => {
    const { lost } = makeOffice();
    await clock.advance(2_500);
    broker.mayPublish = () => false;
    await clock.advance(4_000);
    assert.deepEqual(lost, []);
    await clock.advance(2_000);
    assert.deepEqual(lost, ['what it writes does not come back']);
  });

  it('is lost when there is no connection in time', async () => {
    broker.stop();
    const { lost } = makeOffice();
    await clock.advance(10);
    assert.deepEqual(lost, ['the broker is gone']);
  });

  it('lets through what came during a standstill only after a beat has come back that left after it', async () => {
    const { office, heard } = makeOffice();
    const subscribed = clock.advance(5).then(() => office.subscribe('x', 0));
    await clock.advance(10);
    await subscribed;
    const done: string[] = [];
    office.clock.setTimer(1_500, () => done.push('timer'));
    broker.publish('x', 'message');
    await clock.standStill(3_000);
    assert.deepEqual([...done, ...heard.filter((text) => text === 'message')], []);
    assert.equal(office.validUntil, -Infinity);
    await clock.advance(5);
    assert.deepEqual(done, ['timer']);
    assert.ok(heard.includes('message'));
    assert.ok(office.validUntil > clock.monotonic + 0.8 * SESSION);
  });

  it('lets nothing through after its wall clock was set back, which may hide a sleep, until a beat is back', async () => {
    const { office } = makeOffice();
    await clock.advance(10);
    clock.wall -= 3_600_000;
    assert.equal(office.validUntil, -Infinity);
    await clock.advance(5);
    assert.ok(office.validUntil > clock.monotonic + 0.8 * SESSION);
  });

  it('counts sleeps against its validity that are too short to be noticed', async () => {
    const { office } = makeOffice();
    await clock.advance(10);
    const before = office.validUntil;
    broker.mayPublish = () => false;
    for (let sleeps = 0; sleeps < 4; sleeps++) {
      clock.wall += 300;
      await clock.advance(500);
    }
    assert.equal(office.validUntil, before - 4 * 300);
  });

  it('does not wake up into an office that somebody else has taken meanwhile', async () => {
    const one = makeOffice();
    await clock.advance(10);
    let ran = 0;
    one.office.clock.setTimer(1_500, () => ran++);
    // The machine sleeps: only the wall clock goes on.
    clock.wall += 60_000;
    assert.equal(one.office.validUntil, -Infinity);
    broker.mayPublish = (clientId) => clientId !== officeId('locks');
    await clock.advance(20_000);
    assert.equal(ran, 0);
    assert.deepEqual(one.lost, ['what it writes does not come back']);
    assert.equal(one.office.validUntil, -Infinity);
  });

  const rivals: readonly (readonly [string, { epoch: number; instance: string }, boolean])[] = [
    ['a higher term', { epoch: 4, instance: 'a' }, true],
    ['a lower term', { epoch: 2, instance: 'z' }, false],
    ['the same term and a greater name', { epoch: 3, instance: 'z' }, true],
    ['the same term and a smaller name', { epoch: 3, instance: 'a' }, false],
  ];
  for (const [whose, rival, isLost] of rivals) {
    it(`${isLost ? 'gives way to' : 'stays before'} ${whose}`, async () => {
      const beaten = makeOffice();
      await clock.advance(10);
      broker.publish('locks/arbiter/beat', JSON.stringify({ ...rival, beat: 1 }));
      await clock.advance(10);
      assert.deepEqual(beaten.lost, isLost ? ['this broker lets two decide'] : []);
      const shown = makeOffice();
      await clock.advance(10);
      const presence = { v: 1, online: true, requester: 'r', tokenFloor: 0, ...rival };
      broker.publish('locks/arbiter', JSON.stringify(presence));
      await clock.advance(10);
      assert.deepEqual(shown.lost, isLost ? ['this broker lets two decide'] : []);
    });
  }

  it('ignores a presence that was there before it, and nonsense', async () => {
    const presence = { v: 1, online: true, requester: 'r', tokenFloor: 0, epoch: 9, instance: 'z' };
    broker.publish('locks/arbiter', JSON.stringify(presence), { retain: true });
    const { lost } = makeOffice();
    await clock.advance(10);
    broker.publish('locks/arbiter', '');
    broker.publish('locks/arbiter/beat', '{}');
    await clock.advance(1_000);
    assert.deepEqual(lost, []);
  });

  it('leaves nothing behind when it stops', async () => {
    const { office, lost, connections } = makeOffice();
    await clock.advance(10);
    await office.stop();
    assert.equal(clock.timers, 0);
    assert.deepEqual(lost, []);
    assert.deepEqual(connections, [true]);
  });
});

describe('the client id of the office', () => {
  it('has 23 letters and digits, the same for everybody on a prefix and for nobody else', () => {
    const prefixes = ['locks', 'lock', 'house/locks', 'räume', '', 'locks2'];
    const ids = prefixes.map(officeId);
    for (const id of ids) assert.match(id, /^[a-z0-9]{23}$/);
    assert.equal(new Set(ids).size, prefixes.length);
    assert.equal(officeId('locks'), 'locksfg1wq1261x0yzppgnn');
  });
});
