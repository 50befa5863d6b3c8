import assert from 'node:assert/strict';
import { ArbiterScene, startArbiter } from '../support/arbiter-scene';
import { HandClock } from '../support/hand-clock';
import { SimulatedBroker } from '../support/simulated-broker';
import type { Direction } from '../support/simulated-lane';

const HOUR_MS = 3_600_000;

/** Every message takes so long that reading takes longer than a broker is waited for. */
function slowScene(): ArbiterScene {
  return new ArbiterScene({}, new SimulatedBroker({ clock: new HandClock(), latencyMs: 1_500 }));
}

describe('without its broker, the arbiter', () => {
  let scene: ArbiterScene;

  beforeEach(async () => {
    scene = await startArbiter();
  });

  /** The broker comes back, and everything is brought together. */
  async function back(): Promise<void> {
    scene.broker.start();
    await scene.settle(500);
    assert.equal(scene.arbiter.status.isPublishing, true);
  }

  it('decides for its own flows, and says why nothing is published', async () => {
    scene.broker.stop();
    assert.deepEqual(
      [scene.arbiter.status.phase, scene.arbiter.status.isPublishing, scene.arbiter.status.reason],
      ['deciding', false, 'the broker is gone'],
    );
    assert.equal(scene.own('node', { resource: 'lights' }).phase, 'held');
  });

  it('publishes what has changed when it is back, and nothing else', async () => {
    await scene.device('panel/lights', { value: 'on' });
    await scene.device('panel/fan', {});
    scene.broker.stop();
    const alarm = scene.own('alarm', { resource: 'lights', priority: 'security' });
    scene.own('node', { resource: 'door' });
    const mark = scene.broker.log.length;
    await back();
    assert.equal(scene.holder('lights'), 'house');
    assert.equal(scene.answer('panel/lights')?.result, 'requeued');
    assert.equal(scene.holder('door'), 'house');
    const topics = scene.topicsSince(mark);
    assert.ok(topics.indexOf('locks/answer/panel/lights') < topics.indexOf('locks/state/lights'));
    assert.ok(!topics.includes('locks/state/fan'));
    assert.ok(!topics.includes('locks/answer/panel/fan'));
    scene.arbiter.release(alarm);
    await scene.settle();
    assert.equal(scene.state('lights')?.value, 'on');
  });

  it('keeps its devices’ holds', async () => {
    await scene.device('panel/lights', { value: 'on' });
    const { token } = scene.state('lights') ?? {};
    scene.broker.stop();
    await scene.clock.advance(60_000);
    await back();
    assert.equal(scene.state('lights')?.token, token);
  });

  it('hears when it is back of what came, changed and went meanwhile', async () => {
    await scene.device('panel/lights', { value: 'on' });
    await scene.device('panel/fan', {});
    await scene.device('wall/fan', {});
    scene.broker.stop();
    scene.broker.publish('locks/claim/panel/lights', '{"value":"dim"}', { retain: true });
    scene.broker.publish('locks/claim/panel/fan', '', { retain: true });
    scene.broker.publish('locks/claim/hall/door', '{}', { retain: true });
    await back();
    assert.equal(scene.state('lights')?.value, 'dim');
    assert.equal(scene.holder('fan'), 'wall');
    assert.equal(scene.answer('panel/fan'), undefined);
    assert.equal(scene.holder('door'), 'hall');
  });

  it('never renews a lease for a message that is replayed, except for a new id', async () => {
    await scene.device('panel/lights', { ttl: HOUR_MS });
    await scene.device('panel/fan', { ttl: HOUR_MS, id: '1' });
    scene.broker.stop();
    scene.broker.publish('locks/claim/panel/lights', `{"ttl":${HOUR_MS},"renew":true}`, { retain: true });
    scene.broker.publish('locks/claim/panel/fan', `{"ttl":${HOUR_MS},"id":"2"}`, { retain: true });
    await scene.clock.advance(HOUR_MS / 2);
    await back();
    assert.ok(Number(scene.answer('panel/lights')?.remaining) <= HOUR_MS / 2);
    assert.equal(scene.answer('panel/fan')?.remaining, HOUR_MS);
    const { expires } = scene.answer('panel/fan') ?? {};
    scene.broker.cut(String(scene.transport?.clientId));
    await back();
    assert.equal(scene.answer('panel/fan')?.expires, expires);
  });

  it('does not wake up a claim that ended meanwhile', async () => {
    await scene.device('panel/lights', { ttl: 1_000 });
    scene.broker.stop();
    await scene.clock.advance(2_000);
    await back();
    assert.equal(scene.answer('panel/lights')?.result, 'lost');
    assert.equal(scene.state('lights')?.state, 'free');
  });

  it('forgets a claim that ended and was withdrawn meanwhile', async () => {
    await scene.device('panel/lights', { ttl: 1_000 });
    await scene.settle(1_000);
    scene.broker.stop();
    scene.broker.publish('locks/claim/panel/lights', '', { retain: true });
    await back();
    assert.equal(scene.answer('panel/lights'), undefined);
  });

  it('publishes everything again to a broker that has lost its store, and takes no claim for withdrawn', async () => {
    await scene.device('panel/lights', { value: 'on' });
    scene.own('node', { resource: 'door' }, true);
    await scene.settle();
    const { token } = scene.state('lights') ?? {};
    scene.broker.stop('lost');
    await back();
    assert.deepEqual([scene.holder('lights'), scene.state('lights')?.token], ['panel', token]);
    assert.equal(scene.answer('panel/lights')?.result, 'granted');
    assert.ok(scene.broker.retained.has('locks/claim/house/node/key'));
    assert.ok(scene.broker.retained.has('locks/arbiter/term'));
    scene.broker.cut(String(scene.transport?.clientId));
    await back();
    assert.equal(scene.holder('lights'), 'panel');
  });

  it('lets a claim go that is withdrawn once more after its withdrawal was forgotten with it', async () => {
    await scene.device('panel/lights', { value: 'on' });
    scene.broker.stop('lost');
    scene.broker.publish('locks/claim/panel/lights', '', { retain: true });
    await back();
    assert.deepEqual([scene.holder('lights'), scene.answer('panel/lights')?.result], ['panel', 'granted']);
    await scene.device('panel/lights', '');
    assert.deepEqual([scene.state('lights')?.state, scene.answer('panel/lights')], ['free', undefined]);
  });

  it('takes no claim for withdrawn whose answer is gone, too: the store came back old', async () => {
    await scene.device('panel/lights', { value: 'on' });
    scene.broker.stop();
    scene.broker.retained.delete('locks/claim/panel/lights');
    scene.broker.retained.delete('locks/answer/panel/lights');
    await back();
    assert.equal(scene.holder('lights'), 'panel');
    scene.broker.publish('locks/claim/panel/lights', '{"value":"dim"}', { retain: true });
    await scene.settle();
    assert.equal(scene.state('lights')?.value, 'dim');
    scene.broker.cut(String(scene.transport?.clientId));
    await back();
    await scene.device('panel/lights', '');
    assert.equal(scene.state('lights')?.state, 'free');
  });

  it('takes a claim for withdrawn that it has answered to nobody, where nothing of its term has ever arrived', async () => {
    let isCut = false;
    const route = { delay: () => 1, isCut: (way: Direction) => isCut && way === 'up', copies: () => 1 };
    const broker = new SimulatedBroker({ clock: new HandClock() });
    // Another one is there, who may hold something: it asks before it decides.
    broker.publish('locks/session/desk', '{"v":1,"online":true,"instance":"desk"}', { retain: true });
    scene = new ArbiterScene({ route }, broker);
    await scene.start();
    await scene.device('panel/lights', {});
    isCut = true;
    await scene.settle(10_000);
    assert.equal(scene.arbiter.state('lights').holder, 'panel');
    assert.equal(broker.retained.has('locks/arbiter/term'), false);
    broker.cut(String(scene.transport?.clientId));
    broker.publish('locks/claim/panel/lights', '', { retain: true });
    isCut = false;
    await back();
    assert.deepEqual([scene.state('lights')?.state, scene.answer('panel/lights')], ['free', undefined]);
  });

  it('asks once more for a claim that is not there before it takes it for withdrawn', async () => {
    await scene.device('panel/lights', {});
    scene.broker.stop();
    const text = String(scene.broker.retained.get('locks/claim/panel/lights'));
    scene.broker.retained.delete('locks/claim/panel/lights');
    scene.broker.start();
    const { log } = scene.broker;
    const marks = () =>
      log.filter(({ topic, payload }) => topic.startsWith('locks/arbiter/mark/') && payload !== '').length;
    const before = marks();
    while (marks() < before + 2) await scene.clock.advance(1);
    // It comes late, as on brokers that do not keep the order.
    scene.broker.retained.set('locks/claim/panel/lights', text);
    await scene.settle(500);
    assert.equal(scene.holder('lights'), 'panel');
  });

  it('tries again when the connection breaks while it reads', async () => {
    await scene.device('panel/lights', {});
    for (let latency = 1; latency < 12; latency++) {
      scene.broker.cut(String(scene.transport?.clientId));
      await scene.clock.advance(100 + latency);
    }
    await back();
    assert.equal(scene.holder('lights'), 'panel');
    await scene.device('wall/lights', { priority: 1 });
    assert.equal(scene.holder('lights'), 'wall');
  });

  it('starts to decide after a while, if there is none at the start', async () => {
    const late = new ArbiterScene({ instance: 'late' });
    late.broker.stop();
    await late.start();
    assert.equal(late.arbiter.status.phase, 'starting');
    await late.clock.advance(10_000);
    await late.arbiter.ready;
    assert.equal(late.arbiter.status.phase, 'deciding');
    assert.equal(late.own('node', { resource: 'lights' }).phase, 'held');
  });

  it('decides nothing before it has read what a slow one has', async () => {
    const slow = slowScene();
    slow.broker.publish('locks/claim/panel/lights', '{}', { retain: true });
    await slow.start();
    await slow.clock.advance(10_000);
    assert.equal(slow.arbiter.status.phase, 'starting');
    await slow.clock.advance(50_000);
    assert.equal(slow.arbiter.status.phase, 'deciding');
    assert.equal(slow.holder('lights'), 'panel');
  });

  it('decides when a broker is gone again before all was read', async () => {
    const slow = slowScene();
    await slow.start();
    await slow.clock.advance(10_000);
    slow.broker.stop();
    await slow.clock.advance(1_500);
    assert.equal(slow.arbiter.status.phase, 'deciding');
  });

  it('gives no token that an earlier start may have given without it', async () => {
    await scene.device('panel/lights', {});
    await scene.crash();
    const second = await startArbiter({}, scene.broker);
    scene.broker.stop();
    const told = second.own('node', { resource: 'door' }).answer?.token;
    await second.crash();
    scene.broker.start();
    const third = await startArbiter({}, scene.broker);
    const next = third.own('node', { resource: 'door' }).answer?.token;
    assert.ok(Number(next) > Number(told), `${next} is given after ${told}`);
  });

  it('gives no token that an earlier start may have given before its term has arrived', async () => {
    await scene.device('panel/lights', {});
    await scene.crash();
    let isCut = false;
    const route = { delay: () => 1, isCut: (way: Direction) => isCut && way === 'up', copies: () => 1 };
    const second = new ArbiterScene({ route }, scene.broker);
    second.arbiter.onStatus(({ phase }) => {
      isCut ||= phase === 'deciding';
    });
    const term = scene.broker.retained.get('locks/arbiter/term');
    // The moment in which it begins is the last one in which something arrives.
    second.broker.onPublished = ({ topic, payload }) => {
      isCut ||= topic === 'locks/arbiter/term' && payload !== term;
    };
    await second.start();
    const told = second.own('node', { resource: 'door' }).answer?.token;
    await second.crash();
    const third = await startArbiter({}, scene.broker);
    const next = third.own('node', { resource: 'door' }).answer?.token;
    assert.ok(Number(next) > Number(told), `${next} is given after ${told}`);
  });
});

