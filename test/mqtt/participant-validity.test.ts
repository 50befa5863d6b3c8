import assert from 'node:assert/strict';
import { HandArbiter } from '../support/hand-arbiter';
import { HandClock } from '../support/hand-clock';
import { granting, joined } from '../support/joined-participant';
import { ParticipantScene, RatedClock } from '../support/participant-scene';
import { SimulatedBroker } from '../support/simulated-broker';

const SESSION_MS = 10_000;
const HOUR_MS = 3_600_000;

async function holding(message: object = {}, answer: object = {}) {
  const { scene, arbiter } = await joined();
  arbiter.decide = granting(answer);
  const claim = scene.claim({ resource: 'lights', ...message });
  await scene.settle();
  assert.equal(scene.isHeld(claim), true);
  return { scene, arbiter, claim };
}

describe('what a participant holds', () => {
  it('is believed in until nine tenths of a session after the last returned beat was sent, to the millisecond', async () => {
    const { scene, arbiter, claim } = await holding();
    // Two hops of two messages each.
    const sentAt = scene.participant.validUntil - 0.9 * SESSION_MS;
    arbiter.isDeaf = true;
    assert.ok(scene.clock.monotonic - sentAt <= 1_000);
    await scene.settle(sentAt + 0.9 * SESSION_MS - 1 - scene.clock.monotonic);
    assert.equal(scene.isHeld(claim), true);
    assert.deepEqual(scene.results(), ['granted']);
    await scene.settle(1);
    assert.equal(scene.isHeld(claim), false);
    assert.deepEqual(scene.results(), ['granted', 'requeued session']);
  });

  it('is lost then, where it was claimed once, and not listed any more', async () => {
    const { scene, arbiter, claim } = await holding({ once: true });
    arbiter.isDeaf = true;
    await scene.settle(11_000);
    assert.deepEqual([claim.phase, scene.results()], ['ended', ['granted', 'lost session']]);
    arbiter.isDeaf = false;
    await scene.settle(4_000);
    assert.equal(arbiter.got('hello').length, 2);
    assert.equal(arbiter.got('claim').length, 1);
  });

  it('comes back, where it is a standing claim, when whoever decides has kept it', async () => {
    const { scene, arbiter, claim } = await holding();
    arbiter.isDeaf = true;
    await scene.settle(11_000);
    arbiter.isDeaf = false;
    await scene.settle(4_000);
    assert.deepEqual(arbiter.listed(claim.id)?.was, { granted: true });
    assert.deepEqual(scene.results(), ['granted', 'requeued session', 'granted']);
    assert.equal(scene.isHeld(claim), true);
  });

  it('is not believed in for a beat that came back before whoever decides knew of it', async () => {
    const { scene, arbiter, claim } = await holding();
    const until = scene.participant.validUntil;
    // Somebody else who decides returns beats, but has not heard what is held.
    const next = new HandArbiter(scene.broker, { epoch: 2 });
    next.ignoresFrames = true;
    await next.start();
    arbiter.isDeaf = true;
    await scene.settle(5_000);
    assert.ok(next.frames.length > 0);
    assert.equal(scene.participant.validUntil, until);
    next.ignoresFrames = false;
    await scene.settle(3_000);
    assert.ok(scene.participant.validUntil > until);
    assert.equal(scene.isHeld(claim), true);
    assert.deepEqual(scene.results(), ['granted']);
  });

  it('is over before what comes late is heard', async () => {
    const { scene, arbiter, claim } = await holding();
    arbiter.isDeaf = true;
    // Its process stands still, and everything that came meanwhile is waiting.
    const order: string[] = [];
    scene.whenHeard = ({ answer }) => order.push(answer.result);
    scene.clock.monotonic += 15_000;
    scene.clock.wall += 15_000;
    assert.equal(scene.isHeld(claim), false);
    arbiter.tell(claim.id, { result: 'granted', token: 1, remaining: HOUR_MS });
    await scene.settle(5);
    assert.deepEqual(order, ['requeued']);
    assert.equal(claim.phase, 'waiting');
  });

  for (const rate of [0.95, 1.05]) {
    it(`ends before its session at an arbiter whose clock runs at ${rate} of ours`, async () => {
      const clock = new HandClock();
      const broker = new SimulatedBroker({ clock });
      // The arbiter lives by the clock of the test.
      const { scene, arbiter } = await joined({ clock: new RatedClock(clock, 1 / rate) }, {}, broker);
      arbiter.decide = granting({ remaining: 60_000 });
      const claim = scene.claim({ resource: 'lights', ttl: 60_000 });
      await scene.settle(5);
      const grantedAt = clock.monotonic;
      const leaseAt = claim.expires * rate;
      assert.ok(leaseAt < grantedAt + 60_000, `${leaseAt - grantedAt} ms by the arbiter's clock`);
      const heardAt = clock.monotonic;
      arbiter.isDeaf = true;
      for (let step = 0; step < 1_200 && scene.isHeld(claim); step++) await scene.settle(10);
      assert.ok(clock.monotonic - heardAt < SESSION_MS, `${clock.monotonic - heardAt} ms`);
      assert.ok(clock.monotonic - heardAt > 0.7 * SESSION_MS, `${clock.monotonic - heardAt} ms`);
    });
  }

  it('is not believed in after the machine has slept, until a beat has come back', async () => {
    const { scene, claim } = await holding();
    scene.clock.wall += 3_000;
    assert.equal(scene.isHeld(claim), false);
    await scene.settle(3);
    assert.equal(scene.isHeld(claim), false);
    await scene.settle(2);
    assert.equal(scene.isHeld(claim), true);
    assert.deepEqual(scene.results(), ['granted']);
  });

  it('is not believed in after the wall clock was set back, which may hide a sleep, until a beat has come back', async () => {
    const { scene, claim } = await holding();
    scene.clock.wall -= HOUR_MS;
    assert.equal(scene.isHeld(claim), false);
    await scene.settle(5);
    assert.equal(scene.isHeld(claim), true);
    assert.deepEqual(scene.results(), ['granted']);
  });

  it('is not believed in for longer by sleeps that are too short to be noticed', async () => {
    const { scene, arbiter, claim } = await holding();
    arbiter.isDeaf = true;
    const until = scene.participant.validUntil;
    for (let nap = 0; nap < 4; nap++) {
      scene.clock.wall += 900;
      await scene.settle(1_000);
    }
    assert.equal(scene.participant.validUntil, until - 3_600);
    await scene.settle(until - 3_600 - scene.clock.monotonic);
    assert.equal(scene.isHeld(claim), false);
    arbiter.isDeaf = false;
    await scene.settle(1_500);
    assert.equal(scene.isHeld(claim), true);
    assert.deepEqual(scene.results(), ['granted']);
  });

  it('is not believed in after its process stood still for more than a beat, until a beat has come back', async () => {
    const { scene, claim } = await holding();
    scene.clock.monotonic += 2_500;
    scene.clock.wall += 2_500;
    assert.equal(scene.isHeld(claim), false);
    await scene.settle(5);
    assert.equal(scene.isHeld(claim), true);
  });

  it('is over after the machine has slept for longer than its session', async () => {
    const { scene, arbiter, claim } = await holding();
    scene.clock.wall += HOUR_MS;
    arbiter.forget();
    arbiter.decide = (op) => (op.op === 'claim' ? { result: 'queued' } : undefined);
    assert.equal(scene.isHeld(claim), false);
    for (let step = 0; step < 1_000; step++) {
      await scene.settle(1);
      assert.equal(scene.isHeld(claim), false);
    }
    assert.deepEqual(scene.results(), ['granted', 'requeued session']);
  });

  it('is over after the machine has slept, where somebody else decides by then', async () => {
    const { scene, arbiter, claim } = await holding();
    arbiter.isDeaf = true;
    scene.clock.wall += HOUR_MS;
    const next = new HandArbiter(scene.broker, { epoch: 2 });
    next.decide = granting();
    await next.start();
    await scene.settle();
    assert.deepEqual(next.listed(claim.id)?.was, { granted: true });
    assert.deepEqual(scene.results(), ['granted', 'requeued session', 'granted']);
    assert.equal(scene.isHeld(claim), true);
  });

  it('is over here at 0.95 of what is left of a lease, from the beat that its grant names', async () => {
    const { scene, arbiter } = await joined();
    const sentAt = scene.participant.validUntil - 0.9 * SESSION_MS;
    arbiter.decide = granting({ remaining: 2_000 });
    const claim = scene.claim({ resource: 'lights', ttl: 2_000 });
    await scene.settle();
    assert.equal(claim.expires, sentAt + 1_900);
  });

  it('with a long lease is asked for again near its end, and ends only seconds early', async () => {
    const { scene, arbiter } = await joined();
    const end = scene.clock.monotonic + 4 * HOUR_MS;
    arbiter.decide = (op) => {
      if (op.op !== 'claim' && op.op !== 'ask') return undefined;
      return { result: 'granted', token: 1, remaining: end - scene.clock.monotonic };
    };
    const claim = scene.claim({ resource: 'lights', ttl: 4 * HOUR_MS });
    await scene.settle(4 * HOUR_MS - 60_000);
    assert.equal(scene.isHeld(claim), true);
    let heldUntil = 0;
    while (scene.isHeld(claim)) {
      await scene.settle(100);
      heldUntil = scene.clock.monotonic;
    }
    assert.ok(heldUntil <= end && heldUntil > end - 5_000, `${end - heldUntil} ms early`);
    assert.ok(arbiter.got('ask').length < 12, `asked ${arbiter.got('ask').length} times`);
    assert.deepEqual(scene.results(), ['granted']);
  });
});

