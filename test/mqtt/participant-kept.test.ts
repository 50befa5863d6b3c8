import assert from 'node:assert/strict';
import type { ClaimMessage } from '../../src/mqtt/messages';
import { HandArbiter } from '../support/hand-arbiter';
import { granting, type Joined, joined } from '../support/joined-participant';
import { ParticipantScene } from '../support/participant-scene';

const HOUR_MS = 3_600_000;
const TOPIC = 'locks/claim/desk/node/key';
const ANSWER = 'locks/answer/desk/node/key';

function retained({ scene }: Pick<Joined, 'scene'>, topic = TOPIC) {
  const text = scene.broker.retained.get(topic);
  return text === undefined ? undefined : JSON.parse(text);
}

/** As the arbiter retains it. */
function answer({ scene }: Pick<Joined, 'scene'>, id: string, message: object): void {
  const text = JSON.stringify({ id, resources: ['lights'], ...message });
  scene.broker.publish(ANSWER, text, { retain: true });
}

/** Another life of the same participant, after the first was killed. */
async function restart(before: ParticipantScene, early: ClaimMessage[] = []) {
  await before.crash();
  const scene = new ParticipantScene(before.broker);
  for (const message of early) scene.claim(message);
  await scene.start();
  await scene.settle(1_000);
  return scene;
}