describe('a broker that comes only after the start', () => {
  it('brings what was before together with what flows have claimed since', async () => {
    const first = await startArbiter();
    await first.device('panel/lights', { priority: 'motion', value: 'on' });
    await first.device('panel/fan', {});
    first.own('kept', { resource: 'door', value: 'old' }, true);
    first.own('other', { resource: 'gate', locker: 'gate' }, true);
    await first.settle();
    const token = Number(first.state('lights')?.token);
    await first.crash();
    first.broker.stop();
    const second = await startArbiter({}, first.broker);
    await second.clock.advance(10_000);
    const lights = second.own('node', { resource: 'lights', value: 'off' });
    const door = second.own('kept', { resource: 'door', value: 'new' }, true);
    assert.equal(lights.phase, 'held');
    first.broker.start();
    await second.settle(500);
    assert.equal(second.holder('lights'), 'panel');
    assert.equal(lights.phase, 'waiting');
    assert.deepEqual(
      second.heard.filter(({ claim }) => claim === lights).map(({ answer }) => answer.result),
      ['granted', 'requeued'],
    );
    assert.ok(Number(second.state('lights')?.token) > token);
    assert.equal(second.holder('fan'), 'panel');
    assert.equal(door.phase, 'held');
    assert.equal(second.state('door')?.value, 'new');
    assert.deepEqual(
      second.recalled.map(({ owner }) => owner?.path),
      ['other'],
    );
    assert.equal(second.holder('gate'), 'gate');
    await second.device('panel/lights', '');
    assert.equal(second.state('lights')?.value, 'off');
  });
});
