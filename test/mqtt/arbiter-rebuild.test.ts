import assert from 'node:assert/strict';
import type { ResourceState } from '../../src/mqtt/messages';
import { ArbiterScene, startArbiter } from '../support/arbiter-scene';

const HOUR_MS = 3_600_000;
const YEAR_MS = 366 * 24 * HOUR_MS;

/** What must be the same after a restart. */
function essence(state: ResourceState | undefined) {
  if (state === undefined) return undefined;
  const { resource, state: is, holder, requester, priority, value, token, since, waiting, claims } = state;
  const ids = claims.map(({ id, name, order }) => [id, name, order]);
  return { resource, is, holder, requester, priority, value, token, since, waiting, ids };
}

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

describe('claims of its own runtime', () => {
  it('go on after a restart if they are kept; the others went with their session', async () => {
    const first = await startArbiter();
    const options = { value: 'on', priority: 'motion', ttl: HOUR_MS };
    first.own('node/1', { resources: ['lights'], locker: 'motion detected', ...options }, true);
    first.own('node/2', { resource: 'fan', locker: 'fan' });
    first.own('node/3', { resource: 'lights', locker: 'save energy', priority: 'energy' }, true);
    await first.settle();
    const before = essence(first.state('lights'));
    assert.ok(first.broker.retained.get('locks/claim/house/node/1/key'));
    assert.equal(first.broker.retained.get('locks/claim/house/node/2/key'), undefined);
    await first.crash();
    await first.clock.advance(60_000);
    const second = await startArbiter({}, first.broker);
    assert.deepEqual(essence(second.state('lights')), before);
    assert.equal(second.state('fan')?.state, 'free');
    const [motion, energy] = second.recalled;
    assert.deepEqual(motion?.owner, { path: 'node/1', key: 'key' });
    assert.deepEqual([motion?.phase, energy?.phase], ['held', 'waiting']);
    assert.equal(motion?.isRestored, true);
    assert.equal(motion?.message.value, 'on');
    assert.ok(Number(motion?.expires) < second.clock.monotonic + HOUR_MS - 59_000);
    assert.deepEqual(second.heard, []);
    if (motion) second.arbiter.release(motion);
    await second.settle();
    assert.equal(second.broker.retained.get('locks/claim/house/node/1/key'), undefined);
    assert.equal(second.broker.retained.get('locks/answer/house/node/1/key'), undefined);
    assert.equal(second.holder('lights'), 'save energy');
  });

  it('are told what has become of them meanwhile', async () => {
    const first = await startArbiter();
    first.own('node', { resource: 'lights', ttl: 60_000 }, true);
    await first.settle();
    await first.crash();
    await first.clock.advance(120_000);
    const second = await startArbiter({}, first.broker);
    const [told] = second.heard;
    assert.deepEqual([told?.answer.result, told?.answer.reason], ['lost', 'expired']);
    assert.equal(second.state('lights')?.state, 'free');
    assert.equal(second.broker.retained.get('locks/claim/house/node/key'), undefined);
  });

  it('that are retained in a way that nobody can read are cleared', async () => {
    const first = await startArbiter();
    await first.crash();
    for (const text of [
      'rubbish',
      '{"id":"x"}',
      '{"owner":{"path":"a","key":"b"}}',
      '{"id":"x","owner":{"path":1}}',
    ]) {
      first.broker.publish(`locks/claim/house/${text.length}`, text, { retain: true });
    }
    const second = await startArbiter({}, first.broker);
    assert.deepEqual(second.recalled, []);
    assert.deepEqual(
      [...second.broker.retained.keys()].filter((topic) => topic.startsWith('locks/claim/')),
      [],
    );
  });

  it('are not changed by what arrives on their topics', async () => {
    const scene = await startArbiter();
    const claim = scene.own('node', { resource: 'lights' }, true);
    await scene.settle();
    await scene.device('house/node/key', '');
    assert.equal(claim.phase, 'held');
  });

  it('with a bounded wait go on waiting for what is left of it', async () => {
    const first = await startArbiter();
    await first.device('wall/lights', { priority: 'manual' });
    first.own('node', { resource: 'lights', timeout: 60_000 }, true);
    await first.settle();
    await first.crash();
    await first.clock.advance(30_000);
    const second = await startArbiter({}, first.broker);
    await second.settle(30_000);
    assert.equal(second.heard.at(-1)?.answer.reason, 'timeout');
  });
});