describe('a claim that a participant keeps', () => {
  let scene: Joined['scene'];
  let arbiter: Joined['arbiter'];

  beforeEach(async () => {
    ({ scene, arbiter } = await joined());
    arbiter.decide = granting({ order: 4 });
  });

  it('is retained with its id and its owner until it ends', async () => {
    const claim = scene.claim({ resource: 'lights', value: 'on', ttl: HOUR_MS, timeout: 5_000 }, 'key', true);
    await scene.settle();
    assert.deepEqual(retained({ scene }), {
      ...{ id: claim.id, owner: { path: 'node', key: 'key' }, resources: ['lights'] },
      ...{ value: 'on', ttl: HOUR_MS, timeout: 5_000 },
    });
    assert.equal(arbiter.listed(claim.id)?.keep, true);
    scene.participant.update(claim, { value: 'dim' });
    await scene.settle();
    assert.equal(retained({ scene }).value, 'dim');
    scene.participant.release(claim);
    await scene.settle();
    assert.equal(retained({ scene }), undefined);
  });

  it('may become one, and be one no longer', async () => {
    const claim = scene.claim({ resource: 'lights' });
    await scene.settle();
    assert.equal(retained({ scene }), undefined);
    scene.participant.keep(claim, true);
    scene.participant.keep(claim, true);
    await scene.settle();
    assert.equal(retained({ scene }).id, claim.id);
    scene.participant.keep(claim, false);
    await scene.settle();
    assert.equal(retained({ scene }), undefined);
    assert.deepEqual(
      arbiter.got('keep').map(({ keep }) => keep),
      [true, false],
    );
  });

  it('is withdrawn when it is told to be over', async () => {
    const claim = scene.claim({ resource: 'lights' }, 'key', true);
    await scene.settle();
    arbiter.tell(claim.id, { result: 'lost', reason: 'forced', ended: '2026-01-01T12:00:00.000Z' });
    await scene.settle();
    assert.equal(retained({ scene }), undefined);
  });

  it('leaves its topic to the one that follows it', async () => {
    const first = scene.claim({ resource: 'lights' }, 'key', true);
    const second = scene.claim({ resource: 'blinds' }, 'key', true);
    scene.participant.release(first);
    await scene.settle();
    assert.equal(retained({ scene }).id, second.id);
  });

  it('is published again where the broker has lost it, or came back with something old', async () => {
    const claim = scene.claim({ resource: 'lights' }, 'key', true);
    await scene.settle();
    scene.broker.stop('lost');
    const old = { id: 'old', owner: { path: 'node', key: 'other' }, resources: ['lights'] };
    scene.broker.retained.set('locks/claim/desk/node/other', JSON.stringify(old));
    scene.broker.start();
    await scene.settle(2_000);
    assert.equal(retained({ scene }).id, claim.id);
    assert.equal(retained({ scene }, 'locks/claim/desk/node/other'), undefined);
  });

  it('that ended without a connection is withdrawn when there is one', async () => {
    const claim = scene.claim({ resource: 'lights' }, 'key', true);
    await scene.settle();
    scene.broker.stop();
    await scene.settle();
    scene.participant.release(claim);
    scene.broker.start();
    await scene.settle(2_000);
    assert.equal(retained({ scene }), undefined);
    assert.deepEqual(arbiter.got('release'), [{ op: 'release', id: claim.id }]);
  });

  it('goes on after a restart: it is recalled, listed, and told what it is now', async () => {
    const claim = scene.claim({ resource: 'lights', ttl: HOUR_MS, locker: 'me' }, 'key', true);
    await scene.settle();
    const expires = new Date(scene.clock.wall + HOUR_MS).toISOString();
    answer({ scene }, claim.id, { result: 'granted', token: 1, order: 4, expires, remaining: HOUR_MS });
    const next = await restart(scene);
    const [recalled] = next.recalled;
    assert.deepEqual(
      [recalled?.id, recalled?.owner, recalled?.isRestored, recalled?.locker],
      [claim.id, { path: 'node', key: 'key' }, true, 'me'],
    );
    const listed = arbiter.listed(claim.id);
    assert.deepEqual(
      [listed?.keep, listed?.name, listed?.was?.granted, listed?.was?.order],
      [...[true, 'node/key', true, 4]],
    );
    assert.deepEqual(next.results(), ['granted']);
    assert.equal(recalled?.phase, 'held');
    assert.equal(retained({ scene: next }).id, claim.id);
  });

  it('that was being revoked has not got the end of that for its lease', async () => {
    const claim = scene.claim({ resource: 'lights', grace: 3_000 }, 'key', true);
    await scene.settle();
    await scene.crash();
    answer({ scene }, claim.id, { result: 'revoking', remaining: 3_000, order: 4 });
    arbiter.isDeaf = true;
    const next = await restart(scene);
    await next.settle(20_000);
    assert.deepEqual([next.recalled[0]?.phase, next.recalled[0]?.expires], ['asked', Infinity]);
  });

  it('that was never answered is listed as new', async () => {
    arbiter.decide = () => undefined;
    const claim = scene.claim({ resource: 'lights' }, 'key', true);
    await scene.settle();
    const next = await restart(scene);
    assert.deepEqual([next.recalled[0]?.id, next.recalled[0]?.phase], [claim.id, 'asked']);
    assert.equal(arbiter.listed(claim.id)?.was, undefined);
  });

  it('that ended meanwhile is recalled and told so, and withdrawn', async () => {
    const claim = scene.claim({ resource: 'lights' }, 'key', true);
    await scene.settle();
    await scene.crash();
    answer({ scene }, claim.id, { result: 'lost', reason: 'expired', ended: '2026-01-01T12:00:00.000Z' });
    const next = await restart(scene);
    assert.deepEqual([next.recalled[0]?.id, next.results()], [claim.id, ['lost expired']]);
    assert.equal(retained({ scene: next }), undefined);
    assert.equal(arbiter.got('claim').length, 1);
  });

  it('gives way to what was claimed anew in its place', async () => {
    const claim = scene.claim({ resource: 'lights' }, 'key', true);
    await scene.settle();
    const next = await restart(scene, [{ resource: 'lights', value: 'new' }]);
    assert.deepEqual(next.recalled, []);
    assert.deepEqual(arbiter.got('release'), [{ op: 'release', id: claim.id }]);
    assert.equal(retained({ scene: next }), undefined);
    const again = arbiter.got('hello').length;
    next.broker.cut(next.talk.clientId);
    await next.settle(2_000);
    assert.equal(arbiter.got('hello').length, again + 1);
    assert.equal(arbiter.got('release').length, 1, 'it was acknowledged');
  });

  it('that has ended before it is known what is left there is none that an earlier start has left', async () => {
    await scene.crash();
    const next = new ParticipantScene(scene.broker);
    const claim = next.claim({ resource: 'lights' }, 'key', true);
    const owner = { path: 'node', key: 'key' };
    // It has arrived, though the connection over which it came is gone.
    next.broker.publish(TOPIC, JSON.stringify({ id: claim.id, owner, resources: ['lights'] }), {
      retain: true,
    });
    next.participant.release(claim);
    await next.start();
    await next.settle(1_000);
    assert.deepEqual(next.recalled, []);
    assert.equal(retained({ scene: next }), undefined);
  });

  it('is not what somebody else has left under its name', async () => {
    for (const text of ['not JSON', '{"resource":"lights"}', '{"id":"x","owner":{"path":"node"}}']) {
      scene.broker.publish(TOPIC, text, { retain: true });
      const next = await restart(scene);
      assert.deepEqual(next.recalled, []);
      assert.equal(retained({ scene: next }), undefined);
      await next.crash();
    }
  });

  it('is cleared when it comes late from an earlier start, and never fought about', async () => {
    scene.broker.publish(TOPIC, '{"id":"old","resource":"lights","owner":{"path":"node","key":"key"}}', {
      retain: true,
    });
    await scene.settle(1_100);
    assert.equal(retained({ scene }), undefined);
    const mark = scene.broker.log.length;
    for (let second = 0; second < 60; second++) {
      scene.broker.publish(TOPIC, '{"id":"rival","owner":{"path":"node","key":"key"}}', { retain: true });
      await scene.settle(1_000);
    }
    const cleared = scene.broker.log
      .slice(mark)
      .filter(({ topic, payload }) => topic === TOPIC && payload === '');
    assert.ok(cleared.length > 0 && cleared.length < 8, `cleared ${cleared.length} times in a minute`);
  });

  it('is not told to be held by an answer to another generation', async () => {
    const claim = scene.claim({ resource: 'lights' }, 'key', true);
    await scene.settle();
    answer({ scene }, 'another', { result: 'lost', reason: 'expired', ended: '2026-01-01T12:00:00.000Z' });
    const next = await restart(scene);
    assert.deepEqual([next.recalled[0]?.id, next.recalled[0]?.phase], [claim.id, 'held']);
  });

  it('and its hello wait for one another', async () => {
    const early = new ParticipantScene(undefined, { instance: 'early' });
    const hand = await new HandArbiter(early.broker).start();
    early.broker.mayPublish = (_, topic) => !topic.endsWith('/mark');
    await early.start();
    await early.settle(5_000);
    assert.deepEqual(hand.got('hello'), []);
    assert.equal(early.participant.status.phase, 'connecting');
    early.broker.mayPublish = () => true;
    await early.settle(30_000);
    assert.equal(hand.got('hello').length, 1);
    assert.equal(early.participant.status.phase, 'joined');
  });
});
