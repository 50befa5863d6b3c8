import assert from 'node:assert/strict';
import { HandArbiter } from '../support/hand-arbiter';
import { granting, type Joined, joined } from '../support/joined-participant';
import { ParticipantScene } from '../support/participant-scene';

const HOUR_MS = 3_600_000;

describe('a claim of a participant', () => {
  let scene: Joined['scene'];
  let arbiter: Joined['arbiter'];

  beforeEach(async () => {
    ({ scene, arbiter } = await joined());
  });

  it('is asked for in one frame with whatever else the turn brings, and held when that is told', async () => {
    arbiter.decide = granting();
    const first = scene.claim({ resource: 'lights', priority: 'motion', value: 'on' });
    const second = scene.claim({ resource: 'blinds' }, 'other');
    assert.deepEqual([first.phase, scene.isHeld(first)], ['asked', false]);
    await scene.settle();
    assert.deepEqual(arbiter.frames.at(-1)?.ops, [
      {
        ...{ op: 'claim', id: first.id, name: 'node/key', keep: false, owner: { path: 'node', key: 'key' } },
        message: { priority: 'motion', value: 'on', resources: ['lights'] },
      },
      {
        ...{ op: 'claim', id: second.id, name: 'node/other', keep: false },
        ...{ owner: { path: 'node', key: 'other' }, message: { resources: ['blinds'] } },
      },
    ]);
    assert.deepEqual(scene.results(), ['granted', 'granted']);
    assert.deepEqual([first.phase, scene.isHeld(first), first.answer?.token], ['held', true, 1]);
  });

  it('takes a way of two hops each', async () => {
    arbiter.decide = granting();
    const claim = scene.claim({ resource: 'lights' });
    await scene.settle(3);
    assert.equal(claim.phase, 'asked');
    await scene.settle(1);
    assert.equal(claim.phase, 'held');
  });

  it('is refused where nobody could read it, and disturbs nobody', async () => {
    const ask = (message: object) => () => scene.claim(message);
    assert.throws(ask({ resource: 'a//b' }), /invalid: resources\[0\] is "a\/\/b", which has an empty level/);
    assert.throws(ask({ resource: 'a', locker: '\ud800' }), /invalid: locker .* not well-formed/);
    assert.throws(ask({ resource: 'a', priority: Number.NaN }), /invalid: priority is null/);
    assert.throws(ask({ resource: 'a', ttl: -1 }), /invalid: ttl is -1/);
    const long = {
      resources: ['a'],
      holding: Array.from({ length: 300 }, (_, index) => `${index}`.padEnd(250)),
    };
    assert.throws(ask(long), /too-long: it has \d+ bytes, over 65536/);
    await scene.settle();
    assert.deepEqual(arbiter.got('claim'), []);
  });

  it('may last and wait for ever', async () => {
    arbiter.decide = granting();
    const claim = scene.claim({ resource: 'lights', ttl: Infinity, timeout: Infinity });
    await scene.settle();
    assert.deepEqual(arbiter.got('claim')[0]?.message, { resources: ['lights'] });
    assert.deepEqual([claim.expires, claim.phase], [Infinity, 'held']);
  });

  it('is told once, however often it is heard', async () => {
    arbiter.decide = granting();
    const claim = scene.claim({ resource: 'lights' });
    await scene.settle();
    for (let count = 0; count < 3; count++) arbiter.tell(claim.id, { result: 'granted', token: 1 });
    arbiter.tell(claim.id, { result: 'requeued' });
    arbiter.tell(claim.id, { result: 'requeued' });
    arbiter.tell(claim.id, { result: 'granted', token: 2 });
    arbiter.tell(claim.id, { result: 'lost', reason: 'forced', ended: '2026-01-01T12:00:00.000Z' });
    arbiter.tell(claim.id, { result: 'lost', reason: 'forced', ended: '2026-01-01T12:00:00.000Z' });
    await scene.settle();
    assert.deepEqual(scene.results(), ['granted', 'requeued', 'granted', 'lost forced']);
    assert.equal(claim.phase, 'ended');
  });

  it('is over here at once when it is released', async () => {
    arbiter.decide = granting();
    const claim = scene.claim({ resource: 'lights' });
    await scene.settle();
    scene.participant.release(claim);
    scene.participant.release(claim);
    assert.deepEqual([claim.phase, scene.results().at(-1)], ['ended', 'released']);
    await scene.settle();
    assert.deepEqual(arbiter.got('release'), [{ op: 'release', id: claim.id }]);
    arbiter.tell(claim.id, { result: 'granted', token: 1 });
    await scene.settle();
    assert.equal(arbiter.got('release').length, 2, 'whatever the arbiter has of it is given back');
    assert.deepEqual(scene.results(), ['granted', 'released']);
  });

  it('that was made and released before anybody could hear of it is never heard of', async () => {
    const early = new ParticipantScene();
    const claim = early.claim({ resource: 'lights' });
    early.participant.update(claim, { value: 1 });
    early.participant.release(claim);
    const hand = await new HandArbiter(early.broker).start();
    await early.start();
    await early.settle(1_000);
    assert.deepEqual(hand.ops, [{ op: 'hello', witnessed: 1 }, { op: 'ready' }]);
    assert.deepEqual(early.results(), ['released']);
  });

  it('waits for an arbiter, with what was changed meanwhile', async () => {
    const early = new ParticipantScene();
    const claim = early.claim({ resource: 'lights', value: 'on', ttl: HOUR_MS });
    early.participant.update(claim, { value: 'dim', renew: true });
    await early.start();
    await early.settle(60_000);
    assert.deepEqual([claim.phase, early.results()], ['asked', []]);
    const hand = new HandArbiter(early.broker);
    hand.decide = granting();
    await hand.start();
    await early.settle();
    assert.deepEqual(
      hand.ops.map(({ op }) => op),
      ['hello', 'claim', 'ready'],
    );
    assert.equal(hand.got('claim')[0]?.message.value, 'dim');
    assert.equal(claim.phase, 'held');
  });

  it('ends its first wait by its own clock where nobody answers', async () => {
    arbiter.isDeaf = true;
    const unheard = scene.claim({ resource: 'lights', timeout: 3_000 });
    await scene.settle(4_999);
    assert.deepEqual(scene.results(unheard), []);
    await scene.settle(1);
    assert.deepEqual(scene.results(unheard), ['denied unavailable']);
    assert.equal(unheard.phase, 'ended');
  });

  it('ends a wait that was queued, too, and a wish whose time is over while it waits', async () => {
    arbiter.decide = (op) =>
      op.op === 'claim' ? { result: 'queued', remaining: op.message.ttl } : undefined;
    const first = scene.claim({ resource: 'lights', timeout: 3_000, once: true });
    const wish = scene.claim({ resource: 'lights', ttl: 8_000 }, 'other');
    await scene.settle();
    arbiter.isDeaf = true;
    await scene.settle(5_000);
    assert.deepEqual(scene.results(first), ['queued', 'denied timeout']);
    assert.equal(wish.phase, 'waiting');
    await scene.settle(6_000);
    assert.deepEqual(scene.results(wish), ['queued', 'denied expired']);
    arbiter.isDeaf = false;
    await scene.settle(4_000);
    assert.deepEqual(arbiter.got('claim').length, 2, 'neither is listed any more');
  });

  it('leaves it to the arbiter to end a wait while that one is there', async () => {
    arbiter.decide = (op) => (op.op === 'claim' ? { result: 'queued' } : undefined);
    const claim = scene.claim({ resource: 'lights', timeout: 3_000 });
    await scene.settle(3_050);
    assert.equal(claim.phase, 'waiting');
    arbiter.tell(claim.id, { result: 'denied', reason: 'timeout', ended: '2026-01-01T12:00:00.000Z' });
    await scene.settle();
    assert.deepEqual(scene.results(), ['queued', 'denied timeout']);
  });
});

