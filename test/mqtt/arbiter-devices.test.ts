import assert from 'node:assert/strict';
import { type ArbiterScene, startArbiter } from '../support/arbiter-scene';

const DAY_MS = 86_400_000;

describe('a device’s claim', () => {
  let scene: ArbiterScene;

  beforeEach(async () => {
    scene = await startArbiter();
  });

  it('needs nothing but {}: the resource is the name, the locker the requester', async () => {
    await scene.device('panel/house/ground/lights', {});
    const state = scene.state('house/ground/lights');
    assert.equal(state?.holder, 'panel');
    assert.equal(state?.requester, 'panel');
    assert.equal(state?.priority, 0);
    assert.equal(state?.level, 'comfort');
    assert.deepEqual(scene.results('panel/house/ground/lights'), ['granted']);
  });

  it('names its resource, its locker and a level', async () => {
    await scene.device('panel/1', { resource: 'lights', locker: 'mum', priority: 'motion', value: 'on' });
    const state = scene.state('lights');
    assert.deepEqual(
      { ...state, claims: undefined, since: undefined, expires: undefined, remaining: undefined },
      {
        ...{ v: 1, resource: 'lights', state: 'held', holder: 'mum', requester: 'panel', priority: 100 },
        ...{ level: 'motion', value: 'on', token: state?.token, waiting: [], waitingCount: 0, epoch: 1 },
        ...{ claims: undefined, since: undefined, expires: undefined, remaining: undefined },
      },
    );
  });

  it('takes a level’s name in any case, and a number as text', async () => {
    await scene.device('panel/a', { priority: 'MANUAL' });
    await scene.device('panel/b', { priority: '42' });
    assert.equal(scene.state('a')?.priority, 500);
    assert.equal(scene.state('b')?.priority, 42);
  });

  it('waits while somebody higher has it, and is told both', async () => {
    await scene.device('wall/lights', { priority: 'manual' });
    await scene.device('panel/lights', { priority: 'motion' });
    assert.deepEqual(scene.results('panel/lights'), ['queued']);
    assert.deepEqual(scene.state('lights')?.waiting, [
      { locker: 'panel', requester: 'panel', priority: 100, level: 'motion' },
    ]);
    await scene.device('wall/lights', '');
    assert.deepEqual(scene.results('panel/lights'), ['queued', 'granted']);
    assert.equal(scene.holder('lights'), 'panel');
  });

  it('is standing: what is preempted waits, and comes back', async () => {
    await scene.device('panel/lights', { priority: 'motion', value: 'on' });
    await scene.device('alarm/lights', { priority: 'manual', value: 'flash' });
    assert.equal(scene.state('lights')?.value, 'flash');
    await scene.device('alarm/lights', '');
    assert.deepEqual(scene.results('panel/lights'), ['granted', 'requeued', 'granted']);
    assert.equal(scene.answer('panel/lights')?.regained, true);
    assert.equal(scene.state('lights')?.value, 'on');
  });

  it('says who preempted it', async () => {
    await scene.device('panel/lights', { priority: 'motion' });
    await scene.device('wall/lights', { priority: 'manual', locker: 'mum' });
    assert.deepEqual(scene.answer('panel/lights')?.by, {
      locker: 'mum',
      requester: 'wall',
      priority: 500,
      level: 'manual',
    });
  });

  it('is lost for good when it is a once claim', async () => {
    await scene.device('panel/lights', { once: true });
    await scene.device('wall/lights', { priority: 1 });
    await scene.device('wall/lights', '');
    assert.deepEqual(scene.results('panel/lights'), ['granted', 'lost']);
    assert.equal(scene.answer('panel/lights')?.reason, 'preempted');
    assert.equal(scene.state('lights')?.state, 'free');
  });

  it('has a day where it asks for no lease, and is told so', async () => {
    await scene.device('panel/lights', {});
    const answer = scene.answer('panel/lights');
    assert.equal(answer?.remaining, DAY_MS);
    assert.match(String(answer?.detail), /no ttl was asked for: it has 86400000 ms \(rule: devices/);
    await scene.settle(DAY_MS);
    assert.deepEqual(scene.results('panel/lights'), ['granted', 'lost']);
    assert.equal(scene.answer('panel/lights')?.reason, 'expired');
  });

  it('ends with its lease, counted from the claim, held or waiting', async () => {
    await scene.device('wall/lights', { priority: 'manual' });
    await scene.device('panel/lights', { ttl: 60_000 });
    await scene.settle(60_000);
    assert.deepEqual(scene.results('panel/lights'), ['queued', 'denied']);
    assert.equal(scene.answer('panel/lights')?.reason, 'expired');
  });

  it('is denied when its first wait is over', async () => {
    await scene.device('wall/lights', { priority: 'manual' });
    await scene.device('panel/lights', { timeout: 5_000 });
    assert.equal(Date.parse(String(scene.answer('panel/lights')?.until)), scene.clock.wall - 49 + 5_000);
    await scene.settle(5_000);
    const answer = scene.answer('panel/lights');
    assert.deepEqual([answer?.result, answer?.reason, answer?.by?.locker], ['denied', 'timeout', 'wall']);
  });

  it('wants several resources together or none', async () => {
    await scene.device('wall/kitchen', { priority: 'manual' });
    await scene.device('panel/all', { resources: ['kitchen', 'bedroom'], priority: 'motion' });
    assert.equal(scene.state('bedroom')?.state, 'free');
    assert.deepEqual(scene.answer('panel/all')?.resources, ['kitchen', 'bedroom']);
    await scene.device('wall/kitchen', '');
    assert.equal(scene.holder('kitchen'), 'panel');
    assert.equal(scene.holder('bedroom'), 'panel');
    assert.equal(scene.state('kitchen')?.token, scene.state('bedroom')?.token);
  });

  it('takes nothing from anybody when it is polite', async () => {
    await scene.device('wall/lights', {});
    await scene.device('panel/lights', { priority: 'manual', preempt: false });
    assert.deepEqual(scene.results('panel/lights'), ['queued']);
  });

  it('does not re-enter the hold of another requester by naming its locker', async () => {
    await scene.device('panel/lights', { locker: 'mum' });
    await scene.device('wall/lights', { locker: 'mum' });
    assert.deepEqual(scene.results('wall/lights'), ['queued']);
  });

  it('re-enters the hold of its own locker under another name', async () => {
    await scene.device('panel/1', { resource: 'lights', value: 'dim' });
    await scene.device('panel/2', { resource: 'lights', value: 'on' });
    assert.deepEqual(scene.results('panel/2'), ['granted']);
    assert.equal(scene.state('lights')?.claims.length, 2);
    assert.equal(scene.state('lights')?.value, 'on');
    await scene.device('panel/2', '');
    assert.equal(scene.state('lights')?.value, 'dim');
  });

  it('is withdrawn by an empty message: it is told so, and nothing of it stays retained', async () => {
    await scene.device('panel/lights', {});
    await scene.device('panel/lights', '');
    const told = scene.answers('panel/lights').at(-1);
    assert.deepEqual([told?.result, told?.reason], ['released', 'withdrawn']);
    assert.equal(scene.answer('panel/lights'), undefined);
    assert.equal(scene.state('lights')?.state, 'free');
  });

  it('is withdrawn while it waits, too', async () => {
    await scene.device('wall/lights', { priority: 1 });
    await scene.device('panel/lights', {});
    await scene.device('panel/lights', '');
    assert.deepEqual(scene.state('lights')?.waiting, []);
    assert.equal(scene.answer('panel/lights'), undefined);
  });

  it('that is withdrawn without ever having been there is nothing', async () => {
    const mark = scene.broker.log.length;
    await scene.device('panel/lights', '');
    assert.deepEqual(scene.topicsSince(mark), ['locks/claim/panel/lights']);
  });

  it('keeps its last answer until it is withdrawn, also after its end', async () => {
    await scene.device('panel/lights', { ttl: 1_000 });
    await scene.settle(1_000);
    assert.equal(scene.answer('panel/lights')?.result, 'lost');
    assert.ok(scene.answer('panel/lights')?.ended);
    await scene.device('panel/lights', '');
    assert.equal(scene.answer('panel/lights'), undefined);
  });
});

describe('a further message of a device’s claim', () => {
  let scene: ArbiterScene;

  beforeEach(async () => {
    scene = await startArbiter();
    await scene.device('panel/lights', { priority: 'motion', value: 'on', ttl: 60_000 });
    await scene.settle(20_000);
  });

  it('changes the value in place', async () => {
    const token = scene.state('lights')?.token;
    await scene.device('panel/lights', { priority: 'motion', value: 'dim', ttl: 60_000 });
    assert.equal(scene.state('lights')?.value, 'dim');
    assert.equal(scene.state('lights')?.token, token);
    assert.deepEqual(scene.results('panel/lights'), ['granted', 'granted']);
  });

  it('changes the priority in place, and may lose by it', async () => {
    await scene.device('wall/lights', { priority: 'schedule' });
    await scene.device('panel/lights', { priority: 'energy' });
    assert.equal(scene.holder('lights'), 'wall');
    await scene.device('panel/lights', { priority: 'motion' });
    assert.equal(scene.holder('lights'), 'panel');
  });

  it('leaves what it does not say as it was', async () => {
    await scene.device('panel/lights', { value: 'dim' });
    const state = scene.state('lights');
    assert.deepEqual([state?.value, state?.priority], ['dim', 100]);
  });

  it('does not restart the lease', async () => {
    await scene.device('panel/lights', { value: 'dim', ttl: 60_000 });
    assert.ok(Number(scene.answer('panel/lights')?.remaining) <= 40_000);
  });

  it('restarts the lease with renew, and keeps the hold', async () => {
    const token = scene.state('lights')?.token;
    await scene.device('panel/lights', { renew: true });
    assert.equal(scene.answer('panel/lights')?.remaining, 60_000);
    await scene.device('panel/lights', { renew: true, ttl: 120_000 });
    assert.equal(scene.answer('panel/lights')?.remaining, 120_000);
    assert.equal(scene.state('lights')?.token, token);
  });

  it('restarts the lease with a new id, and keeps hold and place', async () => {
    const token = scene.state('lights')?.token;
    await scene.device('panel/lights', { id: 'second press' });
    assert.equal(scene.answer('panel/lights')?.remaining, 60_000);
    assert.equal(scene.answer('panel/lights')?.id, 'second press');
    assert.equal(scene.state('lights')?.token, token);
    await scene.settle(10_000);
    await scene.device('panel/lights', { id: 'second press', value: 'dim' });
    assert.ok(Number(scene.answer('panel/lights')?.remaining) < 60_000);
  });

  it('keeps its place among the waiters over an update', async () => {
    await scene.device('wall/lights', { priority: 'motion', value: 1 });
    await scene.device('hall/lights', { priority: 'motion' });
    await scene.device('wall/lights', { priority: 'motion', value: 2, renew: true });
    await scene.device('panel/lights', '');
    assert.equal(scene.holder('lights'), 'wall');
    assert.equal(scene.state('lights')?.value, 2);
  });

  it('is a new claim after the end of the one before', async () => {
    await scene.settle(40_000);
    assert.equal(scene.answer('panel/lights')?.result, 'lost');
    await scene.device('panel/lights', { priority: 'motion', value: 'on', ttl: 60_000 });
    assert.equal(scene.answer('panel/lights')?.result, 'granted');
    assert.equal(scene.holder('lights'), 'panel');
  });

  it('with other resources is another claim in place of the first', async () => {
    await scene.device('panel/lights', { resource: 'blinds', priority: 'motion' });
    assert.equal(scene.state('lights')?.state, 'free');
    assert.equal(scene.holder('blinds'), 'panel');
    const [, replaced] = scene.answers('panel/lights');
    assert.deepEqual([replaced?.result, replaced?.reason], ['released', 'replaced']);
    assert.equal(scene.answer('panel/lights')?.result, 'granted');
  });

  it('with another locker is another claim in place of the first', async () => {
    await scene.device('panel/lights', { locker: 'dad' });
    assert.equal(scene.holder('lights'), 'dad');
  });

  it('that is refused leaves the claim and its retained answer as they were', async () => {
    await scene.device('panel/lights', { priority: 'life-safety' });
    const refused = scene.answers('panel/lights').at(-1);
    assert.deepEqual([refused?.result, refused?.reason], ['denied', 'policy']);
    assert.equal(scene.answer('panel/lights')?.result, 'granted');
    assert.equal(scene.state('lights')?.priority, 100);
  });

  it('that the lock table refuses leaves the claim as it was', async () => {
    await scene.device('panel/lights', { value: 'x'.repeat(9_000) });
    const refused = scene.answers('panel/lights').at(-1);
    assert.deepEqual([refused?.result, refused?.reason], ['denied', 'too-long']);
    assert.equal(scene.state('lights')?.value, 'on');
    assert.equal(scene.answer('panel/lights')?.result, 'granted');
  });

  it('is answered each time, because a device may ask again', async () => {
    await scene.device('panel/lights', { value: 'on' });
    await scene.device('panel/lights', { value: 'on' });
    assert.deepEqual(scene.results('panel/lights'), ['granted', 'granted', 'granted']);
  });

  it('counts as a claim also when it comes just as the lease runs out', async () => {
    scene.clock.monotonic += 60_000;
    await scene.device('panel/lights', { value: 'again' });
    assert.deepEqual(scene.results('panel/lights').slice(-2), ['lost', 'granted']);
    assert.equal(scene.state('lights')?.value, 'again');
  });
});

describe('the grace of a device', () => {
  let scene: ArbiterScene;

  beforeEach(async () => {
    scene = await startArbiter();
    await scene.device('panel/lights', { priority: 'motion', grace: 3_000 });
    await scene.device('wall/lights', { priority: 'manual' });
  });

  it('lets it wind down: it is told when it must be done, and still holds', async () => {
    const answer = scene.answer('panel/lights');
    assert.equal(answer?.result, 'revoking');
    assert.equal(answer?.remaining, 3_000);
    assert.equal(answer?.by?.locker, 'wall');
    assert.equal(scene.state('lights')?.state, 'revoking');
    assert.equal(scene.holder('lights'), 'panel');
    await scene.settle(3_000);
    assert.equal(scene.holder('lights'), 'wall');
    assert.equal(scene.answer('panel/lights')?.result, 'requeued');
  });

  it('is given up by yielded with the token', async () => {
    await scene.device('panel/lights', { yielded: scene.state('lights')?.token ?? 0 });
    assert.equal(scene.holder('lights'), 'wall');
    assert.equal(scene.answer('panel/lights')?.result, 'requeued');
  });

  it('is not given up by another token', async () => {
    await scene.device('panel/lights', { yielded: 1 });
    const refused = scene.answers('panel/lights').find(({ result }) => result === 'denied');
    assert.match(String(refused?.detail), /yielded is 1/);
    assert.equal(scene.holder('lights'), 'panel');
  });

  it('ends a once claim when it is yielded', async () => {
    await scene.device('lamp/fan', { grace: 3_000, once: true });
    await scene.device('wall/fan', { priority: 1 });
    await scene.device('lamp/fan', { yielded: scene.state('fan')?.token ?? 0 });
    assert.equal(scene.answer('lamp/fan')?.result, 'lost');
    assert.equal(scene.holder('fan'), 'wall');
  });
});

describe('claims that a device keeps while it waits', () => {
  it('are named, so that a circle of them is denied with the names on it', async () => {
    const scene = await startArbiter();
    await scene.device('a/one', { resource: 'x', locker: 'left' });
    await scene.device('b/two', { resource: 'y', locker: 'right' });
    await scene.device('a/three', { resource: 'y', locker: 'left', holding: ['one'] });
    await scene.device('b/four', { resource: 'x', locker: 'right', holding: ['two'] });
    const denied = scene.answer('b/four');
    assert.deepEqual([denied?.result, denied?.reason, denied?.detail], ['denied', 'deadlock', 'left, right']);
    assert.equal(scene.answer('a/three')?.result, 'queued');
  });
});
