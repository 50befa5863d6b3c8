import assert from 'node:assert/strict';
import { makeDefaults } from '../../src/mqtt/defaults';
import { type ArbiterScene, startArbiter } from '../support/arbiter-scene';

const HOUR_MS = 3_600_000;

describe('the state of a resource', () => {
  let scene: ArbiterScene;

  beforeEach(async () => {
    scene = await startArbiter();
  });

  it('tells who holds it, since when, for how long, and what a later arbiter must know', async () => {
    await scene.device('panel/lights', {
      id: 'press',
      priority: 'manual',
      value: { brightness: 40 },
      ttl: 60_000,
    });
    const state = scene.state('lights');
    const granted = scene.answer('panel/lights');
    assert.equal(state?.token, granted?.token);
    assert.equal(state?.expires, granted?.expires);
    assert.equal(state?.remaining, 60_000);
    assert.equal(Date.parse(String(state?.since)), scene.clock.wall - 49);
    assert.deepEqual(state?.claims, [
      {
        ...{ id: 'press', requester: 'panel', name: 'lights', resources: ['lights'], priority: 500 },
        ...{ expires: state?.expires, remaining: 60_000, locker: 'panel', value: { brightness: 40 } },
        ...{ order: 1, written: 1, standing: true, ttl: 60_000 },
      },
    ]);
  });

  it('shows sixteen waiters and counts all', async () => {
    await scene.device('wall/lights', { priority: 'manual' });
    for (let count = 1; count <= 20; count++) await scene.device(`p${count}/lights`, { priority: count });
    const state = scene.state('lights');
    assert.equal(state?.waiting.length, 16);
    assert.equal(state?.waitingCount, 20);
    assert.equal(state?.waiting[0]?.locker, 'p20');
  });

  it('is published once for what only concerns waiters in one turn', async () => {
    await scene.device('wall/lights', { priority: 'manual' });
    const before = scene.broker.published('locks/state/lights').length;
    for (let count = 1; count <= 5; count++) scene.broker.publish(`locks/claim/p${count}/lights`, '{}');
    await scene.settle();
    assert.equal(scene.broker.published('locks/state/lights').length, before + 1);
    assert.equal(scene.state('lights')?.waitingCount, 5);
  });

  it('of a free resource stays for an hour and is then cleared', async () => {
    await scene.device('panel/lights', {});
    await scene.device('panel/lights', '');
    await scene.settle(HOUR_MS - 200);
    assert.equal(scene.state('lights')?.state, 'free');
    await scene.settle(200);
    assert.equal(scene.state('lights'), undefined);
  });

  it('is not cleared when the resource was claimed again in that hour', async () => {
    await scene.device('panel/lights', {});
    await scene.device('panel/lights', '');
    await scene.settle(HOUR_MS / 2);
    await scene.device('panel/lights', {});
    await scene.settle(HOUR_MS);
    assert.equal(scene.holder('lights'), 'panel');
    await scene.device('panel/lights', '');
    await scene.device('panel/fan', {});
    await scene.device('panel/fan', '');
    await scene.settle(HOUR_MS);
    assert.equal(scene.state('lights'), undefined);
    assert.equal(scene.state('fan'), undefined);
  });

  it('is forgotten early when very many are free', async () => {
    for (let count = 0; count <= 10_000; count++) {
      scene.arbiter.release(scene.own(`node ${count}`, { resource: `r${count}` }));
    }
    await scene.settle(2_000);
    assert.equal([...scene.arbiter.states()].length, 10_000);
    assert.equal(scene.state('r0'), undefined);
    assert.equal(scene.state('r10000')?.state, 'free');
  });

  it('is free with waiters while a claim for several resources cannot have all', async () => {
    await scene.device('wall/kitchen', { priority: 1 });
    await scene.device('panel/both', { resources: ['kitchen', 'bedroom'] });
    const state = scene.state('bedroom');
    assert.deepEqual([state?.state, state?.holder, state?.waitingCount], ['free', undefined, 1]);
  });

  it('tells of every claim that holds it', async () => {
    await scene.device('panel/1', { resource: 'lights', grace: 2_000 });
    await scene.device('panel/2', { resource: 'lights', priority: 5, once: true });
    const state = scene.state('lights');
    assert.equal(state?.priority, 5);
    assert.deepEqual(
      state?.claims.map(({ name, standing, grace }) => ({ name, standing, grace })),
      [
        { name: '1', standing: true, grace: 2_000 },
        { name: '2', standing: false, grace: undefined },
      ],
    );
  });
});

describe('default values', () => {
  it('are what a free resource shows', async () => {
    const defaults = makeDefaults([
      { resource: 'lights', value: 'off' },
      { resource: 'blinds/#', value: 'up' },
    ]);
    const scene = await startArbiter({ rules: { defaults } });
    assert.equal(scene.arbiter.state('blinds/south').value, 'up');
    assert.equal(scene.arbiter.state('fan').value, undefined);
    assert.deepEqual(
      [...scene.arbiter.states()].map(({ resource, value }) => [resource, value]),
      [['lights', 'off']],
    );
    await scene.device('panel/lights', {});
    assert.equal(scene.state('lights')?.value, undefined);
    await scene.device('panel/lights', '');
    assert.equal(scene.state('lights')?.value, 'off');
  });

  it('are named by patterns', () => {
    assert.throws(() => makeDefaults([{ resource: 'a/#/b', value: 1 }]), RangeError);
  });
});

