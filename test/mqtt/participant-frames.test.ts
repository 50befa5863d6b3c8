import assert from 'node:assert/strict';
import { readUp } from '../../src/mqtt/read-session-message';
import { HandArbiter } from '../support/hand-arbiter';
import { promisesSettled } from '../support/hand-clock';
import { granting, joined } from '../support/joined-participant';
import { ParticipantScene } from '../support/participant-scene';

describe('the frames of a participant', () => {
  it('are sent again until they are acknowledged, and acted upon once', async () => {
    const { scene, arbiter } = await joined();
    arbiter.decide = granting();
    scene.copies = 0;
    const claim = scene.claim({ resource: 'lights' });
    await scene.settle(200);
    scene.copies = 1;
    await scene.settle(300);
    assert.equal(claim.phase, 'held');
    scene.copies = 2;
    const other = scene.claim({ resource: 'blinds' }, 'other');
    scene.participant.release(claim);
    await scene.settle(300);
    assert.equal(other.phase, 'held');
    assert.equal(arbiter.got('claim').length, 2);
    assert.equal(arbiter.got('release').length, 1);
    const sent = () => arbiter.frames.filter(({ n }) => n !== undefined).length;
    const before = sent();
    await scene.settle(5_000);
    assert.equal(sent(), before);
  });

  it('say together what is let go and what is taken next by code that awaits the one before the other', async () => {
    const { scene, arbiter } = await joined();
    const claim = scene.claim({ resource: 'lights' });
    await scene.settle();
    const { length } = arbiter.frames;
    const release = async () => scene.participant.release(claim);
    await release().then(() => undefined);
    scene.claim({ resource: 'blinds' }, 'other');
    await scene.settle();
    const said = arbiter.frames.slice(length).map(({ ops }) => ops.map(({ op }) => op));
    assert.deepEqual(said, [['release', 'claim']]);
  });

  it('that are told are read in order and once, and asked for where one is missing', async () => {
    const { scene, arbiter } = await joined();
    const claim = scene.claim({ resource: 'lights' });
    await scene.settle();
    const tells = (answer: object) => [{ id: claim.id, answer: { resources: ['lights'], ...answer } }];
    const first = arbiter.sent + 1;
    arbiter.send(first + 1, tells({ result: 'requeued' }));
    await scene.settle();
    assert.deepEqual(scene.results(), []);
    arbiter.send(first, tells({ result: 'granted', token: 1 }));
    arbiter.send(first, tells({ result: 'granted', token: 1 }));
    arbiter.send(first + 1, tells({ result: 'requeued' }));
    arbiter.send(first, tells({ result: 'granted', token: 5 }));
    await scene.settle();
    assert.deepEqual(scene.results(), ['granted', 'requeued']);
  });

  it('acknowledge what was told within a beat', async () => {
    const { scene, arbiter } = await joined();
    const claim = scene.claim({ resource: 'lights' });
    await scene.settle();
    arbiter.tell(claim.id, { result: 'granted', token: 1 });
    await scene.settle(600);
    const acks = arbiter.frames.map(({ n, ack, ops }) => [n, ack, ops.length]);
    assert.deepEqual(acks.at(-1), [undefined, arbiter.sent, 0]);
  });

  it('show at once how far they are when a returned beat tells of more', async () => {
    const { scene, arbiter } = await joined();
    const { length } = arbiter.frames;
    arbiter.publish({
      ...{
        v: 1,
        session: arbiter.session,
        epoch: 1,
        beat: arbiter.beat,
        stream: arbiter.stream,
        ack: 1,
        last: 3,
      },
    });
    await scene.settle();
    assert.deepEqual(
      arbiter.frames.slice(length).map(({ n, ack }) => [n, ack]),
      [[undefined, 0]],
    );
  });

  it('of other instances, terms and streams are ignored', async () => {
    const { scene, arbiter } = await joined();
    const claim = scene.claim({ resource: 'lights' });
    await scene.settle();
    const tells = [{ id: claim.id, answer: { result: 'granted', token: 1, resources: ['lights'] } }];
    const frame = { v: 1, session: arbiter.session, epoch: 1, stream: 1, n: 1, ack: 1, beat: 1, tells };
    for (const other of [{ session: 'other' }, { epoch: 0 }, { stream: 7 }])
      arbiter.publish({ ...frame, ...other });
    scene.broker.publish('locks/session/desk/answers', 'not JSON', { qos: 0 });
    await scene.settle();
    assert.deepEqual(scene.results(), []);
    assert.match(scene.warnings.join('\n'), /an answer of the arbiter cannot be read/);
  });

  it('are at most 32 KiB each, but for a claim that is larger by itself', async () => {
    const early = new ParticipantScene();
    for (let count = 0; count < 50; count++) {
      early.claim({ resource: `lights/${count}`, value: 'x'.repeat(4_000) }, `${count}`);
    }
    early.claim({ resource: 'large', value: 'x'.repeat(40_000) }, 'large');
    const arbiter = await new HandArbiter(early.broker).start();
    await early.start();
    await early.settle(1_000);
    assert.equal(arbiter.got('claim').length, 51);
    assert.equal(early.participant.status.phase, 'joined');
    const lengths = arbiter.frames.map((frame) => JSON.stringify(frame).length);
    assert.equal(lengths.filter((length) => length > 33_000).length, 1);
    assert.ok(lengths.length > 6);
  });

  it('can be read with a claim at all its limits, listed with a token for each resource', async () => {
    const { scene, arbiter } = await joined();
    const raw: Buffer[] = [];
    arbiter.client.onMessage(({ topic, payload }) => {
      if (topic.endsWith('/claims')) raw.push(Buffer.from(payload));
    });
    arbiter.decide = granting();
    const resources = Array.from({ length: 64 }, (_, index) => `${'語'.repeat(169)}${index + 10}`);
    scene.claim({ resources, value: 'x'.repeat(8_190) });
    await scene.settle();
    scene.broker.cut(scene.talk.clientId);
    await scene.settle(1_500);
    assert.equal(Object.keys(arbiter.got('claim').at(-1)?.was?.tokens ?? {}).length, 64);
    for (const payload of raw) assert.equal(readUp(payload).error, undefined);
    assert.ok(raw.some(({ length }) => length > 64 * 1024));
  });

  it('wait in the participant where a thousand are on their way', async () => {
    const { scene, arbiter } = await joined();
    arbiter.decide = granting();
    arbiter.ignoresFrames = true;
    for (let count = 0; count < 1_100; count++) {
      scene.claim({ resource: `lights/${count}` }, `${count}`);
      await promisesSettled();
    }
    await scene.settle(10);
    assert.equal(new Set(arbiter.frames.map(({ n }) => n)).size, 1_001);
    arbiter.ignoresFrames = false;
    await scene.settle(3_000);
    assert.equal(arbiter.got('claim').length, 1_100);
    assert.equal(scene.heard.length, 1_100);
  });

  it('are worth nothing before all that is listed has been acknowledged', async () => {
    const early = new ParticipantScene();
    for (let count = 0; count < 20; count++) {
      early.claim({ resource: `lights/${count}`, value: 'x'.repeat(4_000) }, `${count}`);
    }
    const arbiter = new HandArbiter(early.broker);
    arbiter.actsUpTo = 2;
    await arbiter.start();
    await early.start();
    await early.settle(5_000);
    assert.equal(early.participant.status.phase, 'waiting');
    assert.equal(early.participant.validUntil, -Infinity);
    arbiter.actsUpTo = Infinity;
    await early.settle(3_000);
    assert.equal(early.participant.status.phase, 'joined');
  });
});
