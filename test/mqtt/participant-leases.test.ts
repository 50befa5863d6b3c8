// How a participant counts a lease that somebody else keeps: from beats of its own, new ones where old ones would cost
// too much of it; and when it has seen all that it was told of.
import assert from 'node:assert/strict';
import { granting, joined } from '../support/joined-participant';

describe('the leases of a participant', () => {
  it('count from when they were asked for, though its last beat is older', async () => {
    const { scene, arbiter } = await joined();
    await scene.settle(900);
    arbiter.decide = (op) =>
      op.op === 'claim' ? { result: 'granted', token: 5, remaining: op.message.ttl ?? 0 } : undefined;
    const asked = scene.clock.monotonic;
    const claim = scene.claim({ resource: 'lights', ttl: 1_000 });
    await scene.settle(50);
    assert.deepEqual(scene.results(claim), ['granted']);
    assert.equal(claim.expires, asked + 950);
    assert.deepEqual(arbiter.got('ask'), []);
  });

  it('need no beat of their own where they are long', async () => {
    const { scene, arbiter } = await joined();
    await scene.settle(900);
    const before = arbiter.beat;
    scene.claim({ resource: 'lights', ttl: 60_000 });
    await scene.settle(50);
    assert.equal(arbiter.beat, before);
  });

  it('are asked for again before they are told, when they were granted long after the last beat', async () => {
    const { scene, arbiter } = await joined();
    const claim = scene.claim({ resource: 'lights', ttl: 1_000, once: true });
    await scene.settle(900);
    arbiter.decide = (op) => (op.op === 'ask' ? { result: 'granted', token: 5, remaining: 980 } : undefined);
    const granted = scene.clock.monotonic;
    arbiter.tell(claim.id, { token: 5, remaining: 1_000 });
    await scene.settle(50);
    assert.equal(arbiter.got('ask').length, 1);
    assert.deepEqual(scene.results(claim), ['granted']);
    assert.ok(claim.expires >= granted + 0.95 * 980, `${claim.expires - granted}`);
    assert.ok(claim.expires <= granted + 1_000);
    assert.ok(scene.isHeld(claim));
  });

  it('are taken as they are when asking again has brought nothing newer', async () => {
    const { scene, arbiter } = await joined();
    const claim = scene.claim({ resource: 'lights', ttl: 1_000, once: true });
    await scene.settle(500);
    const { beat } = arbiter;
    arbiter.tell(claim.id, { token: 5, remaining: 1_000 });
    await scene.settle(20);
    assert.deepEqual(scene.results(claim), []);
    arbiter.beat = beat;
    arbiter.tell(claim.id, { token: 5, remaining: 980 });
    await scene.settle(20);
    assert.deepEqual(scene.results(claim), ['granted']);
    assert.equal(arbiter.got('ask').length, 1);
  });

  it('are over, untold, when they ended while they were asked for again', async () => {
    const { scene, arbiter } = await joined();
    const claim = scene.claim({ resource: 'lights', ttl: 100, once: true });
    await scene.settle(500);
    arbiter.tell(claim.id, { token: 5, remaining: 100 });
    await scene.settle(20);
    arbiter.tell(claim.id, { result: 'lost', reason: 'expired', ended: '2026-01-01T00:00:00.000Z' });
    await scene.settle(20);
    assert.deepEqual(scene.results(claim), ['lost expired']);
    assert.equal(claim.phase, 'ended');
  });

  it('go on while the machine sleeps, and what is left of them is asked for', async () => {
    const { scene, arbiter } = await joined();
    arbiter.decide = granting({ remaining: 20_000 });
    const claim = scene.claim({ resource: 'lights', ttl: 20_000 });
    await scene.settle(50);
    const { expires } = claim;
    arbiter.decide = (op) => (op.op === 'ask' ? { token: 1, remaining: 16_000 } : undefined);
    scene.clock.wall += 4_000;
    assert.equal(scene.isHeld(claim), false);
    assert.equal(claim.expires, expires - 4_000);
    await scene.settle(20);
    assert.equal(arbiter.got('ask').length, 1);
    assert.ok(scene.isHeld(claim));
    assert.ok(claim.expires <= scene.clock.monotonic + 0.95 * 16_000, `${claim.expires}`);
    assert.deepEqual(scene.results(claim), ['granted']);
  });

  it('are asked for once more where the answer came from who had not heard of it since the wall clock was set', async () => {
    const { scene, arbiter } = await joined();
    arbiter.decide = granting({ remaining: 60_000 });
    const claim = scene.claim({ resource: 'lights', ttl: 60_000 });
    await scene.settle(50);
    const { beat } = arbiter;
    arbiter.decide = (op) => {
      if (op.op === 'ask' && arbiter.got('ask').length === 1) arbiter.beat = beat;
      return op.op === 'ask' ? { token: 1, remaining: 58_000 } : undefined;
    };
    // It was wrong, and nobody has slept.
    scene.clock.wall += 3_600_000;
    await scene.settle(20);
    assert.equal(scene.isHeld(claim), false);
    await scene.settle(1_100);
    assert.equal(arbiter.got('ask').length, 2);
    assert.ok(scene.isHeld(claim));
  });

  it('go on in sleeps that are too short to be noticed', async () => {
    const { scene, arbiter } = await joined();
    arbiter.decide = granting({ remaining: 20_000 });
    const claim = scene.claim({ resource: 'lights', ttl: 20_000 });
    await scene.settle(50);
    arbiter.isDeaf = true;
    const { expires } = claim;
    for (let nap = 0; nap < 4; nap++) {
      scene.clock.wall += 900;
      await scene.settle(1_000);
    }
    assert.equal(claim.expires, expires - 3_600);
  });

  it('are not believed in after the wall clock was set back, until what is left is told by who has heard of it since', async () => {
    const { scene, arbiter } = await joined();
    arbiter.decide = granting({ remaining: 60_000 });
    const claim = scene.claim({ resource: 'lights', ttl: 60_000 });
    await scene.settle(50);
    const { beat } = arbiter;
    scene.clock.wall -= 3_600_000;
    assert.equal(scene.isHeld(claim), false);
    await scene.settle(20);
    assert.equal(arbiter.got('ask').length, 1);
    const later = arbiter.beat;
    arbiter.beat = beat;
    arbiter.tell(claim.id, { token: 1, remaining: 59_000 });
    await scene.settle(20);
    assert.equal(scene.isHeld(claim), false);
    arbiter.beat = later;
    arbiter.decide = (op) => (op.op === 'ask' ? { token: 1, remaining: 50_000 } : undefined);
    await scene.settle(1_100);
    assert.equal(arbiter.got('ask').length, 2);
    assert.ok(scene.isHeld(claim));
  });
});

describe('what a participant has seen', () => {
  it('is all that the broker had before it asked', async () => {
    const { scene } = await joined();
    const state = { v: 1, resource: 'lights', state: 'held', holder: 'me', token: 3 };
    const more = { claims: [], waiting: [], waitingCount: 0, epoch: 1 };
    scene.broker.publish('locks/state/lights', JSON.stringify({ ...state, ...more }), { retain: true });
    const seen = scene.participant.caughtUp().then(() => scene.participant.state('lights').holder);
    await scene.settle(50);
    assert.equal(await seen, 'me');
  });

  it('is what there is to be seen, when nothing comes back or the connection breaks', async () => {
    const { scene } = await joined();
    let passed = 0;
    const look = () => void scene.participant.caughtUp().then(() => passed++);
    look();
    scene.broker.cut(scene.watch.clientId, 'gone');
    await scene.settle(5);
    assert.equal(passed, 1);
    look();
    await scene.settle(1);
    assert.equal(passed, 2, 'without a connection at once');
  });
});