describe('the session of a participant', () => {
  it('goes on through a connection that is lost and made again, with nothing told', async () => {
    const { scene, arbiter, claim } = await holding();
    scene.broker.cut(scene.talk.clientId);
    await scene.settle(500);
    assert.equal(arbiter.got('hello').length, 2);
    assert.deepEqual(arbiter.listed(claim.id)?.was, { granted: true, tokens: { lights: 1 } });
    await scene.settle(1_000);
    assert.equal(scene.isHeld(claim), true);
    assert.deepEqual(scene.results(), ['granted']);
    assert.equal(JSON.parse(scene.broker.retained.get('locks/session/desk') ?? '').online, true);
  });

  it('lists what it holds at each new epoch, once', async () => {
    const { scene, arbiter, claim } = await holding({ ttl: HOUR_MS }, { order: 7, remaining: HOUR_MS });
    arbiter.isDeaf = true;
    const next = new HandArbiter(scene.broker, { epoch: 2, requester: 'attic' });
    next.decide = granting({ order: 3, remaining: HOUR_MS });
    await next.start();
    await scene.settle(2_000);
    const was = next.listed(claim.id)?.was;
    assert.deepEqual(
      { ...was, remaining: 0 },
      { order: 7, granted: true, tokens: { lights: 1 }, remaining: 0 },
    );
    assert.ok(was?.remaining !== undefined && was.remaining > HOUR_MS - 2_000);
    assert.deepEqual(
      next.ops.map(({ op }) => op),
      ['hello', 'claim', 'ready'],
    );
    assert.deepEqual([scene.participant.status.epoch, scene.results()], [2, ['granted']]);
    assert.equal(scene.isHeld(claim), true);
  });

  it('is not listed as held where it never could be believed in', async () => {
    const scene = new ParticipantScene();
    const arbiter = await new HandArbiter(scene.broker).start();
    const publish = arbiter.publish.bind(arbiter);
    // What is answered is on its way for so long that it proves nothing any more.
    arbiter.publish = () => undefined;
    await scene.start();
    const claim = scene.claim({ resource: 'lights' });
    await scene.settle(SESSION_MS);
    arbiter.publish = publish;
    arbiter.send(
      1,
      [{ id: claim.id, answer: { id: claim.id, resources: ['lights'], result: 'granted', token: 1 } }],
      0,
    );
    arbiter.isDeaf = true;
    await scene.settle();
    assert.deepEqual([claim.phase, scene.isHeld(claim)], ['held', false]);
    arbiter.isDeaf = false;
    scene.broker.cut(scene.talk.clientId);
    await scene.settle(3_000);
    assert.deepEqual(arbiter.listed(claim.id)?.was, { granted: true });
    assert.deepEqual([claim.phase, scene.isHeld(claim)], ['waiting', false]);
  });

  it('ignores whoever decided before, though he returns beats', async () => {
    const { scene, arbiter, claim } = await holding();
    const next = new HandArbiter(scene.broker, { epoch: 2 });
    await next.start();
    await scene.settle(1_000);
    next.isDeaf = true;
    const until = scene.participant.validUntil;
    await scene.settle(3_000);
    assert.equal(scene.participant.validUntil, until);
    arbiter.tell(claim.id, { result: 'lost', reason: 'forced', ended: '2026-01-01T12:00:00.000Z' });
    await scene.settle();
    assert.equal(scene.isHeld(claim), true);
  });

  it('tells its term to somebody who decides in an older one', async () => {
    const { scene } = await joined({}, { epoch: 7 });
    const old = new HandArbiter(scene.broker, { epoch: 3 });
    await old.start();
    await scene.settle(2_000);
    assert.ok(old.frames.some(({ epoch, ops }) => epoch === 7 && ops[0]?.op === 'hello'));
    assert.equal(scene.participant.status.epoch, 7);
  });

  it('begins anew where it has been forgotten: what was held may be somebody else’s by then', async () => {
    const { scene, arbiter, claim } = await holding();
    const once = scene.claim({ resource: 'blinds', once: true }, 'once');
    await scene.settle();
    arbiter.forget();
    await scene.settle(1_500);
    assert.equal(arbiter.got('hello').length, 2);
    assert.deepEqual(arbiter.listed(claim.id)?.was, { granted: true });
    assert.deepEqual(scene.results(claim), ['granted', 'requeued session', 'granted']);
    assert.deepEqual(scene.results(once), ['granted', 'lost session']);
    await scene.settle(5_000);
    assert.equal(arbiter.got('hello').length, 2);
  });

  it('survives a cut towards the broker that is shorter than what it is believed in for', async () => {
    const { scene, claim } = await holding();
    scene.cut('up');
    await scene.settle(6_000);
    assert.equal(scene.isHeld(claim), true);
    scene.cut();
    await scene.settle(2_000);
    assert.equal(scene.isHeld(claim), true);
    assert.deepEqual(scene.results(), ['granted']);
  });

  for (const way of ['up', 'down'] as const) {
    it(`is over by its own clock when nothing passes ${way} any more, and comes back`, async () => {
      const { scene, claim } = await holding();
      scene.cut(way);
      await scene.settle(9_500);
      assert.equal(scene.isHeld(claim), false);
      assert.deepEqual(scene.results(), ['granted', 'requeued session']);
      scene.cut();
      await scene.settle(5_000);
      assert.equal(scene.isHeld(claim), true);
      assert.deepEqual(scene.results(), ['granted', 'requeued session', 'granted']);
    });
  }
});
