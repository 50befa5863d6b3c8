import assert from 'node:assert/strict';
import { ArbiterScene, essence, startArbiter } from '../support/arbiter-scene';

const HOUR_MS = 3_600_000;
const YEAR_MS = 366 * 24 * HOUR_MS;

describe('after a crash and a restart', () => {
  let scene: ArbiterScene;

  beforeEach(async () => {
    scene = await startArbiter();
  });

  /** The arbiter dies; `away` passes; the next one starts. */
  async function restart(away = 1_000, options = {}): Promise<ArbiterScene> {
    await scene.crash();
    await scene.clock.advance(away);
    scene = await startArbiter(options, scene.broker);
    return scene;
  }

  it('holds, waiters, values and tokens are as they were', async () => {
    await scene.device('panel/lights', { priority: 'motion', value: 'on' });
    await scene.device('wall/1', { resource: 'lights', priority: 'manual', value: 'dim', locker: 'mum' });
    await scene.device('hall/lights', { priority: 'energy', ttl: HOUR_MS });
    await scene.device('panel/both', { resources: ['blinds', 'awning'], id: 'x' });
    const before = ['lights', 'blinds', 'awning'].map((resource) => essence(scene.state(resource)));
    await restart();
    const after = ['lights', 'blinds', 'awning'].map((resource) => essence(scene.state(resource)));
    assert.deepEqual(after, before);
    assert.equal(scene.state('lights')?.epoch, 2);
    await scene.device('wall/1', '');
    assert.equal(scene.holder('lights'), 'panel');
    assert.equal(scene.answer('panel/lights')?.regained, true);
  });

  it('nobody is answered anew who has the right answer', async () => {
    await scene.device('panel/lights', { priority: 'motion' });
    await scene.device('wall/lights', { priority: 'manual' });
    await scene.device('hall/lights', {});
    const mark = scene.broker.log.length;
    await restart();
    const answers = scene.topicsSince(mark).filter((topic) => topic.startsWith('locks/answer/'));
    assert.deepEqual(answers, []);
  });

  it('leases go on, the time away included', async () => {
    await scene.device('panel/lights', { ttl: HOUR_MS });
    const { expires } = scene.state('lights') ?? {};
    await restart(HOUR_MS / 2);
    assert.equal(scene.state('lights')?.expires, expires);
    await scene.settle(HOUR_MS / 2 - 1_000);
    assert.equal(scene.holder('lights'), 'panel');
    await scene.settle(1_000);
    assert.equal(scene.state('lights')?.state, 'free');
  });

  it('a lease that ran out meanwhile is lost, and whoever waited has the resource', async () => {
    await scene.device('panel/lights', { priority: 1, ttl: HOUR_MS });
    await scene.device('wall/lights', {});
    await restart(2 * HOUR_MS);
    assert.equal(scene.answer('panel/lights')?.reason, 'expired');
    assert.equal(scene.holder('lights'), 'wall');
    assert.equal(scene.answer('wall/lights')?.result, 'granted');
  });

  it('no lease becomes longer because the clock went back', async () => {
    await scene.device('panel/lights', { ttl: HOUR_MS });
    await scene.device('panel/lights', { ttl: HOUR_MS, value: 'on' });
    await scene.crash();
    scene.clock.wall -= 5 * HOUR_MS;
    await scene.clock.advance(HOUR_MS / 2);
    scene = await startArbiter({}, scene.broker);
    assert.ok(Number(scene.state('lights')?.remaining) <= HOUR_MS);
    await scene.settle(HOUR_MS);
    assert.equal(scene.state('lights')?.state, 'free');
  });

  it('tokens go on above all that were ever given, also when the clock knows no date', async () => {
    await scene.device('panel/lights', {});
    await scene.device('panel/lights', '');
    await scene.device('panel/fan', {});
    const highest = Number(scene.state('fan')?.token);
    await scene.device('panel/fan', '');
    await scene.settle(2 * HOUR_MS);
    assert.equal(scene.state('fan'), undefined);
    await scene.crash();
    scene.clock.wall = 0;
    scene = await startArbiter({}, scene.broker);
    await scene.device('panel/lights', {});
    assert.ok(Number(scene.state('lights')?.token) > highest);
  });

  it('a token of the far future is ignored and reported', async () => {
    await scene.device('panel/lights', { value: 'on' });
    const state = { ...scene.state('lights'), token: scene.clock.wall + 2 * YEAR_MS };
    await scene.crash();
    scene.broker.publish('locks/state/lights', JSON.stringify(state), { retain: true });
    scene = await startArbiter({}, scene.broker);
    assert.match(String(scene.warnings[0]), /the token \d+ of lights is of the far future, and is ignored/);
    assert.equal(scene.holder('lights'), 'panel');
    assert.ok(Number(scene.state('lights')?.token) < scene.clock.wall + YEAR_MS);
  });

  it('an ended answer beats a state', async () => {
    await scene.device('panel/lights', { ttl: 1_000 });
    const state = scene.broker.retained.get('locks/state/lights');
    await scene.settle(1_000);
    await scene.crash();
    scene.broker.publish('locks/state/lights', String(state), { retain: true });
    scene = await startArbiter({}, scene.broker);
    assert.equal(scene.state('lights')?.state, 'free');
    assert.equal(scene.answer('panel/lights')?.result, 'lost');
  });

  it('a claim that ended is not woken up by its retained message', async () => {
    await scene.device('panel/lights', { ttl: 1_000, id: 'x' });
    await scene.device('wall/lights', { ttl: 1_000 });
    await scene.settle(1_000);
    await restart();
    assert.equal(scene.state('lights')?.state, 'free');
    assert.equal(scene.answer('panel/lights')?.result, 'lost');
    await scene.device('wall/lights', { ttl: 1_000 });
    assert.equal(scene.holder('lights'), 'wall');
  });

  it('a press with a new id that came meanwhile is a claim', async () => {
    await scene.device('panel/lights', { ttl: 1_000, id: 'x' });
    await scene.settle(1_000);
    await scene.crash();
    await scene.device('panel/lights', { ttl: 1_000, id: 'y' });
    scene = await startArbiter({}, scene.broker);
    assert.equal(scene.holder('lights'), 'panel');
    assert.equal(scene.answer('panel/lights')?.id, 'y');
  });

  it('a claim that came meanwhile is one', async () => {
    await scene.crash();
    await scene.device('panel/lights', { value: 'on' });
    scene = await startArbiter({}, scene.broker);
    assert.equal(scene.state('lights')?.value, 'on');
    assert.equal(scene.answer('panel/lights')?.result, 'granted');
  });

  it('a change that came meanwhile is made in place, without a new lease', async () => {
    await scene.device('panel/lights', { value: 'on', ttl: HOUR_MS });
    await scene.device('wall/lights', { value: 1, ttl: HOUR_MS });
    const { token, expires } = scene.state('lights') ?? {};
    await scene.crash();
    await scene.device('panel/lights', { value: 'dim', ttl: HOUR_MS, renew: true });
    await scene.device('wall/lights', { value: 2, ttl: HOUR_MS, renew: true });
    await scene.clock.advance(60_000);
    scene = await startArbiter({}, scene.broker);
    const state = scene.state('lights');
    assert.deepEqual([state?.value, state?.token, state?.expires], ['dim', token, expires]);
    assert.ok(Number(scene.answer('wall/lights')?.remaining) < HOUR_MS);
    await scene.device('panel/lights', '');
    assert.equal(scene.state('lights')?.value, 2);
  });

  it('a new id that came meanwhile restarts the lease of a waiting claim, which keeps its place', async () => {
    await scene.device('panel/lights', { priority: 1 });
    await scene.device('wall/lights', { ttl: HOUR_MS, id: 'x' });
    await scene.device('hall/lights', {});
    await scene.crash();
    await scene.device('wall/lights', { ttl: HOUR_MS, id: 'y' });
    await scene.clock.advance(HOUR_MS / 2);
    scene = await startArbiter({}, scene.broker);
    assert.equal(scene.answer('wall/lights')?.remaining, HOUR_MS);
    await scene.device('panel/lights', '');
    assert.equal(scene.holder('lights'), 'wall');
  });

  it('a claim that was withdrawn meanwhile is gone, once it was asked for again', async () => {
    await scene.device('panel/lights', { priority: 1 });
    await scene.device('wall/lights', {});
    await scene.device('hall/fan', {});
    await scene.device('porch/fan', {});
    await scene.crash();
    await scene.device('panel/lights', '');
    await scene.device('porch/fan', '');
    scene = await startArbiter({}, scene.broker);
    assert.equal(scene.holder('lights'), 'wall');
    assert.equal(scene.answer('panel/lights'), undefined);
    assert.equal(scene.state('fan')?.waitingCount, 0);
    assert.equal(scene.answer('porch/fan'), undefined);
  });

  it('a message that was spoilt meanwhile changes nothing, and is answered', async () => {
    await scene.device('panel/lights', { value: 'on', priority: 'motion' });
    await scene.crash();
    await scene.device('panel/lights', '{"ttl":"long"}');
    scene = await startArbiter({}, scene.broker);
    const state = scene.state('lights');
    assert.deepEqual([state?.holder, state?.value, state?.priority], ['panel', 'on', 100]);
    assert.equal(scene.answers('panel/lights').at(-1)?.result, 'error');
    await scene.device('panel/lights', { value: 'off' });
    assert.equal(scene.state('lights')?.value, 'off');
  });

  it('what a waiting claim says in several messages stands', async () => {
    await scene.device('wall/lights', { priority: 'manual' });
    await scene.device('panel/lights', { priority: 'motion', value: 'on', locker: 'mum' });
    await scene.device('panel/lights', { value: 'dim' });
    await restart();
    assert.deepEqual(scene.state('lights')?.waiting[0]?.priority, 100);
    await scene.device('wall/lights', '');
    const state = scene.state('lights');
    assert.deepEqual([state?.holder, state?.priority, state?.value], ['mum', 100, 'dim']);
  });

  it('a hold of several resources that one of its states lacks is waiting', async () => {
    await scene.device('panel/both', { resources: ['a', 'b'] });
    await scene.crash();
    const other = {
      ...scene.state('b'),
      holder: 'wall',
      requester: 'wall',
      claims: [{ ...scene.state('b')?.claims[0] }],
    };
    const [claim] = other.claims;
    Object.assign(claim ?? {}, { requester: 'wall', name: 'b', locker: 'wall', resources: ['b'], id: 'b' });
    scene.broker.publish('locks/claim/wall/b', '{}', { retain: true });
    scene.broker.publish('locks/state/b', JSON.stringify(other), { retain: true });
    scene = await startArbiter({}, scene.broker);
    assert.equal(scene.state('a')?.state, 'free');
    assert.equal(scene.holder('b'), 'wall');
    assert.equal(scene.answer('panel/both')?.result, 'requeued');
    await scene.device('wall/b', '');
    assert.equal(scene.holder('a'), 'panel');
  });

  it('a revocation goes on, and is over when it was to be', async () => {
    await scene.device('panel/lights', { grace: 5_000, value: 'on' });
    await scene.device('wall/lights', { priority: 1 });
    await restart(2_000);
    const state = scene.state('lights');
    assert.deepEqual([state?.state, state?.holder], ['revoking', 'panel']);
    await scene.settle(3_000);
    assert.equal(scene.holder('lights'), 'wall');
    assert.equal(scene.answer('panel/lights')?.by?.locker, 'wall');
  });

  it('a bounded wait is over when it was to be', async () => {
    await scene.device('wall/lights', { priority: 1 });
    await scene.device('panel/lights', { timeout: 60_000 });
    await restart(20_000);
    assert.equal(scene.answer('panel/lights')?.result, 'queued');
    await scene.settle(40_000);
    assert.equal(scene.answer('panel/lights')?.reason, 'timeout');
  });

  it('of several claims that hold, the value that was written last counts', async () => {
    await scene.device('panel/1', { resource: 'lights', value: 'first' });
    await scene.device('panel/2', { resource: 'lights', value: 'second' });
    await scene.device('panel/1', { resource: 'lights', value: 'third' });
    await restart();
    assert.equal(scene.state('lights')?.value, 'third');
    assert.equal(scene.state('lights')?.claims.length, 2);
  });

  it('requesters that act as one locker still do', async () => {
    const rows = [{ requester: '+', resource: '#', actsAs: 'manual' }];
    await scene.crash();
    scene = await startArbiter({ rows }, scene.broker);
    await scene.device('panel/lights', { value: 'on' });
    await restart(1_000, { rows });
    await scene.device('wall/lights', { value: 'off' });
    assert.deepEqual([scene.holder('lights'), scene.state('lights')?.value], ['manual', 'off']);
    assert.equal(scene.state('lights')?.claims.length, 2);
  });

  it('a waiting claim that the rules do not allow any more is denied', async () => {
    await scene.device('wall/lights', { priority: 'manual' });
    await scene.device('panel/lights', { priority: 'motion' });
    await restart(1_000, { rows: [{ requester: 'panel', resource: '#', highest: 0 }] });
    assert.equal(scene.answer('panel/lights')?.reason, 'policy');
    assert.equal(scene.state('lights')?.waitingCount, 0);
  });

  it('free resources are shown for an hour more, and what nobody can read is cleared', async () => {
    await scene.device('panel/lights', {});
    await scene.device('panel/lights', '');
    scene.broker.publish('locks/state/rubbish', 'rubbish', { retain: true });
    scene.broker.publish('locks/answer/panel/rubbish', 'rubbish', { retain: true });
    scene.broker.publish('locks/state/swapped', String(scene.broker.retained.get('locks/state/lights')), {
      retain: true,
    });
    await restart();
    assert.equal(scene.state('lights')?.state, 'free');
    assert.equal(scene.broker.retained.get('locks/state/rubbish'), undefined);
    assert.equal(scene.broker.retained.get('locks/answer/panel/rubbish'), undefined);
    assert.equal(scene.state('swapped'), undefined);
    await scene.settle(HOUR_MS);
    assert.equal(scene.state('lights'), undefined);
  });

  it('numbers that would come to an end are not counted on from', async () => {
    await scene.device('panel/lights', {});
    const state = scene.state('lights');
    await scene.crash();
    const claims = state?.claims.map((claim) => ({ ...claim, order: 2 ** 52 }));
    scene.broker.publish('locks/state/lights', JSON.stringify({ ...state, claims, epoch: 2 ** 52 }), {
      retain: true,
    });
    scene = await startArbiter({}, scene.broker);
    assert.equal(scene.state('lights')?.claims[0]?.order, 2);
    assert.equal(scene.state('lights')?.epoch, 2);
  });

  it('devices’ messages that come while it reads are acted on after it, as what they are', async () => {
    await scene.device('panel/lights', { ttl: HOUR_MS });
    await scene.crash();
    await scene.clock.advance(HOUR_MS / 2);
    scene = new ArbiterScene({}, scene.broker);
    scene.arbiter.start();
    const { log } = scene.broker;
    while (log.at(-1)?.topic !== 'locks/state/$echo') await scene.clock.advance(1);
    await scene.device('panel/lights', { ttl: HOUR_MS, renew: true });
    assert.equal(scene.answer('panel/lights')?.remaining, HOUR_MS);
  });
});
