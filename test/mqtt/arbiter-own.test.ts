import assert from 'node:assert/strict';
import { type ArbiterScene, startArbiter } from '../support/arbiter-scene';

const HOUR_MS = 3_600_000;

describe('a claim of the arbiter’s own runtime', () => {
  let scene: ArbiterScene;

  beforeEach(async () => {
    scene = await startArbiter();
  });

  const results = () => scene.heard.map(({ answer }) => answer.result);

  it('is answered before it returns', () => {
    const claim = scene.own('node', {
      resource: 'lights',
      locker: 'motion',
      priority: 'motion',
      ttl: HOUR_MS,
    });
    const [told] = scene.heard;
    assert.equal(told?.claim, claim);
    assert.deepEqual(
      { ...told?.answer, token: undefined },
      {
        ...{ id: claim.id, result: 'granted', resources: ['lights'], token: undefined },
        ...{ expires: new Date(scene.clock.wall + HOUR_MS).toISOString(), remaining: HOUR_MS },
      },
    );
  });

  it('is shown with its requester and its session', async () => {
    const { id } = scene.own('node', { resource: 'lights', locker: 'motion' });
    await scene.settle();
    const [claim] = scene.state('lights')?.claims ?? [];
    assert.deepEqual([claim?.id, claim?.name, claim?.requester], [id, 'node/key', 'house']);
    assert.ok(claim?.session);
  });

  it('is changed in place, and every change is answered', () => {
    const claim = scene.own('node', { resource: 'lights', ttl: HOUR_MS });
    scene.arbiter.update(claim, { value: 'dim', priority: 'manual' });
    scene.arbiter.update(claim, { renew: true, ttl: 2 * HOUR_MS });
    assert.deepEqual(results(), ['granted', 'granted', 'granted']);
    const { value, priority, remaining } = scene.arbiter.state('lights');
    assert.deepEqual([value, priority, remaining], ['dim', 500, 2 * HOUR_MS]);
    assert.deepEqual(
      [claim.message.value, claim.message.priority, claim.message.ttl],
      ['dim', 'manual', 2 * HOUR_MS],
    );
    assert.equal('renew' in claim.message, false);
  });

  it('uses a lease that comes without renew only when it is renewed', () => {
    const claim = scene.own('node', { resource: 'lights', ttl: HOUR_MS });
    scene.arbiter.update(claim, { ttl: 2 * HOUR_MS });
    assert.equal(scene.arbiter.state('lights').remaining, HOUR_MS);
    scene.arbiter.update(claim, { renew: true });
    assert.equal(scene.arbiter.state('lights').remaining, 2 * HOUR_MS);
  });

  it('stays as it was when a change is refused', () => {
    const claim = scene.own('node', { resource: 'lights', value: 'on' });
    scene.arbiter.update(claim, { priority: 'urgent' });
    scene.arbiter.update(claim, { value: 'x'.repeat(9_000) });
    const [, level, long] = scene.heard.map(({ answer }) => answer);
    assert.deepEqual([level?.result, level?.reason, level?.ended], ['denied', 'invalid', undefined]);
    assert.deepEqual([long?.result, long?.reason, long?.ended], ['denied', 'too-long', undefined]);
    assert.deepEqual([claim.phase, claim.priority, claim.message.value], ['held', 0, 'on']);
    assert.equal(claim.answer?.result, 'granted');
  });

  it('is refused with a name that no resource or locker may have, or a level that is none', () => {
    const ask = (message: object) => () => scene.own('node', message);
    assert.throws(ask({ resource: 'a//b' }), /invalid: resource "a\/\/b" has an empty level/);
    assert.throws(ask({ resources: ['a', ''] }), /invalid: resource "" is empty/);
    assert.throws(ask({ resource: 'a', locker: '\ud800' }), /invalid: locker .* not well-formed/);
    assert.throws(ask({ resource: 'a', priority: 'urgent' }), /invalid: priority is "urgent"/);
    assert.throws(ask({ resource: 'a', priority: Number.NaN }), /invalid: priority/);
  });

  it('winds down when it is told to, and may yield early', () => {
    const claim = scene.own('node', { resource: 'lights', grace: 3_000, locker: 'a' });
    scene.arbiter.yield(claim);
    const alarm = scene.own('alarm', { resource: 'lights', priority: 1, locker: 'b' });
    assert.deepEqual([claim.phase, alarm.phase], ['revoking', 'waiting']);
    scene.arbiter.yield(claim);
    assert.deepEqual([claim.phase, alarm.phase], ['waiting', 'held']);
    assert.deepEqual(results(), ['granted', 'revoking', 'queued', 'requeued', 'granted']);
  });

  it('is told to be nobody’s once it has ended', () => {
    const claim = scene.own('node', { resource: 'lights', ttl: 1_000 });
    scene.clock.monotonic += 2_000;
    scene.arbiter.update(claim, { value: 1 });
    scene.arbiter.yield(claim);
    scene.arbiter.release(claim);
    assert.deepEqual(results(), ['granted', 'lost']);
  });

  it('says again that it was preempted when it is changed while it waits to have it back', () => {
    const claim = scene.own('node', { resource: 'lights', locker: 'a', ttl: HOUR_MS });
    scene.own('alarm', { resource: 'lights', priority: 1, locker: 'b' });
    scene.arbiter.update(claim, { value: 1, renew: true });
    assert.deepEqual(results(), ['granted', 'requeued', 'granted', 'requeued']);
    assert.equal(scene.heard.at(-1)?.answer.remaining, HOUR_MS);
  });

  it('may become one that is kept, and be one no longer', async () => {
    const topic = `locks/claim/house/node/key`;
    const claim = scene.own('node', { resource: 'lights', ttl: HOUR_MS });
    scene.arbiter.keep(claim, true);
    scene.arbiter.keep(claim, true);
    await scene.settle();
    const kept = JSON.parse(scene.broker.retained.get(topic) ?? '');
    assert.deepEqual(kept, {
      ...{ resources: ['lights'], id: claim.id, ttl: HOUR_MS, owner: { path: 'node', key: 'key' } },
    });
    assert.equal(scene.answer('house/node/key')?.order, 1);
    scene.arbiter.keep(claim, false);
    await scene.settle();
    assert.equal(scene.broker.retained.get(topic), undefined);
    assert.equal(scene.answer('house/node/key'), undefined);
    scene.arbiter.release(claim);
    scene.arbiter.keep(claim, true);
    await scene.settle();
    assert.equal(scene.broker.retained.get(topic), undefined);
  });

  it('is kept under a shorter name where its key is long or no name', async () => {
    for (const key of ['x'.repeat(600), 'a//b', '["a","b"]']) {
      const ask = { id: key.slice(0, 9), owner: { path: 'node', key }, message: { resource: key.slice(-1) } };
      assert.ok('phase' in scene.arbiter.claim({ ...ask, isKept: true }));
    }
    await scene.settle();
    const first = scene.arbiter;
    assert.equal(first.status.phase, 'deciding');
    await scene.crash();
    const next = await startArbiter({}, scene.broker);
    assert.deepEqual(next.recalled.map(({ owner }) => owner?.key).sort(), [
      '["a","b"]',
      'a//b',
      'x'.repeat(600),
    ]);
  });
});

