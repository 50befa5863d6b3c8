import assert from 'node:assert/strict';
import { type ArbiterScene, rulesOf, startArbiter } from '../support/arbiter-scene';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

async function denial(scene: ArbiterScene, topic: string): Promise<string> {
  const answer = scene.answers(topic).at(-1);
  assert.deepEqual([answer?.result, answer?.reason], ['denied', 'policy'], JSON.stringify(answer));
  return String(answer?.detail);
}

describe('without rules, a device', () => {
  let scene: ArbiterScene;

  beforeEach(async () => {
    scene = await startArbiter();
  });

  it('may claim up to manual', async () => {
    await scene.device('panel/lights', { priority: 'manual' });
    assert.equal(scene.holder('lights'), 'panel');
  });

  it('may not claim above manual, and is told the rule', async () => {
    await scene.device('panel/lights', { priority: 501 });
    assert.match(await denial(scene, 'panel/lights'), /priority is 501, over 500 \(rule: devices/);
    assert.equal(scene.state('lights'), undefined);
    assert.equal(scene.answer('panel/lights')?.result, 'denied');
  });

  it('may claim for a day at most', async () => {
    await scene.device('panel/a', { ttl: DAY_MS });
    await scene.device('panel/b', { ttl: DAY_MS + 1 });
    assert.equal(scene.holder('a'), 'panel');
    assert.match(await denial(scene, 'panel/b'), /ttl is 86400001 ms, over 86400000/);
  });

  it('may not end the holds of others', async () => {
    await scene.device('panel/lights', {});
    const token = scene.state('lights')?.token;
    scene.broker.publish('locks/force/ops/lights', JSON.stringify({ token }));
    await scene.settle();
    assert.equal(scene.holder('lights'), 'panel');
    const denied = scene.events.at(-1);
    assert.deepEqual([denied?.event, denied?.reason, denied?.requester], ['force-denied', 'policy', 'ops']);
  });

  it('that is refused is not woken up when its message is replayed', async () => {
    await scene.device('panel/lights', { priority: 501 });
    const before = scene.answers('panel/lights').length;
    scene.broker.cut(String(scene.transport?.clientId));
    await scene.settle(500);
    assert.equal(scene.arbiter.status.isPublishing, true);
    assert.equal(scene.answers('panel/lights').length, before);
  });
});

describe('the flows of the arbiter’s own runtime', () => {
  it('have no limits but those of rules that match them', async () => {
    const scene = await startArbiter({ rows: [{ requester: 'house', resource: 'vault', highest: 100 }] });
    assert.equal(scene.own('node', { resource: 'lights', priority: 'life-safety' }).phase, 'held');
    assert.throws(
      () => scene.own('other', { resource: 'vault', priority: 101 }),
      /priority is 101, over 100/,
    );
  });
});

describe('a rule', () => {
  it('counts by being the first that matches requester and resource', async () => {
    const scene = await startArbiter({
      rows: [
        { name: 'panels in the kitchen', requester: 'panel', resource: 'kitchen/#', highest: 'motion' },
        { requester: 'panel', resource: '#', highest: 'security' },
        { requester: '+', resource: 'kitchen/#', allowed: false },
      ],
    });
    await scene.device('panel/kitchen/lights', { priority: 'manual' });
    await scene.device('panel/hall', { priority: 'security' });
    await scene.device('wall/kitchen/lights', {});
    await scene.device('wall/hall/lights', { priority: 'manual' });
    assert.match(await denial(scene, 'panel/kitchen/lights'), /over 100 \(rule: panels in the kitchen\)/);
    assert.equal(scene.holder('hall'), 'panel');
    assert.match(
      await denial(scene, 'wall/kitchen/lights'),
      /wall may not claim this \(rule: 3: \+ → kitchen\/#\)/,
    );
    assert.equal(scene.holder('hall/lights'), 'wall');
  });

  it('limits every resource of a claim', async () => {
    const scene = await startArbiter({ rows: [{ requester: '#', resource: 'vault', allowed: false }] });
    await scene.device('panel/both', { resources: ['lights', 'vault'] });
    await denial(scene, 'panel/both');
    assert.equal(scene.state('lights'), undefined);
  });

  it('gives a lease to who asks for none: its default, else its longest', async () => {
    const scene = await startArbiter({
      rows: [
        { requester: 'a', resource: '#', longestTtl: 2 * HOUR_MS, defaultTtl: HOUR_MS },
        { requester: 'b', resource: '#', longestTtl: 2 * HOUR_MS },
        { requester: 'c', resource: '#' },
      ],
    });
    for (const requester of ['a', 'b', 'c']) await scene.device(`${requester}/of ${requester}`, {});
    assert.equal(scene.answer('a/of a')?.remaining, HOUR_MS);
    assert.equal(scene.answer('b/of b')?.remaining, 2 * HOUR_MS);
    assert.equal(scene.answer('c/of c')?.remaining, undefined);
    await scene.device('a/longer', { ttl: 3 * HOUR_MS });
    await denial(scene, 'a/longer');
  });

  it('limits the grace', async () => {
    const scene = await startArbiter({ rows: [{ requester: '#', resource: '#', longestGrace: 0 }] });
    await scene.device('panel/lights', { grace: 1 });
    assert.match(await denial(scene, 'panel/lights'), /grace is 1 ms, over 0/);
  });

  it('makes several requesters one locker: the latest value wins', async () => {
    const scene = await startArbiter({
      rows: [{ requester: '+', resource: 'lights', actsAs: 'manual', highest: 'manual' }],
    });
    await scene.device('panel/lights', { priority: 'manual', value: 'on' });
    await scene.device('wall/lights', { priority: 'manual', value: 'off' });
    assert.deepEqual(scene.results('wall/lights'), ['granted']);
    assert.equal(scene.holder('lights'), 'manual');
    assert.equal(scene.state('lights')?.value, 'off');
    await scene.device('panel/lights', { priority: 'manual', value: 'dim' });
    assert.equal(scene.state('lights')?.value, 'dim');
  });

  it('refuses a claim whose resources have different lockers', async () => {
    const scene = await startArbiter({ rows: [{ requester: '+', resource: 'lights', actsAs: 'manual' }] });
    await scene.device('panel/both', { resources: ['lights', 'blinds'] });
    assert.match(await denial(scene, 'panel/both'), /different lockers/);
  });

  it('may be changed while claims are alive, for what comes from then on', async () => {
    const scene = await startArbiter();
    await scene.device('panel/lights', { priority: 'manual' });
    scene.arbiter.setRules(rulesOf([{ requester: 'panel', resource: '#', highest: 100 }]));
    await scene.settle();
    assert.equal(scene.holder('lights'), 'panel');
    await scene.device('panel/fan', { priority: 'manual' });
    await denial(scene, 'panel/fan');
    const [presence] = scene.broker.published('locks/arbiter').slice(-1) as {
      settings: { policy: unknown[] };
    }[];
    assert.equal(presence?.settings.policy.length, 1);
  });
});