describe('a change of a participant’s claim', () => {
  let scene: Joined['scene'];
  let arbiter: Joined['arbiter'];

  beforeEach(async () => {
    ({ scene, arbiter } = await joined());
    const grant = granting();
    arbiter.decide = (op) => {
      if (op.op === 'claim') return grant(op);
      if (op.op !== 'update') return undefined;
      if (op.change.priority === 'urgent')
        return { result: 'denied', reason: 'invalid', detail: 'no such level' };
      return { result: 'granted', token: 1 };
    };
  });

  it('is answered, each one by itself and in order', async () => {
    const claim = scene.claim({ resource: 'lights' });
    await scene.settle();
    scene.participant.update(claim, { value: 'dim' });
    scene.participant.update(claim, { priority: 'manual' });
    assert.deepEqual([claim.message.value, claim.message.priority], ['dim', 'manual']);
    await scene.settle();
    assert.deepEqual(scene.results(), ['granted', 'granted', 'granted']);
    assert.deepEqual(
      arbiter.got('update').map(({ change }) => change),
      [{ value: 'dim' }, { priority: 'manual' }],
    );
  });

  it('that is refused leaves the claim as it was, and those after it as they are', async () => {
    const claim = scene.claim({ resource: 'lights', priority: 'motion' });
    await scene.settle();
    scene.participant.update(claim, { priority: 'urgent' });
    scene.participant.update(claim, { value: 'dim' });
    await scene.settle();
    assert.deepEqual(scene.results(), ['granted', 'denied invalid', 'granted']);
    assert.deepEqual([claim.message.priority, claim.message.value, claim.phase], ['motion', 'dim', 'held']);
    assert.equal(claim.answer?.result, 'granted');
  });

  it('that nobody could read is refused at once', async () => {
    const claim = scene.claim({ resource: 'lights', ttl: HOUR_MS });
    await scene.settle();
    scene.participant.update(claim, { ttl: -5, renew: true });
    assert.deepEqual(scene.results(), ['granted', 'denied invalid']);
    assert.equal(claim.message.ttl, HOUR_MS);
    await scene.settle();
    assert.deepEqual(arbiter.got('update'), []);
  });

  it('that was not answered is asked for again where another one decides', async () => {
    const claim = scene.claim({ resource: 'lights', value: 'on' });
    await scene.settle();
    arbiter.isDeaf = true;
    scene.participant.update(claim, { value: 'dim' });
    await scene.settle();
    const next = new HandArbiter(scene.broker, { epoch: 2 });
    next.decide = arbiter.decide;
    await next.start();
    await scene.settle();
    assert.equal(next.listed(claim.id)?.message.value, 'on');
    assert.deepEqual(
      next.ops.map(({ op }) => op),
      ['hello', 'claim', 'ready', 'update'],
    );
    await scene.settle();
    assert.equal(claim.message.value, 'dim');
    assert.deepEqual(scene.results(), ['granted', 'granted']);
  });

  it('of a claim that has ended is nobody’s', async () => {
    const claim = scene.claim({ resource: 'lights' });
    await scene.settle();
    scene.participant.release(claim);
    scene.participant.update(claim, { value: 1 });
    scene.participant.yield(claim);
    scene.participant.keep(claim, true);
    await scene.settle();
    assert.deepEqual(scene.results(), ['granted', 'released']);
    assert.deepEqual(arbiter.ops.at(-1)?.op, 'release');
  });
});