describe('plain text, for devices that cannot read JSON', () => {
  it('says holder and value, and is cleared with them', async () => {
    const scene = await startArbiter({ rules: { plainText: true } });
    const text = (kind: string) => scene.broker.retained.get(`locks/${kind}/lights`);
    await scene.device('panel/lights', { locker: 'mum', value: 'on' });
    assert.deepEqual([text('holder'), text('value')], ['mum', 'on']);
    await scene.device('panel/lights', { value: { brightness: 40 } });
    assert.equal(text('value'), '{"brightness":40}');
    await scene.device('panel/lights', '');
    assert.deepEqual([text('holder'), text('value')], [undefined, undefined]);
  });

  it('is not there unless it was asked for', async () => {
    const scene = await startArbiter();
    await scene.device('panel/lights', { value: 'on' });
    assert.equal(scene.broker.retained.get('locks/holder/lights'), undefined);
  });

  it('of an earlier run is cleared when it is not asked for any more', async () => {
    const scene = await startArbiter({ rules: { plainText: true } });
    await scene.device('panel/lights', { value: 'on' });
    await scene.crash();
    await startArbiter({}, scene.broker);
    assert.equal(scene.broker.retained.get('locks/value/lights'), undefined);
    assert.equal(scene.holder('lights'), 'panel');
  });
});

describe('what is published', () => {
  it('comes in the order losers, states, winners for each step, all of it retained at QoS 1', async () => {
    const scene = await startArbiter();
    await scene.device('panel/lights', { priority: 1 });
    const mark = scene.broker.log.length;
    await scene.device('wall/lights', { priority: 2 });
    assert.deepEqual(scene.topicsSince(mark), [
      'locks/claim/wall/lights',
      'locks/answer/panel/lights',
      'locks/state/lights',
      'locks/answer/wall/lights',
      'locks/event',
      'locks/event',
    ]);
    for (const { topic, qos, retain } of scene.broker.log.slice(mark + 1)) {
      const isEvent = topic === 'locks/event';
      assert.deepEqual({ topic, qos, retain }, { topic, qos: isEvent ? 0 : 1, retain: !isEvent });
    }
  });

  it('raises the token floor before a token above it is told', async () => {
    const scene = await startArbiter();
    const mark = scene.broker.log.length;
    await scene.device('panel/lights', {});
    assert.equal(scene.topicsSince(mark)[1], 'locks/arbiter/term');
    const floor = () => JSON.parse(scene.broker.retained.get('locks/arbiter/term') ?? '{}').tokenFloor;
    const first = floor();
    assert.ok(first > Number(scene.answer('panel/lights')?.token));
    await scene.device('panel/fan', {});
    assert.equal(floor(), first);
    await scene.settle(61_000);
    await scene.device('panel/door', {});
    assert.ok(floor() > first);
    assert.ok(floor() >= Number(scene.answer('panel/door')?.token));
  });

  it('coalesces what flows do in one turn', async () => {
    const scene = await startArbiter();
    const mark = scene.broker.log.length;
    for (let count = 0; count < 10; count++) scene.arbiter.release(scene.own('node', { resource: 'lights' }));
    await scene.settle();
    const states = scene.topicsSince(mark).filter((topic) => topic === 'locks/state/lights');
    assert.equal(states.length, 1);
    assert.equal(scene.state('lights')?.state, 'free');
  });

  it('paces a burst of states that no answer waits for, and ends with what is', async () => {
    const scene = await startArbiter();
    await scene.settle();
    const mark = scene.broker.log.length;
    for (let ms = 0; ms < 20; ms++) {
      scene.arbiter.release(scene.own('node', { resource: 'lights', value: ms }));
      await scene.settle(1);
    }
    scene.own('node', { resource: 'lights', value: 'last' });
    await scene.settle(20);
    const states = scene.topicsSince(mark).filter((topic) => topic === 'locks/state/lights');
    assert.ok(states.length <= 4, `published ${states.length} times`);
    assert.equal(scene.state('lights')?.value, 'last');
  });

  it('does not let an answer wait for the pace', async () => {
    const scene = await startArbiter();
    await scene.settle();
    scene.own('node', { resource: 'lights' });
    await scene.settle(1);
    scene.own('node', { resource: 'heating' });
    scene.own('kept', { resource: 'door' }, true);
    await scene.settle(1);
    assert.equal(scene.state('heating')?.state, 'held');
    assert.equal(scene.state('door')?.state, 'held');
  });

  it('is held back when the broker is slow, and is then told as it is', async () => {
    const scene = await startArbiter();
    const claims = Array.from({ length: 3_000 }, (_, count) =>
      scene.own(`node ${count}`, { resource: `r${count}` }),
    );
    await scene.settle(1);
    for (const claim of claims) scene.arbiter.release(claim);
    await scene.settle(100);
    for (const resource of ['r0', 'r1500', 'r2999']) assert.equal(scene.state(resource)?.state, 'free');
    const published = scene.broker.log.filter(({ topic }) => topic === 'locks/state/r2999').length;
    assert.equal(published, 1);
  });
});
