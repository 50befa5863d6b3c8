import assert from 'node:assert/strict';
import type { DownFrame } from '../../src/mqtt/session-messages';
import { type ArbiterScene, startArbiter } from '../support/arbiter-scene';
import { HandParticipant, make } from '../support/hand-participant';

const SESSION_MS = 10_000;

describe('sessions, as the arbiter has them', () => {
  let house: ArbiterScene;
  let desk: HandParticipant;

  beforeEach(async () => {
    house = await startArbiter();
    desk = new HandParticipant(house.broker);
  });

  /** A participant that holds. */
  async function holding(message = {}): Promise<void> {
    desk.hello([make('lights', message)]);
    await house.settle();
    assert.deepEqual(desk.results('lights'), ['granted']);
  }

  /** Beats for so long. */
  async function beatFor(ms: number, who = desk): Promise<void> {
    for (let left = ms; left > 0; left -= 1_000) {
      who.beat();
      await house.settle(Math.min(1_000, left));
    }
  }

  describe('beats', () => {
    it('are returned at once, each with its number', async () => {
      desk.hello();
      desk.beat();
      desk.beat();
      await house.settle(2);
      assert.deepEqual(
        desk.returns.map(({ beat, epoch }) => [beat, epoch]),
        [
          [1, 1],
          [2, 1],
        ],
      );
    });

    it('are returned with stream 0 where no hello was heard', async () => {
      desk.beat();
      await house.settle();
      assert.deepEqual(
        desk.returns.map(({ stream, ack, last }) => [stream, ack, last]),
        [[0, 0, 0]],
      );
    });

    it('are returned with the last frames of both directions', async () => {
      desk.hello([make('lights')]);
      desk.say(make('fan'));
      desk.beat();
      await house.settle();
      assert.deepEqual(
        desk.returns.map(({ stream, ack, last }) => [stream, ack, last]),
        [[1, 2, 2]],
      );
    });

    it('that cannot be read are complained about, and return nothing', async () => {
      house.broker.publish('locks/beat/desk', '{"session":"first"}');
      await house.settle();
      assert.deepEqual(desk.answers, []);
      assert.match(house.warnings.join(), /session of desk: .*beat/);
    });
  });

  describe('end', () => {
    it('a session time after the last beat, and not before', async () => {
      await holding();
      await beatFor(20_000);
      desk.beat();
      await house.settle(SESSION_MS);
      assert.equal(house.holder('lights'), 'desk');
      await house.settle(10);
      assert.equal(house.state('lights')?.state, 'free');
    });

    it('a session time after a hello, which counts like a beat', async () => {
      await holding();
      await house.settle(9_000);
      desk.hello([make('lights')]);
      await house.settle(SESSION_MS - 100);
      assert.equal(house.holder('lights'), 'desk');
      await house.settle(200);
      assert.equal(house.state('lights')?.state, 'free');
    });

    it('at once with a goodbye', async () => {
      await holding();
      house.broker.publish(
        'locks/session/desk',
        JSON.stringify({ v: 1, online: false, instance: 'first', left: true }),
      );
      await house.settle();
      assert.equal(house.state('lights')?.state, 'free');
    });

    it('not with a goodbye of another instance', async () => {
      await holding();
      house.broker.publish(
        'locks/session/desk',
        JSON.stringify({ v: 1, online: false, instance: 'other', left: true }),
      );
      await house.settle();
      assert.equal(house.holder('lights'), 'desk');
    });

    it('not with a will, which may tell of a broken connection only', async () => {
      await holding();
      desk.presence({ online: false });
      await beatFor(12_000);
      assert.equal(house.holder('lights'), 'desk');
    });

    it('with what waits first, so that nobody is granted what he loses at once', async () => {
      desk.hello([
        make('a', { resource: 'lights', locker: 'one' }),
        make('b', { resource: 'lights', locker: 'two' }),
      ]);
      await house.settle(SESSION_MS + 50);
      assert.deepEqual(desk.results('b'), ['queued']);
      assert.equal(house.state('lights')?.state, 'free');
      assert.ok(house.events.some(({ event, locker }) => event === 'denied' && locker === 'two'));
    });

    it('and leave no presence behind where they went without a goodbye', async () => {
      desk.presence({ online: true });
      await holding();
      desk.presence({ online: false });
      await house.settle(SESSION_MS + 100);
      assert.equal(house.broker.retained.has('locks/session/desk'), false);
    });

    it('so that a beat that comes later finds none, and brings nothing back', async () => {
      await holding();
      await house.settle(SESSION_MS + 100);
      desk.beat();
      await house.settle();
      assert.equal(desk.returns.at(-1)?.stream, 0);
      assert.equal(house.state('lights')?.state, 'free');
    });
  });

  describe('of a second instance of a name', () => {
    const twin = () => new HandParticipant(house.broker, 'second');

    it('are refused while the first one is alive, which is not disturbed', async () => {
      await holding();
      const second = twin();
      second.hello([make('fan')]);
      await house.settle();
      assert.match(second.refusals.join(), /another one of the name desk is alive/);
      assert.deepEqual([house.holder('lights'), house.state('fan')], ['desk', undefined]);
      assert.match(house.warnings.join(), /another one of the name desk/);
    });

    it('are heard when the first one has ended', async () => {
      await holding();
      await house.settle(SESSION_MS + 50);
      const second = twin();
      second.hello([make('fan')]);
      await house.settle();
      assert.deepEqual([second.refusals, second.results('fan')], [[], ['granted']]);
    });

    it('are heard at once when they know that the first one is dead, whose claims end then', async () => {
      await holding();
      const second = twin();
      second.hello([make('again', { resource: 'lights', locker: 'again' })], { after: 'first' });
      await house.settle();
      assert.deepEqual(second.results('again'), ['granted']);
      assert.equal(house.holder('lights'), 'again');
    });

    it('are refused when they know of the death of somebody else', async () => {
      await holding();
      const second = twin();
      second.hello([], { after: 'zeroth' });
      await house.settle();
      assert.equal(second.refusals.length, 1);
      assert.equal(house.holder('lights'), 'desk');
    });

    it('are refused for ever where they have the name of the arbiter', async () => {
      const second = new HandParticipant(house.broker, 'second', 'house');
      second.hello();
      await house.settle();
      assert.match(second.refusals.join(), /the Node-RED that decides is called house, too/);
    });

    it('are not heard in the name of another requester', async () => {
      await holding();
      const thief = new HandParticipant(house.broker, 'first', 'hall');
      thief.hello();
      await house.settle();
      assert.deepEqual(thief.answers, []);
      assert.equal(house.holder('lights'), 'desk');
    });
  });

  describe('hear frames', () => {
    it('in order: a gap is ignored until it is filled', async () => {
      desk.hello();
      desk.frame({ n: 3, ops: [make('fan')] });
      await house.settle();
      assert.equal(house.state('fan'), undefined);
      desk.frame({ n: 2, ops: [make('lights')] });
      desk.frame({ n: 3, ops: [make('fan')] });
      await house.settle();
      assert.deepEqual([house.holder('lights'), house.holder('fan')], ['desk', 'desk']);
    });

    it('once: what comes again is acknowledged, and revives nothing that has ended', async () => {
      desk.hello();
      desk.frame({ n: 2, ops: [make('lights')] });
      desk.frame({ n: 3, ops: [{ op: 'release', id: 'lights' }] });
      desk.frame({ n: 2, ops: [make('lights')] });
      await house.settle();
      assert.equal(house.state('lights')?.state, 'free');
      desk.beat();
      await house.settle();
      assert.equal(desk.returns.at(-1)?.ack, 3);
    });

    it('of the present term only, and learn from those of a later one', async () => {
      desk.epoch = 0;
      desk.hello([make('lights')]);
      await house.settle();
      assert.equal(house.state('lights'), undefined);
      desk.epoch = 7;
      desk.hello([make('lights')]);
      await house.settle();
      assert.deepEqual([house.state('lights'), house.arbiter.epoch], [undefined, 8]);
      desk.epoch = 8;
      desk.hello([make('lights')]);
      await house.settle();
      assert.equal(house.holder('lights'), 'desk');
    });

    it('of the last stream only', async () => {
      desk.hello();
      desk.hello();
      desk.frame({ stream: 1, n: 2, ops: [make('lights')] });
      await house.settle();
      assert.equal(house.state('lights'), undefined);
    });

    it('that begin with a hello only', async () => {
      desk.stream = 1;
      desk.say(make('lights'), { op: 'ready' });
      await house.settle();
      assert.deepEqual([desk.frames, house.state('lights')], [[], undefined]);
    });

    it('that can be read only, and complain about the others', async () => {
      desk.hello();
      house.broker.publish(
        'locks/session/desk/claims',
        '{"v":1,"session":"first","epoch":1,"stream":1,"n":2,"ack":0}',
      );
      await house.settle();
      assert.match(house.warnings.join(), /session of desk: .*ops/);
    });
  });

  describe('are told', () => {
    it('again what they have not acknowledged, a beat and a half later, with the beat that it was told with', async () => {
      desk.beat();
      desk.hello([make('lights')]);
      await house.settle();
      desk.beat();
      await house.settle(1_600);
      const told = desk.frames.filter(({ n }) => n === 1);
      assert.deepEqual(
        told.map(({ beat }) => beat),
        [1, 1],
      );
      desk.frame({ ack: 1 });
      await beatFor(10_000);
      assert.equal(desk.frames.filter(({ n }) => n === 1).length, 2);
    });

    it('of a loss before the state shows it, and of a grant after that', async () => {
      await holding({ once: true });
      const hall = new HandParticipant(house.broker, 'hall', 'hall');
      hall.hello([make('alarm', { resource: 'lights', priority: 9 })]);
      await house.settle();
      const mark = house.broker.log.length;
      desk.say({ op: 'yield', id: 'lights', token: desk.told('lights')[0]?.token ?? 0 });
      await house.settle();
      const topics = house.topicsSince(mark).filter((topic) => /answers|state/.test(topic));
      const order = ['locks/session/desk/answers', 'locks/state/lights', 'locks/session/hall/answers'];
      assert.deepEqual(
        order.map((topic) => topics.indexOf(topic)).sort((one, other) => one - other),
        order.map((topic) => topics.indexOf(topic)),
        topics.join(' '),
      );
      assert.deepEqual(hall.results('alarm'), ['queued', 'granted']);
    });

    it('what it did not hear while there was no broker as it stands when there is one again', async () => {
      await holding({ ttl: 150, once: true });
      desk.say({ op: 'update', id: 'lights', change: { priority: 'no such level' } });
      await house.settle();
      const isTold = ({ n }: DownFrame) => n !== undefined;
      const before = desk.frames.filter(isTold).length;
      house.broker.cut(String(house.transport?.clientId));
      await house.settle(5_000);
      const again = desk.frames.filter(isTold).slice(before);
      const told = new Map(again.map(({ n, tells }) => [n, tells.map(({ answer }) => answer.result)]));
      assert.deepEqual(
        [...told].sort(([one = 0], [other = 0]) => one - other),
        [
          [1, []],
          [2, ['denied']],
          [3, ['lost']],
        ],
      );
    });

    it('nothing of a stream before, but how all that they have listed stands', async () => {
      await holding();
      desk.hello([make('lights', {}, { granted: true })]);
      await house.settle();
      const inStream = desk.frames.filter(({ stream }) => stream === 2).flatMap(({ tells }) => tells);
      assert.deepEqual(
        inStream.map(({ id, answer }) => [id, answer.result]),
        [['lights', 'granted']],
      );
    });
  });
});
