import assert from 'node:assert/strict';
import { HandArbiter } from '../support/hand-arbiter';
import { ParticipantScene } from '../support/participant-scene';

const grant = (token: number) => () => ({ result: 'granted', token }) as const;

/** A participant that has joined an arbiter that is worked by hand. */
async function join(options: ConstructorParameters<typeof ParticipantScene>[1] = {}) {
  const scene = new ParticipantScene(undefined, options);
  const arbiter = await new HandArbiter(scene.broker).start();
  await scene.start();
  await scene.settle(1_000);
  return { scene, arbiter };
}

describe('a participant', () => {
  it('joins who decides, and says what it uses of his settings', async () => {
    const { scene } = await join();
    assert.deepEqual(
      [scene.participant.status.phase, scene.participant.status.arbiter?.requester],
      ['joined', 'house'],
    );
    assert.equal(scene.participant.status.epoch, 1);
    assert.deepEqual(scene.warnings, []);
  });

  it('shows its presence with a will, and says goodbye when it stops', async () => {
    const { scene } = await join();
    const { instance } = JSON.parse(scene.broker.retained.get('locks/session/desk') ?? '');
    assert.deepEqual(scene.talk.will, {
      ...{ topic: 'locks/session/desk', qos: 1, retain: true },
      payload: JSON.stringify({ v: 1, online: false, instance }),
    });
    const stopped = scene.participant.stop();
    await scene.settle(2_500);
    await stopped;
    assert.equal(scene.broker.retained.has('locks/session/desk'), false);
    assert.deepEqual(scene.broker.published('locks/session/desk').at(-1), {
      ...{ v: 1, online: false, instance, left: true },
    });
    assert.equal(scene.participant.status.phase, 'stopped');
  });

  it('leaves no timer behind', async () => {
    const { scene, arbiter } = await join();
    arbiter.decide = grant(7);
    scene.claim({ resource: 'lights', ttl: 60_000 });
    await scene.settle(2_000);
    await arbiter.client.stop();
    const stopped = scene.participant.stop();
    await scene.settle(2_500);
    await stopped;
    assert.equal(scene.clock.timers, 0);
  });

  it('beats once a second, with numbers that grow', async () => {
    const { scene } = await join();
    await scene.settle(3_000);
    const beats = scene.broker.published('locks/beat/desk') as readonly { readonly beat: number }[];
    assert.deepEqual(
      beats.map(({ beat }) => beat),
      beats.map((_, index) => index + 1),
    );
    assert.ok(beats.length >= 4 && beats.length <= 6, `${beats.length} beats in four seconds`);
  });

  it('shows its presence again when somebody has overwritten it, and never fights over it', async () => {
    const { scene } = await join();
    const own = scene.broker.retained.get('locks/session/desk');
    scene.broker.publish('locks/session/desk', '', { retain: true });
    await scene.settle(1_000);
    assert.equal(scene.broker.retained.get('locks/session/desk'), own);
    const mark = scene.broker.log.length;
    const other = JSON.stringify({ v: 1, online: true, instance: 'other' });
    for (let second = 0; second < 60; second++) {
      scene.broker.publish('locks/session/desk', other, { retain: true });
      await scene.settle(1_000);
    }
    const again = scene.broker.log.slice(mark).filter(({ payload }) => payload === own);
    assert.ok(again.length < 10, `${again.length} times in a minute`);
  });

  it('says in words why nobody decides about its claims', async () => {
    const scene = new ParticipantScene();
    const { participant, broker } = scene;
    const say = () => [participant.status.phase, participant.status.reason];
    assert.deepEqual(say(), ['connecting', 'connecting to the broker']);
    await scene.start();
    assert.deepEqual(say(), ['waiting', 'nobody decides here']);
    const arbiter = new HandArbiter(broker);
    arbiter.isDeaf = true;
    await arbiter.start();
    await scene.settle(1_500);
    assert.deepEqual(say(), ['waiting', 'house decides, but does not answer']);
    arbiter.isDeaf = false;
    await scene.settle(4_000);
    assert.deepEqual(say(), ['joined', undefined]);
    arbiter.isDeaf = true;
    arbiter.showPresence(false);
    await scene.settle(12_000);
    assert.deepEqual(say(), ['waiting', 'house, who decided here, is gone']);
    broker.stop();
    await scene.settle();
    assert.deepEqual(say(), ['connecting', 'the broker is gone']);
    assert.deepEqual(
      scene.statuses.map(({ phase }) => phase),
      ['waiting', 'waiting', 'joined', 'joined', 'waiting', 'connecting'],
    );
  });

  it('says that what it writes does not come back when more than the last of it has not', async () => {
    const scene = new ParticipantScene();
    const { participant, broker } = scene;
    await scene.start();
    const arbiter = new HandArbiter(broker);
    arbiter.isDeaf = true;
    await arbiter.start();
    broker.mayPublish = (clientId) => clientId !== scene.talk.clientId;
    await scene.settle(1_000);
    assert.equal(participant.status.reason, 'house decides, but does not answer');
    await scene.settle(2_000);
    assert.equal(participant.status.reason, 'what we write does not come back from the broker');
    broker.mayPublish = () => true;
    await scene.settle(1_100);
    assert.equal(participant.status.reason, 'house decides, but does not answer');
  });

  it('says clearly that another one has its name, and joins when that one is gone', async () => {
    const scene = new ParticipantScene();
    const arbiter = await new HandArbiter(scene.broker).start();
    arbiter.refuses = 'another desk is alive since 12:00';
    await scene.start();
    await scene.settle(2_000);
    assert.deepEqual(
      [scene.participant.status.phase, scene.participant.status.reason],
      ['refused', 'another desk is alive since 12:00'],
    );
    arbiter.refuses = undefined;
    await scene.settle(4_000);
    assert.equal(scene.participant.status.phase, 'joined');
    assert.equal(scene.warnings.length, 1);
  });

  it('says who ran before and is dead, where that is known', async () => {
    const { arbiter } = await join({ before: () => ({ instance: 'life before' }) });
    assert.deepEqual(arbiter.got('hello'), [{ op: 'hello', after: 'life before', witnessed: 1 }]);
  });

  it('uses the settings that are in force', async () => {
    const scene = new ParticipantScene();
    const settings = { session: 2_000, beat: 200, defaults: [{ resource: 'lights', value: 'off' }] };
    const arbiter = await new HandArbiter(scene.broker, { settings }).start();
    await scene.start();
    await scene.settle(2_000);
    assert.ok(arbiter.beat >= 5, `${arbiter.beat} beats`);
    assert.equal(scene.participant.state('lights').value, 'off');
    assert.deepEqual(
      [...scene.participant.states()].map(({ resource }) => resource),
      ['lights'],
    );
    const left = scene.participant.validUntil - scene.clock.monotonic;
    assert.ok(left > 1_500 && left <= 1_800, `${left} ms left of 2000`);
  });

  it('ignores settings that cannot be meant', async () => {
    const scene = new ParticipantScene();
    const settings = { session: 10, beat: 0, defaults: [{ resource: 'a/#/b', value: 1 }] };
    await new HandArbiter(scene.broker, { settings }).start();
    await scene.start();
    await scene.settle(3_000);
    assert.equal(scene.participant.status.phase, 'joined');
    assert.deepEqual([...scene.participant.states()], []);
  });
});
