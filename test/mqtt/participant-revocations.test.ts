import assert from 'node:assert/strict';
import { HandArbiter } from '../support/hand-arbiter';
import { granting, joined } from '../support/joined-participant';

const ALARM = { locker: 'alarm', requester: 'hall', priority: 900 };

async function holding(message: object = {}) {
  const { scene, arbiter } = await joined();
  arbiter.decide = granting();
  const claim = scene.claim({ resource: 'lights', ...message });
  await scene.settle();
  return { scene, arbiter, claim };
}

describe('a participant that is to stop', () => {
  it('yields as soon as its hearer has run, and holds no more when it does', async () => {
    const { scene, arbiter, claim } = await holding();
    scene.whenHeard = ({ answer }) => {
      if (answer.result !== 'revoking') return;
      assert.deepEqual([claim.phase, scene.isHeld(claim)], ['revoking', true]);
    };
    const publish = scene.talk.publish.bind(scene.talk);
    scene.talk.publish = (topic, payload, options) => {
      if (payload.includes('"yield"')) assert.equal(scene.isHeld(claim), false);
      return publish(topic, payload, options);
    };
    arbiter.tell(claim.id, { result: 'revoking', remaining: 1_000, by: ALARM });
    await scene.settle();
    assert.deepEqual(arbiter.got('yield'), [{ op: 'yield', id: claim.id, token: 1 }]);
    assert.deepEqual(scene.results(), ['granted', 'revoking', 'requeued']);
    assert.deepEqual(claim.answer?.by, ALARM);
    assert.equal(claim.phase, 'waiting');
  });

  it('loses by that what it claimed once', async () => {
    const { scene, arbiter, claim } = await holding({ once: true });
    arbiter.tell(claim.id, { result: 'revoking', remaining: 1_000, by: ALARM });
    await scene.settle();
    assert.deepEqual(scene.results(), ['granted', 'revoking', 'lost preempted']);
    assert.equal(claim.phase, 'ended');
    arbiter.tell(claim.id, { result: 'lost', reason: 'preempted', ended: '2026-01-01T12:00:00.000Z' });
    await scene.settle();
    assert.equal(scene.heard.length, 3);
  });

  it('does not believe what was told before its yield was heard', async () => {
    const { scene, arbiter, claim } = await holding();
    arbiter.actsUpTo = Math.max(...arbiter.frames.map(({ n = 0 }) => n));
    arbiter.tell(claim.id, { result: 'revoking', remaining: 1_000, by: ALARM });
    await scene.settle();
    arbiter.tell(claim.id, { result: 'granted', token: 1 });
    arbiter.tell(claim.id, { result: 'revoking', remaining: 900, by: ALARM });
    arbiter.tell(claim.id, { result: 'requeued', by: ALARM });
    await scene.settle();
    assert.deepEqual([claim.phase, scene.results()], ['waiting', ['granted', 'revoking', 'requeued']]);
    arbiter.tell(claim.id, { result: 'granted', token: 9, regained: true });
    await scene.settle();
    assert.deepEqual([claim.phase, scene.isHeld(claim)], ['held', true]);
  });

  it('has the hold with the same token again, by another claim of its locker, once its yield was heard', async () => {
    const { scene, arbiter, claim } = await holding();
    arbiter.tell(claim.id, { result: 'revoking', remaining: 1_000, by: ALARM });
    await scene.settle();
    assert.equal(claim.phase, 'waiting');
    arbiter.tell(claim.id, { result: 'granted', token: 1, regained: true });
    await scene.settle();
    assert.deepEqual([claim.phase, scene.isHeld(claim)], ['held', true]);
    assert.deepEqual(scene.results(), ['granted', 'revoking', 'requeued', 'granted']);
  });

  it('gives a hold back of which it was told nothing but its revocation', async () => {
    const { scene, arbiter } = await joined();
    const claim = scene.claim({ resource: 'lights' });
    await scene.settle();
    arbiter.tell(claim.id, { result: 'queued' });
    arbiter.tell(claim.id, { result: 'revoking', token: 7, remaining: 1_000, by: ALARM });
    arbiter.tell(claim.id, { result: 'revoking', token: 7, remaining: 900, by: ALARM });
    await scene.settle();
    assert.deepEqual(arbiter.got('yield'), [{ op: 'yield', id: claim.id, token: 7 }]);
    assert.deepEqual([claim.phase, scene.results()], ['waiting', ['queued']]);
  });

  it('gives up the hold that is named, though the state shows a later one by then', async () => {
    const { scene, arbiter, claim } = await holding();
    const holding8 = {
      id: claim.id,
      requester: 'desk',
      name: 'node/key',
      resources: ['lights'],
      priority: 0,
    };
    const state = { v: 1, resource: 'lights', state: 'held', holder: 'desk', requester: 'desk', token: 8 };
    const more = {
      claims: [{ ...holding8, locker: 'desk', order: 1, standing: true }],
      waiting: [],
      waitingCount: 0,
      epoch: 1,
    };
    scene.broker.publish('locks/state/lights', JSON.stringify({ ...state, ...more }), { retain: true });
    await scene.settle();
    assert.equal(scene.participant.state('lights').token, 8);
    arbiter.tell(claim.id, { result: 'revoking', token: 1, remaining: 1_000, by: ALARM });
    arbiter.tell(claim.id, { result: 'granted', token: 8, regained: true });
    await scene.settle();
    assert.deepEqual(arbiter.got('yield'), [{ op: 'yield', id: claim.id, token: 1 }]);
    assert.deepEqual([claim.phase, scene.isHeld(claim), claim.answer?.token], ['held', true, 8]);
  });

  it('hears of the loss between two holds, though it was passed over', async () => {
    const { scene, arbiter, claim } = await holding({ grace: 3_000 });
    arbiter.tell(claim.id, { result: 'revoking', token: 1, remaining: 3_000, by: ALARM });
    arbiter.tell(claim.id, { result: 'granted', token: 8, regained: true });
    await scene.settle();
    assert.deepEqual(scene.results(), ['granted', 'revoking', 'requeued', 'granted']);
    assert.deepEqual([claim.phase, scene.isHeld(claim)], ['held', true]);
  });

  it('with a grace yields when its locker says so', async () => {
    const { scene, arbiter, claim } = await holding({ grace: 3_000 });
    arbiter.tell(claim.id, { result: 'revoking', remaining: 5_000, by: ALARM });
    await scene.settle(1_000);
    assert.deepEqual([claim.phase, arbiter.got('yield').length], ['revoking', 0]);
    scene.participant.yield(claim);
    assert.equal(claim.phase, 'waiting');
    await scene.settle();
    assert.equal(arbiter.got('yield').length, 1);
  });

  it('with a grace yields when that is over by its own clock, to the millisecond', async () => {
    const { scene, arbiter, claim } = await holding({ grace: 3_000 });
    arbiter.tell(claim.id, { result: 'revoking', remaining: 5_000, by: ALARM });
    await scene.settle(2);
    const heardAt = scene.clock.monotonic;
    assert.equal(claim.until, heardAt + 3_000);
    await scene.settle(2_999);
    assert.deepEqual([claim.phase, scene.isHeld(claim)], ['revoking', true]);
    await scene.settle(1);
    assert.deepEqual([claim.phase, scene.results().at(-1)], ['waiting', 'requeued']);
  });

  it('never takes longer than the arbiter waits, by the beat that is named', async () => {
    const { scene, arbiter, claim } = await holding({ grace: 5_000 });
    const sentAt = scene.participant.validUntil - 9_000;
    arbiter.tell(claim.id, { result: 'revoking', remaining: 2_000, by: ALARM });
    await scene.settle();
    assert.equal(claim.until, sentAt + 1_900);
  });

  it('is told once, and no later end makes its grace longer', async () => {
    const { scene, arbiter, claim } = await holding({ grace: 3_000 });
    arbiter.tell(claim.id, { result: 'revoking', remaining: 5_000, by: ALARM });
    await scene.settle();
    const { until } = claim;
    await scene.settle(1_000);
    arbiter.tell(claim.id, { result: 'revoking', remaining: 5_000, by: ALARM });
    await scene.settle();
    assert.deepEqual([claim.until, scene.results()], [until, ['granted', 'revoking']]);
  });

  it('yields again where its yield was lost with who decided', async () => {
    const { scene, arbiter, claim } = await holding();
    arbiter.tell(claim.id, { result: 'revoking', remaining: 1_000, by: ALARM });
    await scene.settle(2);
    arbiter.isDeaf = true;
    await scene.settle();
    assert.equal(claim.phase, 'waiting');
    const next = new HandArbiter(scene.broker, { epoch: 2 });
    next.decide = (op) => (op.op === 'claim' ? { result: 'revoking', by: ALARM } : undefined);
    await next.start();
    await scene.settle();
    assert.deepEqual(next.listed(claim.id)?.was, { granted: true });
    assert.deepEqual(next.got('yield'), [{ op: 'yield', id: claim.id, token: 1 }]);
    assert.deepEqual(scene.results(), ['granted', 'revoking', 'requeued']);
  });

  it('tells how long its revocation goes on, where another one decides meanwhile', async () => {
    const { scene, arbiter, claim } = await holding({ grace: 3_000 });
    arbiter.tell(claim.id, { result: 'revoking', remaining: 5_000, by: ALARM });
    await scene.settle(1_000);
    arbiter.isDeaf = true;
    const next = await new HandArbiter(scene.broker, { epoch: 2 }).start();
    await scene.settle();
    const was = next.listed(claim.id)?.was;
    assert.deepEqual([was?.granted, was?.tokens], [true, { lights: 1 }]);
    assert.ok(
      was?.revoking !== undefined && was.revoking > 1_900 && was.revoking < 2_000,
      `${was?.revoking}`,
    );
  });

  it('may claim and give up other things while it is told', async () => {
    const { scene, arbiter, claim } = await holding();
    const other = scene.claim({ resource: 'blinds' }, 'other');
    await scene.settle();
    scene.whenHeard = ({ answer }) => {
      if (answer.result !== 'revoking') return;
      scene.participant.release(other);
      scene.participant.release(claim);
      scene.claim({ resource: 'lamp' }, 'third');
    };
    arbiter.tell(claim.id, { result: 'revoking', remaining: 1_000, by: ALARM });
    await scene.settle();
    assert.deepEqual(scene.results(), ['granted', 'granted', 'revoking', 'released', 'released', 'granted']);
    assert.deepEqual(
      arbiter.frames.at(-1)?.ops.map(({ op }) => op),
      ['release', 'release', 'claim'],
    );
  });
});