describe('what is told', () => {
  it('comes in the order losers, resources, winners, when the table is as it will be', async () => {
    const scene = await startArbiter();
    const told: string[] = [];
    scene.arbiter.onState((resource) => told.push(`${resource}: ${scene.arbiter.state(resource).holder}`));
    scene.own('first', { resource: 'lights', locker: 'a' });
    scene.heard.push = (...heard) => {
      for (const { claim, answer } of heard) told.push(`${claim.locker} ${answer.result}`);
      return 0;
    };
    scene.own('second', { resource: 'lights', locker: 'b', priority: 1 });
    assert.deepEqual(told, ['lights: a', 'a requeued', 'lights: b', 'b granted']);
  });

  it('to somebody who acts on it is told to the end first', async () => {
    const scene = await startArbiter();
    const first = scene.own('first', { resource: 'lights', locker: 'a', once: true });
    const told: string[] = [];
    scene.heard.push = (...heard) => {
      for (const { claim, answer } of heard) {
        told.push(`${claim.locker} ${answer.result}`);
        if (claim === first) scene.own('third', { resource: 'lights', locker: 'c', priority: 2 });
      }
      return 0;
    };
    scene.own('second', { resource: 'lights', locker: 'b', priority: 1 });
    assert.deepEqual(told, ['a lost', 'b granted', 'b requeued', 'c granted']);
  });

  it('of a grant and its end in one late step comes in that order', async () => {
    const scene = await startArbiter();
    scene.own('first', { resource: 'lights', locker: 'a', ttl: 1_000, priority: 2 });
    scene.own('second', { resource: 'lights', locker: 'b', once: true, ttl: 1_000 });
    scene.heard.length = 0;
    scene.clock.monotonic += 10_000;
    scene.own('third', { resource: 'lights', locker: 'c' });
    assert.deepEqual(
      scene.heard.map(({ claim, answer }) => `${claim.locker} ${answer.result}`),
      ['a lost', 'b granted', 'b lost', 'c granted'],
    );
  });

  it('reaches everybody, though somebody who listens fails', async () => {
    const scene = await startArbiter();
    const broken = () => {
      throw new Error('broken');
    };
    const stop = [
      scene.arbiter.onState(broken),
      scene.arbiter.onEvent(broken),
      scene.arbiter.onStatus(broken),
    ];
    const seen: string[] = [];
    scene.arbiter.onState((resource) => seen.push(resource));
    scene.heard.push = broken;
    const claim = scene.own('node', { resource: 'lights' });
    assert.equal(claim.phase, 'held');
    assert.deepEqual(seen, ['lights']);
    scene.broker.stop();
    assert.match(scene.warnings.join('\n'), /broken/);
    for (const end of stop) end();
    const before = scene.warnings.length;
    scene.broker.start();
    await scene.settle(500);
    assert.equal(scene.warnings.length, before);
  });

  it('is refused by a broker in a way that shows', async () => {
    const scene = await startArbiter();
    const { transport } = scene;
    if (transport) transport.publish = () => Promise.reject(new Error('quota exceeded'));
    await scene.device('panel/lights', {});
    assert.match(String(scene.warnings[0]), /the broker refuses a message on locks\/.*quota exceeded/);
  });
});
