import assert from 'node:assert/strict';
import { makePolicy } from '../../src/mqtt/policy';
import type { DownFrame } from '../../src/mqtt/session-messages';
import { type ArbiterScene, startArbiter } from '../support/arbiter-scene';
import { ParticipantScene, type ParticipantSceneOptions } from '../support/participant-scene';

const HOUR_MS = 3_600_000;

/** A participant of an arbiter, by a name of its own. */
async function join({ broker }: ArbiterScene, requester: string, options: ParticipantSceneOptions = {}) {
  const scene = await new ParticipantScene(broker, { requester, ...options }).start();
  await scene.settle(1_000);
  return scene;
}

describe('participants and an arbiter', () => {
  let house: ArbiterScene;
  let desk: ParticipantScene;
  let hall: ParticipantScene;

  beforeEach(async () => {
    house = await startArbiter();
    desk = await join(house, 'desk');
    hall = await join(house, 'hall');
  });

  it('have one picture', async () => {
    assert.deepEqual([desk.participant.status.phase, hall.participant.status.phase], ['joined', 'joined']);
    const claim = desk.claim({ resource: 'lights', locker: 'me', value: 'on', priority: 'motion' });
    await house.settle();
    assert.deepEqual([claim.phase, desk.isHeld(claim), desk.results()], ['held', true, ['granted']]);
    for (const { participant } of [desk, hall]) {
      const { holder, requester, priority, value, token } = participant.state('lights');
      assert.deepEqual([holder, requester, priority, value, token], ['me', 'desk', 100, 'on', claim.token]);
    }
    assert.equal(house.arbiter.state('lights').holder, 'me');
  });

  it('are not told of what they let go; that it was heard is said once for all of a moment', async () => {
    const answers = () =>
      house.broker.published('locks/session/desk/answers') as readonly Partial<DownFrame>[];
    const claims = ['1', '2', '3'].map((key) => desk.claim({ resource: `lights ${key}` }, key));
    await house.settle();
    const { length } = answers();
    for (const claim of claims) {
      desk.participant.release(claim);
      await house.settle(10);
    }
    await house.settle(100);
    const told = answers().slice(length);
    assert.deepEqual(
      told.map(({ n, tells, ack = 0 }) => [n, tells?.length, ack]),
      [[undefined, 0, 5]],
    );
  });

  it('take from one another, and have it back, holding never both', async () => {
    const low = desk.claim({ resource: 'lights', locker: 'me' });
    await house.settle();
    const high = hall.claim({ resource: 'lights', locker: 'alarm', priority: 'manual' });
    for (let step = 0; step < 50; step++) {
      await house.settle(1);
      assert.ok(!(desk.isHeld(low) && hall.isHeld(high)));
    }
    assert.deepEqual([desk.isHeld(low), hall.isHeld(high)], [false, true]);
    assert.deepEqual(desk.results(), ['granted', 'revoking', 'requeued']);
    assert.equal(low.answer?.by?.locker, 'alarm');
    hall.participant.release(high);
    await house.settle();
    assert.deepEqual([desk.isHeld(low), low.answer?.regained], [true, true]);
    assert.ok(low.token > high.token);
  });

  it('take from the arbiter’s own runtime, and it from them', async () => {
    const own = house.own('node', { resource: 'lights', locker: 'own' });
    const high = hall.claim({ resource: 'lights', locker: 'alarm', priority: 1 });
    await house.settle();
    assert.deepEqual([own.phase, hall.isHeld(high)], ['waiting', true]);
    const higher = house.own('other', { resource: 'lights', locker: 'other', priority: 2 });
    assert.equal(higher.phase, 'waiting');
    await house.settle();
    assert.deepEqual([higher.phase, high.phase], ['held', 'waiting']);
  });

  it('wait with a grace for who winds down, and not longer than it takes', async () => {
    const low = desk.claim({ resource: 'lights', locker: 'me', grace: 3_000 });
    await house.settle();
    const high = hall.claim({ resource: 'lights', locker: 'alarm', priority: 1 });
    await house.settle(2_000);
    assert.deepEqual([low.phase, desk.isHeld(low), high.phase], ['revoking', true, 'waiting']);
    desk.participant.yield(low);
    await house.settle();
    assert.equal(hall.isHeld(high), true);
  });

  it('go on without one that does not answer after the hand-over time', async () => {
    const low = desk.claim({ resource: 'lights', locker: 'me' });
    await house.settle();
    desk.cut('up', 'down');
    const high = hall.claim({ resource: 'lights', locker: 'alarm', priority: 1 });
    await house.settle(900);
    assert.equal(high.phase, 'waiting');
    await house.settle(200);
    assert.equal(hall.isHeld(high), true);
    assert.ok(high.token > low.token, 'its token tells the two apart');
  });

  it('are told what is refused: levels, policy, waits and bad changes', async () => {
    const rows = [{ requester: 'desk', resource: 'b', highest: 'motion' }];
    const { levels } = house.arbiter.rules;
    house.arbiter.setRules({ ...house.arbiter.rules, policy: makePolicy(rows, levels) });
    const level = desk.claim({ resource: 'a', priority: 'urgent' });
    const high = desk.claim({ resource: 'b', priority: 900 }, 'high');
    const held = hall.claim({ resource: 'c' });
    await house.settle();
    const wait = desk.claim({ resource: 'c', timeout: 0 }, 'wait');
    hall.participant.update(held, { priority: 'urgent' });
    await house.settle();
    assert.deepEqual(desk.results(level), ['denied invalid']);
    assert.deepEqual(desk.results(high), ['denied policy']);
    assert.deepEqual(desk.results(wait), ['denied timeout']);
    assert.deepEqual(hall.results(), ['granted', 'denied invalid']);
    assert.deepEqual([held.phase, held.message.priority], ['held', undefined]);
  });

  it('change what they hold in place', async () => {
    const claim = desk.claim({ resource: 'lights', value: 'on', ttl: HOUR_MS });
    await house.settle();
    desk.participant.update(claim, { value: 'dim', renew: true, ttl: 2 * HOUR_MS });
    desk.participant.update(claim, { priority: 'motion' });
    await house.settle();
    const { value, remaining = 0, priority } = house.arbiter.state('lights');
    assert.deepEqual([value, priority], ['dim', 100]);
    assert.ok(remaining > 1.9 * HOUR_MS);
    assert.deepEqual(desk.results(), ['granted', 'granted', 'granted']);
    assert.ok(claim.expires > house.clock.monotonic + 1.8 * HOUR_MS);
  });

  it('lose what has a lease when it is over, and never believe in it longer than the arbiter', async () => {
    const claim = desk.claim({ resource: 'lights', once: true, ttl: 5_000 });
    await house.settle();
    let wasHeldUntil = 0;
    while (house.arbiter.state('lights').state === 'held') {
      await house.settle(10);
      if (desk.isHeld(claim)) wasHeldUntil = house.clock.monotonic;
      assert.ok(!desk.isHeld(claim) || house.arbiter.state('lights').state === 'held');
    }
    assert.ok(wasHeldUntil > house.clock.monotonic - 4_000);
    await house.settle();
    assert.deepEqual(desk.results(), ['granted', 'lost expired']);
  });

  it('end at once with a goodbye, and a session time after they were heard last without', async () => {
    const first = desk.claim({ resource: 'lights', locker: 'me' });
    const second = desk.claim({ resource: 'blinds', locker: 'me' }, 'kept', true);
    await house.settle();
    const stopped = desk.participant.stop();
    await house.settle();
    assert.deepEqual([house.holder('lights'), house.holder('blinds')], [undefined, 'me']);
    assert.deepEqual([first.phase, second.phase], ['held', 'held'], 'nothing is told of it');
    await house.settle(3_000);
    await stopped;
    hall.claim({ resource: 'lamp', locker: 'me' });
    await house.settle();
    await hall.crash();
    await house.settle(8_000);
    assert.equal(house.holder('lamp'), 'me');
    await house.settle(3_000);
    assert.equal(house.holder('lamp'), undefined);
  });

  it('keep what they hold while the arbiter is killed and comes back', async () => {
    const claim = desk.claim({ resource: 'lights', locker: 'me', value: 'on' });
    const other = hall.claim({ resource: 'lights', locker: 'waiter' });
    await house.settle();
    assert.deepEqual([desk.isHeld(claim), other.phase], [true, 'waiting']);
    await house.crash();
    await desk.settle(2_000);
    assert.equal(desk.isHeld(claim), true);
    const next = await startArbiter({}, house.broker);
    await next.settle(3_000);
    assert.equal(desk.isHeld(claim), true);
    assert.deepEqual([desk.results(), hall.results()], [['granted'], ['queued']]);
    assert.equal(desk.participant.status.epoch, 2);
    desk.participant.release(claim);
    await next.settle();
    assert.equal(hall.isHeld(other), true);
  });

  it('keep their places where nobody held anything while the arbiter was gone', async () => {
    const holder = hall.claim({ resource: 'lights', locker: 'holder' });
    await house.settle();
    const first = desk.claim({ resource: 'lights', locker: 'first' }, 'first');
    await house.settle();
    const second = hall.claim({ resource: 'lights', locker: 'second' }, 'second');
    await house.settle();
    await house.crash();
    const next = await startArbiter({}, house.broker);
    await next.settle(3_000);
    hall.participant.release(holder);
    await next.settle();
    assert.deepEqual([first.phase, second.phase], ['held', 'waiting']);
  });

  it('wait on for what was taken from them, where another one decides meanwhile', async () => {
    const low = desk.claim({ resource: 'lights', locker: 'me', timeout: 5_000 });
    await house.settle();
    const high = hall.claim({ resource: 'lights', locker: 'alarm', priority: 1 });
    await house.settle();
    assert.equal(low.phase, 'waiting');
    await house.crash();
    const next = await startArbiter({}, house.broker);
    await next.settle(8_000);
    assert.deepEqual([low.phase, desk.results()], ['waiting', ['granted', 'revoking', 'requeued']]);
    hall.participant.release(high);
    await next.settle();
    assert.deepEqual([desk.isHeld(low), low.answer?.regained], [true, true]);
  });

  it('give up at once what they were to give up before they had heard of it', async () => {
    const low = desk.claim({ resource: 'lights', locker: 'me', once: true });
    const high = hall.claim({ resource: 'lights', locker: 'alarm', priority: 1 });
    // Both are asked for before the arbiter has said anything.
    await house.settle(1_100);
    assert.deepEqual([low.phase, hall.isHeld(high)], ['ended', true]);
  });

  it('are made anew after their session was over, but what was forced away is over for good', async () => {
    const claim = desk.claim({ resource: 'lights', locker: 'me' });
    const once = desk.claim({ resource: 'blinds', locker: 'me', once: true }, 'once');
    await house.settle();
    desk.cut('up', 'down');
    await house.settle(15_000);
    assert.deepEqual([house.holder('lights'), house.holder('blinds')], [undefined, undefined]);
    desk.cut();
    await house.settle(5_000);
    assert.deepEqual(desk.results(claim), ['granted', 'requeued session', 'granted']);
    assert.deepEqual(desk.results(once), ['granted', 'lost session']);
    desk.cut('down');
    assert.equal(await house.arbiter.force('lights', claim.token, 'admin'), undefined);
    await house.settle(1_000);
    desk.cut();
    house.broker.cut(desk.talk.clientId);
    await house.settle(5_000);
    assert.match(desk.results(claim).at(-1) ?? '', /lost/);
    assert.equal(house.holder('lights'), undefined);
  });

  it('have what they keep after their restart, too', async () => {
    const claim = desk.claim({ resource: 'lights', locker: 'me', ttl: HOUR_MS }, 'key', true);
    await house.settle();
    await desk.crash();
    const again = await join(house, 'desk', { instance: 'again' });
    const [recalled] = again.recalled;
    assert.equal(recalled?.id, claim.id);
    assert.equal(again.participant.status.phase, 'refused', 'the one before may still be alive');
    await house.settle(12_000);
    assert.equal(again.participant.status.phase, 'joined');
    assert.deepEqual([again.results(), house.holder('lights')], [['granted'], 'me']);
    assert.ok(recalled !== undefined && again.isHeld(recalled));
    again.participant.release(recalled as typeof claim);
    await house.settle();
    assert.equal(house.holder('lights'), undefined);
    assert.equal(house.broker.retained.get('locks/claim/desk/node/key'), undefined);
    assert.equal(house.broker.retained.get('locks/answer/desk/node/key'), undefined);
  });

  it('join at once after their restart where the one before is known to be dead', async () => {
    desk.claim({ resource: 'lights', locker: 'me' });
    await house.settle();
    const { instance } = JSON.parse(house.broker.retained.get('locks/session/desk') ?? '');
    await desk.crash();
    const again = await join(house, 'desk', { instance: 'again', before: () => ({ instance }) });
    assert.deepEqual([again.participant.status.phase, again.warnings], ['joined', []]);
    assert.equal(house.holder('lights'), undefined);
  });

  it('are two only under two names', async () => {
    const other = await join(house, 'desk', { instance: 'other' });
    assert.equal(other.participant.status.phase, 'refused');
    assert.match(other.participant.status.reason ?? '', /desk/);
    const claim = other.claim({ resource: 'lights' });
    await house.settle(3_000);
    assert.deepEqual([claim.phase, other.results()], ['asked', []]);
    assert.equal(desk.participant.status.phase, 'joined');
    const stopped = desk.participant.stop();
    await house.settle(4_000);
    await stopped;
    assert.equal(other.isHeld(claim), true);
  });

  it('end the hold of another by force where a rule lets them', async () => {
    const rows = [{ requester: 'hall', resource: '#', mayForce: true }];
    const scene = await startArbiter({ requester: 'attic', prefix: 'attic', rows });
    const holder = await join(scene, 'desk', { prefix: 'attic' });
    const operator = await join(scene, 'hall', { prefix: 'attic' });
    const claim = holder.claim({ resource: 'lights' });
    await scene.settle();
    const denied = holder.participant.force('lights', claim.token);
    const changed = operator.participant.force('lights', claim.token - 1);
    await scene.settle();
    assert.deepEqual([(await denied)?.reason, (await changed)?.reason], ['policy', 'changed']);
    const done = operator.participant.force('lights', claim.token);
    await scene.settle();
    assert.equal(await done, undefined);
    assert.deepEqual(holder.results(), ['granted', 'lost forced']);
  });
});
