import assert from 'node:assert/strict';
import { type ArbiterScene, startArbiter } from '../support/arbiter-scene';

const ROWS = [{ requester: 'ops', resource: 'lights', mayForce: true }];
const DAY_MS = 86_400_000;

describe('an operator', () => {
  let scene: ArbiterScene;

  async function force(topic: string, message: unknown, retain = false): Promise<void> {
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    scene.broker.publish(`locks/force/${topic}`, text, { retain });
    await scene.settle();
  }

  beforeEach(async () => {
    scene = await startArbiter({ rows: ROWS });
    await scene.device('panel/lights', { value: 'on' });
  });

  it('whom a rule lets ends the whole hold that was seen, for good', async () => {
    await force('ops/lights', { token: scene.state('lights')?.token });
    const answer = scene.answer('panel/lights');
    assert.deepEqual([answer?.result, answer?.reason, answer?.by], ['lost', 'forced', { locker: 'ops' }]);
    assert.equal(scene.state('lights')?.state, 'free');
    const [lost, forced] = scene.events.slice(-2);
    assert.deepEqual([lost?.event, forced?.event, forced?.requester], ['lost', 'forced', 'ops']);
  });

  it('does not end another hold than the one that was seen', async () => {
    await force('ops/lights', { token: 1 });
    assert.equal(scene.holder('lights'), 'panel');
    const denied = scene.events.at(-1);
    assert.deepEqual([denied?.event, denied?.reason, denied?.token], ['force-denied', 'changed', 1]);
  });

  it('may only what the rule says', async () => {
    await scene.device('panel/fan', {});
    await force('ops/fan', { token: scene.state('fan')?.token });
    await force('other/lights', { token: scene.state('lights')?.token });
    assert.equal(scene.holder('fan'), 'panel');
    assert.equal(scene.holder('lights'), 'panel');
  });

  it('is not obeyed over and over because a message was retained', async () => {
    const { token } = scene.state('lights') ?? {};
    await force('ops/lights', { token }, true);
    assert.equal(scene.state('lights')?.state, 'free');
    const mark = scene.events.length;
    scene.broker.cut(String(scene.transport?.clientId));
    await scene.settle(500);
    assert.equal(scene.events.length, mark);
    await force('ops/lights', '', true);
    assert.equal(scene.events.length, mark);
  });

  it('is told what is wrong with a message, in the audit stream', async () => {
    for (const message of ['nonsense', {}, { token: 'x' }, { token: 1, purge: true }]) {
      await force('ops/lights', message);
      const denied = scene.events.at(-1);
      assert.deepEqual([denied?.event, denied?.reason], ['force-denied', 'malformed']);
    }
    assert.equal(scene.holder('lights'), 'panel');
  });

  it('clears what claims that ended have left', async () => {
    await scene.device('wall/1', { resource: 'lights', timeout: 0 });
    await scene.device('wall/2', { resource: 'fan', ttl: 10 });
    await scene.settle();
    await force('ops/lights', { purge: true });
    assert.equal(scene.broker.retained.get('locks/claim/wall/1'), undefined);
    assert.equal(scene.answer('wall/1'), undefined);
    assert.ok(scene.broker.retained.get('locks/claim/wall/2'));
    assert.equal(scene.holder('lights'), 'panel');
    assert.deepEqual([scene.events.at(-1)?.event, scene.events.at(-1)?.name], ['purged', '1']);
  });
});

describe('the registry’s own operators', () => {
  it('end a hold by its token, or are told why not', async () => {
    const scene = await startArbiter();
    await scene.device('panel/lights', {});
    const { token = 0 } = scene.state('lights') ?? {};
    assert.match(String((await scene.arbiter.force('lights', token + 1, 'admin'))?.detail), /is over/);
    assert.equal(await scene.arbiter.force('lights', token, 'admin'), undefined);
    await scene.settle();
    assert.deepEqual(scene.answer('panel/lights')?.by, { locker: 'admin' });
  });

  it('see and clear claims that ended long ago', async () => {
    const scene = await startArbiter();
    await scene.device('panel/old', { ttl: 1_000 });
    await scene.settle(30 * DAY_MS);
    await scene.device('panel/new', { ttl: 1_000 });
    await scene.settle(2_000);
    const dead = scene.arbiter.deadClaims(30 * DAY_MS);
    assert.deepEqual(
      dead.map(({ requester, name }) => [requester, name]),
      [['panel', 'old']],
    );
    scene.arbiter.purge(dead, 'admin');
    scene.arbiter.purge(dead, 'admin');
    await scene.settle();
    assert.equal(scene.answer('panel/old'), undefined);
    assert.equal(scene.broker.retained.get('locks/claim/panel/old'), undefined);
    assert.equal(scene.answer('panel/new')?.result, 'lost');
    assert.equal(scene.events.filter(({ event }) => event === 'purged').length, 1);
  });
});

describe('the audit stream', () => {
  it('tells every grant, preemption, loss, denial and force', async () => {
    const scene = await startArbiter({ rows: ROWS });
    await scene.device('panel/lights', { priority: 1, locker: 'mum' });
    await scene.device('wall/lights', { priority: 2 });
    await scene.device('hall/lights', { timeout: 0 });
    await scene.device('wall/lights', '');
    await scene.device('panel/lights', { ttl: 10, renew: true });
    await scene.settle();
    assert.deepEqual(
      scene.events.map(({ event, requester, reason }) => [event, requester, reason]),
      [
        ['granted', 'panel', undefined],
        ['requeued', 'panel', undefined],
        ['granted', 'wall', undefined],
        ['denied', 'hall', 'timeout'],
        ['released', 'wall', 'withdrawn'],
        ['granted', 'panel', undefined],
        ['lost', 'panel', 'expired'],
      ],
    );
    assert.deepEqual(scene.broker.published('locks/event'), scene.events);
    const [first, second] = scene.events;
    assert.deepEqual(
      { ...first, time: undefined, token: undefined, detail: undefined },
      {
        ...{ event: 'granted', resources: ['lights'], locker: 'mum', requester: 'panel', name: 'lights' },
        ...{ priority: 1, time: undefined, token: undefined, detail: undefined },
      },
    );
    assert.deepEqual(second?.by, { locker: 'wall', requester: 'wall', priority: 2 });
  });

  it('is not published where it is not wanted', async () => {
    const scene = await startArbiter({ audit: false });
    await scene.device('panel/lights', {});
    assert.deepEqual(scene.broker.published('locks/event'), []);
    assert.equal(scene.events.length, 1);
  });

  it('drops the oldest of very many', async () => {
    const scene = await startArbiter();
    for (let count = 0; count < 800; count++) scene.arbiter.release(scene.own('node', { resource: 'r' }));
    await scene.settle();
    assert.equal(scene.broker.published('locks/event').length, 1_000);
  });
});
