import assert from 'node:assert/strict';
import { essence, startArbiter } from '../support/arbiter-scene';

const HOUR_MS = 3_600_000;

describe('claims of the arbiter’s own runtime, after a crash and a restart', () => {
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

  it('stand as they are to stand there soon after something else has arrived on their topics', async () => {
    const scene = await startArbiter();
    const claim = scene.own('node', { resource: 'lights' }, true);
    await scene.settle();
    const [topic, text] = [
      'locks/claim/house/node/key',
      scene.broker.retained.get('locks/claim/house/node/key'),
    ];
    await scene.device('house/node/key', '');
    await scene.settle(1_000);
    assert.equal(scene.broker.retained.get(topic), text);
    scene.arbiter.release(claim);
    await scene.settle();
    // What this runtime had sent when somebody else decided.
    await scene.device('house/node/key', String(text));
    await scene.device('house/other/key', '{"id":"x","owner":{"path":"other","key":"key"}}');
    await scene.settle(2_000);
    assert.deepEqual(
      [scene.broker.retained.has(topic), scene.broker.retained.has('locks/claim/house/other/key')],
      [false, false],
    );
  });

  it('are not fought for with another one of the name', async () => {
    const scene = await startArbiter();
    scene.own('node', { resource: 'lights' }, true);
    await scene.settle();
    const topic = 'locks/claim/house/node/key';
    const text = scene.broker.retained.get(topic);
    const theirs = '{"id":"x","owner":{"path":"node","key":"key"}}';
    scene.broker.onPublished = ({ payload, ...published }) => {
      if (published.topic !== topic || payload !== text) return;
      scene.clock.setTimer(10, () => scene.broker.publish(topic, theirs, { retain: true }));
    };
    const before = scene.broker.log.length;
    await scene.device('house/node/key', theirs);
    await scene.settle(120_000);
    const mended = scene.broker.log
      .slice(before)
      .filter((each) => each.topic === topic && each.payload === text);
    assert.ok(mended.length >= 5 && mended.length <= 8, `${mended.length} times`);
  });

  it('have the priority and the value that were wanted last, though the state does not show them yet', async () => {
    const first = await startArbiter();
    const claim = first.own('node', { resource: 'lights', priority: 5, value: 'on' }, true);
    await first.settle();
    const before = String(first.broker.retained.get('locks/state/lights'));
    first.arbiter.update(claim, { priority: 50, value: 'dim' });
    await first.settle();
    await first.crash();
    // It was killed between the two.
    first.broker.publish('locks/state/lights', before, { retain: true });
    const second = await startArbiter({}, first.broker);
    assert.deepEqual([second.state('lights')?.priority, second.state('lights')?.value], [50, 'dim']);
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

  it('end where the rules do not allow them any more', async () => {
    const first = await startArbiter();
    await first.device('wall/lights', { priority: 'manual' });
    first.own('node', { resource: 'lights', priority: 'motion' }, true);
    await first.settle();
    await first.crash();
    const rows = [{ requester: 'house', resource: 'lights', highest: 0 }];
    const second = await startArbiter({ rows }, first.broker);
    assert.deepEqual(second.recalled, []);
    assert.equal(second.state('lights')?.waitingCount, 0);
    assert.equal(second.broker.retained.has('locks/claim/house/node/key'), false);
  });
});
