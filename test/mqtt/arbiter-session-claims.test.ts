import assert from 'node:assert/strict';
import type { Term } from '../../src/mqtt/arbiter-context';
import { type ArbiterScene, type SceneOptions, startArbiter } from '../support/arbiter-scene';
import { HandClock } from '../support/hand-clock';
import { HandParticipant, make } from '../support/hand-participant';
import { SimulatedBroker } from '../support/simulated-broker';

const SESSION_MS = 10_000;

describe('claims of a session, as the arbiter has them', () => {
  let house: ArbiterScene;
  let desk: HandParticipant;
  let hall: HandParticipant;

  async function begin(options: SceneOptions = {}): Promise<void> {
    house = await startArbiter(options);
    desk = new HandParticipant(house.broker);
    hall = new HandParticipant(house.broker, 'hall', 'hall');
  }

  beforeEach(() => begin());

  const tokenOf = (who: HandParticipant, id: string) => who.told(id).at(-1)?.token ?? 0;

  async function beatBoth(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1_000) {
      desk.beat();
      hall.beat();
      await house.settle(Math.min(1_000, left));
    }
  }

  it('end where a complete list has them no more, and go on where it has', async () => {
    desk.hello([make('lights'), make('fan')]);
    await house.settle();
    desk.hello([make('fan', {}, { granted: true, tokens: { fan: tokenOf(desk, 'fan') } })]);
    await house.settle();
    assert.deepEqual([house.state('lights')?.state, house.holder('fan')], ['free', 'desk']);
  });

  it('are as they were until a list is complete', async () => {
    desk.hello([make('lights')]);
    await house.settle();
    desk.stream = 2;
    desk.frame({ n: 1, ops: [{ op: 'hello' }] });
    desk.frame({ n: 2, ops: [make('fan')] });
    await house.settle();
    assert.deepEqual([house.holder('lights'), house.state('fan')], ['desk', undefined]);
    desk.frame({ n: 3, ops: [{ op: 'ready' }] });
    await house.settle();
    assert.deepEqual([house.state('lights')?.state, house.holder('fan')], ['free', 'desk']);
  });

  const heldOnce = { granted: true, tokens: { lights: 1 } };

  it('that ended unheard are told how, until that is acknowledged, whatever list has them', async () => {
    const lights = make('lights', { ttl: 500, once: true });
    desk.hello([lights]);
    await house.settle(1_000);
    for (let lists = 0; lists < 2; lists++) {
      desk.hello([{ ...lights, was: heldOnce }]);
      await house.settle();
      assert.equal(desk.results('lights').at(-1), 'lost expired');
    }
    assert.equal(house.state('lights')?.state, 'free');
    desk.frame({ ack: desk.frames.at(-1)?.n ?? 0 });
    desk.hello([{ ...lights, was: heldOnce }]);
    await house.settle();
    assert.equal(desk.results('lights').at(-1), 'lost session');
  });

  it('that are held and were ended by force meanwhile are lost, though they are standing ones', async () => {
    await begin({ rows: [{ requester: 'ops', resource: 'lights', mayForce: true }] });
    desk.hello([make('lights')]);
    await house.settle();
    const token = tokenOf(desk, 'lights');
    house.broker.publish('locks/force/ops/lights', JSON.stringify({ token }));
    await house.settle();
    desk.hello([make('lights', {}, { granted: true, tokens: { lights: token } })]);
    await house.settle();
    assert.equal(desk.results('lights').at(-1), 'lost forced');
  });

  it('are forgotten with their end where a list has them no more', async () => {
    const lights = make('lights', { ttl: 500, once: true });
    desk.hello([lights]);
    await house.settle(1_000);
    desk.hello();
    await house.settle();
    desk.hello([{ ...lights, was: heldOnce }]);
    await house.settle();
    assert.equal(desk.results('lights').at(-1), 'lost session');
  });

  it('that wait, and of which nothing was heard, are claimed when they are listed', async () => {
    desk.hello();
    await house.settle();
    desk.hello([make('lights', {}, { granted: false })]);
    await house.settle();
    assert.deepEqual(desk.results('lights'), ['granted']);
  });

  it('are refused under the id of a claim of somebody else, which is as it was', async () => {
    desk.hello([make('lights')]);
    hall.hello([make('lights', { resource: 'fan' })]);
    await house.settle();
    assert.deepEqual(hall.results('lights'), ['denied invalid']);
    assert.match(hall.told('lights')[0]?.detail ?? '', /this id is taken/);
    hall.say({ op: 'release', id: 'lights' });
    await house.settle();
    assert.equal(house.holder('lights'), 'desk');
  });

  it('are denied with the reason where they cannot be', async () => {
    desk.hello([make('lights', { priority: 'no such level' })]);
    await house.settle();
    assert.equal(desk.told('lights')[0]?.result, 'denied');
    assert.match(desk.told('lights')[0]?.detail ?? '', /no such level/);
  });

  it('change in place, and stay as they are where a change is refused', async () => {
    desk.hello([make('lights')]);
    desk.say({ op: 'update', id: 'lights', change: { priority: 7, value: 'on' } });
    await house.settle();
    assert.deepEqual([house.state('lights')?.priority, house.state('lights')?.value], [7, 'on']);
    desk.say({ op: 'update', id: 'lights', change: { priority: 'no such level' } });
    await house.settle();
    const { result, ended } = desk.told('lights').at(-1) ?? {};
    assert.deepEqual([result, ended, house.state('lights')?.priority], ['denied', undefined, 7]);
  });

  it('are told again, as they stand, when they ask', async () => {
    desk.hello([make('lights', { ttl: 60_000 })]);
    await house.settle(1_000);
    desk.say({ op: 'ask', id: 'lights' });
    await house.settle();
    const [first, second] = desk.told('lights');
    assert.deepEqual([first?.token, first?.result], [second?.token, second?.result]);
    assert.ok((second?.remaining ?? Infinity) < (first?.remaining ?? 0));
  });

  it('keep a resource until they yield, though somebody stronger waits', async () => {
    await begin({ timing: { handoverTimeout: Infinity } });
    desk.hello([make('lights')]);
    hall.hello([make('alarm', { resource: 'lights', priority: 9 })]);
    await house.settle();
    await beatBoth(60_000);
    assert.deepEqual([desk.results('lights').at(-1), hall.results('alarm')], ['revoking', ['queued']]);
    desk.say({ op: 'yield', id: 'lights', token: tokenOf(desk, 'lights') });
    await house.settle();
    assert.deepEqual([desk.results('lights').at(-1), hall.results('alarm').at(-1)], ['requeued', 'granted']);
  });

  it('give way after the hand-over timeout to somebody stronger, though they do not answer', async () => {
    await begin({ timing: { handoverTimeout: 1_000 } });
    desk.hello([make('lights')]);
    hall.hello([make('alarm', { resource: 'lights', priority: 9 })]);
    await house.settle(900);
    assert.equal(house.holder('lights'), 'desk');
    await house.settle(300);
    assert.equal(house.state('lights')?.requester, 'hall');
    assert.ok(tokenOf(hall, 'alarm') > (desk.told('lights')[0]?.token ?? Infinity));
  });

  it('are not given up by a yield of an earlier hold, nor without a revocation', async () => {
    desk.hello([make('lights')]);
    await house.settle();
    desk.say({ op: 'yield', id: 'lights', token: tokenOf(desk, 'lights') });
    await house.settle();
    assert.equal(house.holder('lights'), 'desk');
    assert.deepEqual(desk.results('lights'), ['granted', 'granted'], 'it is told that it has it');
    hall.hello([make('alarm', { resource: 'lights', priority: 9 })]);
    await house.settle();
    desk.say({ op: 'yield', id: 'lights', token: tokenOf(desk, 'lights') - 1 });
    await house.settle(100);
    assert.equal(house.holder('lights'), 'desk');
  });

  it('outlive their session where they are kept, and go on when a later one lists them', async () => {
    desk.hello([{ ...make('lights'), keep: true }, make('fan')]);
    await house.settle(SESSION_MS + 100);
    assert.deepEqual([house.holder('lights'), house.state('fan')?.state], ['desk', 'free']);
    const again = new HandParticipant(house.broker, 'second');
    again.hello([{ ...make('lights', {}, { granted: true }), keep: true }]);
    await house.settle();
    assert.deepEqual(again.results('lights'), ['granted']);
    again.say({ op: 'keep', id: 'lights', keep: false });
    await house.settle(SESSION_MS + 100);
    assert.equal(house.state('lights')?.state, 'free');
  });

  it('are shown as those of their session also where they are kept, which may end while nobody decides', async () => {
    desk.hello([{ ...make('lights'), keep: true }]);
    await house.settle();
    assert.deepEqual(
      house.state('lights')?.claims.map(({ session }) => session),
      [desk.instance],
    );
  });

  it('are corrected by what is listed, unless a change is on its way that may have been made already', async () => {
    desk.hello([make('lights', { priority: 5, value: 'on' }), make('fan', { priority: 5 }), make('door')]);
    await house.settle();
    const was = { granted: true };
    desk.hello([
      make('lights', { priority: 50, value: 'dim' }, was),
      { ...make('fan', { priority: 2 }, was), changing: true },
      make('door', {}, was),
    ]);
    await house.settle();
    assert.deepEqual([house.state('lights')?.priority, house.state('lights')?.value], [50, 'dim']);
    assert.deepEqual([house.state('fan')?.priority, house.state('door')?.priority], [5, 0]);
    desk.hello([
      make('lights', { priority: 'no such level' }, was),
      make('fan', {}, was),
      make('door', {}, was),
    ]);
    await house.settle();
    assert.equal(house.state('lights')?.priority, 50);
  });

  describe('at a new arbiter', () => {
    let broker: SimulatedBroker;

    /** One that cannot know whether the store is the last one. */
    function succeed(witnessed = 0, timing: SceneOptions['timing'] = {}): Promise<ArbiterScene> {
      const prove = (proven: () => void) => proven();
      const term: Term = { epoch: 0, witnessed: () => witnessed, prove, validUntil: () => Infinity };
      return startArbiter({ term, timing }, broker);
    }

    beforeEach(async () => {
      broker = new SimulatedBroker({ clock: new HandClock() });
      house = await succeed();
      desk = new HandParticipant(broker);
      hall = new HandParticipant(broker, 'hall', 'hall');
    });

    it('are asked for before anything is granted, where the store may be old', async () => {
      hall.hello([make('alarm', { resource: 'lights', priority: 9 })]);
      desk.hello([make('lights', {}, { granted: true, tokens: { lights: 5 } })]);
      await house.settle(9_000);
      assert.deepEqual([hall.told('alarm'), desk.told('lights')], [[], []]);
      desk.beat();
      hall.beat();
      await house.settle();
      assert.deepEqual([desk.returns.at(-1)?.ack, hall.returns.at(-1)?.ack], [1, 1]);
      await house.settle(1_000);
      assert.deepEqual(
        [house.holder('lights'), house.state('lights')?.token, hall.results('alarm')[0]],
        ['desk', 5, 'queued'],
      );
    });

    it('are held by the later one of two that both say to hold', async () => {
      desk.hello([make('lights', {}, { granted: true, tokens: { lights: 5 } })]);
      hall.hello([make('alarm', { resource: 'lights' }, { granted: true, tokens: { lights: 6 } })]);
      await house.settle(SESSION_MS + 100);
      assert.deepEqual([house.state('lights')?.requester, house.state('lights')?.token], ['hall', 6]);
      assert.equal(desk.results('lights')[0], 'requeued');
    });

    it('are held on by the other ones of their hold, when the lease of one has run out', async () => {
      const was = { granted: true, tokens: { lights: 5 } };
      const lights = make('lights', { ttl: 1_000 }, { ...was, remaining: 0 });
      desk.hello([lights, make('again', { resource: 'lights' }, was)]);
      await house.settle(SESSION_MS + 100);
      assert.deepEqual([house.holder('lights'), house.state('lights')?.token], ['desk', 5]);
    });

    it('are given tokens above all that anybody has told of', async () => {
      const far = house.clock.now().wall + 1_000_000;
      desk.hello([make('fan', {}, { granted: true, tokens: { fan: far } })]);
      hall.hello([make('lights')]);
      await house.settle(SESSION_MS + 100);
      assert.ok(tokenOf(hall, 'lights') > far);
    });

    it('do as they wanted meanwhile, when it decides', async () => {
      desk.hello([make('lights', {}, { granted: true, tokens: { lights: 5 } }), make('fan')]);
      desk.say({ op: 'release', id: 'lights' });
      await house.settle(SESSION_MS + 100);
      assert.deepEqual([house.holder('lights'), house.holder('fan')], [undefined, 'desk']);
    });

    it('are held for a session time where the states tell of them, until their participant has said hello', async () => {
      desk.hello([make('lights')]);
      await house.settle(SESSION_MS + 100);
      assert.equal(house.holder('lights'), 'desk');
      await house.crash();
      const next = await succeed(1);
      assert.equal(next.arbiter.epoch, 2);
      await next.settle(SESSION_MS - 1_000);
      assert.equal(next.holder('lights'), 'desk');
      await next.settle(1_100);
      assert.equal(next.state('lights')?.state, 'free');
    });

    it('are revoked on for as long as it takes, where only a yield or the end of the session ends that', async () => {
      const timing = { handoverTimeout: Infinity };
      desk.hello([{ ...make('lights', { grace: 1_000 }), keep: true }]);
      await house.settle(SESSION_MS + 100);
      await house.crash();
      house = await succeed(1, timing);
      desk.epoch = house.arbiter.epoch;
      const was = { granted: true, tokens: { lights: tokenOf(desk, 'lights') } };
      desk.hello([{ ...make('lights', { grace: 1_000 }, was), keep: true }]);
      await house.device('wall/lights', { priority: 9 });
      assert.deepEqual([house.state('lights')?.state, house.holder('lights')], ['revoking', 'desk']);
      await house.crash();
      house = await succeed(2, timing);
      assert.deepEqual([house.state('lights')?.state, house.holder('lights')], ['revoking', 'desk']);
      await house.settle(SESSION_MS + 100);
      assert.equal(house.holder('lights'), 'wall');
    });

    describe('where the broker has forgotten what their participants keep there', () => {
      let next: ArbiterScene;

      beforeEach(async () => {
        desk.hello([{ ...make('lights'), keep: true }]);
        await house.settle(SESSION_MS);
        await house.crash();
        assert.equal(broker.retained.has('locks/claim/desk/lights'), false);
        next = await succeed(1);
        assert.equal(next.holder('lights'), 'desk');
      });

      it('are held on by whoever lists them', async () => {
        const token = tokenOf(desk, 'lights');
        desk.epoch = next.arbiter.epoch;
        desk.hello([{ ...make('lights', {}, { granted: true, tokens: { lights: token } }), keep: true }]);
        await next.settle(SESSION_MS + 100);
        assert.deepEqual([next.holder('lights'), next.state('lights')?.token], ['desk', token]);
      });

      it('end at once where they are not listed any more', async () => {
        desk.epoch = next.arbiter.epoch;
        desk.hello();
        await next.settle();
        assert.equal(next.state('lights')?.state, 'free');
      });

      it('end when nobody has spoken for them as long as a session lives', async () => {
        await next.settle(SESSION_MS - 200);
        assert.equal(next.holder('lights'), 'desk');
        await next.settle(300);
        assert.equal(next.state('lights')?.state, 'free');
        assert.equal(broker.retained.has('locks/answer/desk/lights'), false);
      });
    });

    it('wait in the places that they had', async () => {
      desk.hello([make('lights')]);
      hall.hello([
        make('first', { resource: 'lights' }),
        make('second', { resource: 'lights', locker: 'second' }),
      ]);
      await house.settle(SESSION_MS + 100);
      const orders = ['first', 'second'].map((id) => hall.told(id).at(-1)?.order ?? 0);
      await house.crash();
      const next = await succeed(1);
      for (const who of [desk, hall]) who.epoch = 2;
      const listed = ['second', 'first'].map((id, index) =>
        make(id, { resource: 'lights', locker: id }, { granted: false, order: orders[1 - index] ?? 0 }),
      );
      hall.hello(listed);
      desk.hello();
      await next.settle();
      assert.equal(next.holder('lights'), 'first');
    });
  });
});
