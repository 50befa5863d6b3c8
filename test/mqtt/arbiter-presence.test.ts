import assert from 'node:assert/strict';
import type { ArbiterMessage } from '../../src/mqtt/messages';
import { ArbiterScene, startArbiter } from '../support/arbiter-scene';
import { HandClock } from '../support/hand-clock';
import { SimulatedBroker } from '../support/simulated-broker';

function presence(scene: ArbiterScene): ArbiterMessage | undefined {
  const text = scene.broker.retained.get('locks/arbiter');
  return text === undefined ? undefined : JSON.parse(text);
}

describe('the presence of the arbiter', () => {
  it('says who decides, in which term, by which settings', async () => {
    const scene = await startArbiter({ instance: 'first' });
    const { settings, ...rest } = presence(scene) ?? {};
    assert.deepEqual(rest, {
      v: 1,
      online: true,
      requester: 'house',
      instance: 'first',
      epoch: 1,
      tokenFloor: 60_000,
    });
    const rules = ['levels', 'policy', 'defaults', 'limits', 'takeover'];
    const lengths = ['session', 'beat', 'failoverDelay', 'handoverTimeout', 'freeState'];
    assert.deepEqual(Object.keys(settings ?? {}), [...rules, ...lengths]);
  });

  it('ends with its connection, by its will', async () => {
    const scene = await startArbiter();
    await scene.crash();
    assert.equal(presence(scene)?.online, false);
  });

  it('ends with a goodbye when it stops, after what does not survive it has ended', async () => {
    const scene = await startArbiter();
    scene.own('passing', { resource: 'lights' });
    scene.own('kept', { resource: 'door', locker: 'kept' }, true);
    await scene.device('panel/lights', {});
    const heard = scene.heard.length;
    const stopped = scene.arbiter.stop();
    await scene.settle();
    await stopped;
    await scene.arbiter.stop();
    assert.equal(presence(scene)?.online, false);
    const goodbyes = scene.broker.log.filter(
      ({ topic, payload }) => topic === 'locks/arbiter' && /"online":false/.test(payload),
    );
    assert.equal(goodbyes.length, 1);
    assert.equal(scene.holder('lights'), 'panel');
    assert.equal(scene.holder('door'), 'kept');
    assert.equal(scene.heard.length, heard);
    assert.equal(scene.arbiter.status.phase, 'stopped');
    assert.equal(scene.clock.timers, 0);
    const refused = scene.arbiter.claim({
      id: 'x',
      owner: { path: 'a', key: 'b' },
      message: {},
      isKept: false,
    });
    assert.deepEqual(refused, { reason: 'unavailable', detail: 'the locks are stopped' });
  });

  it('does not wait for ever for a broker that acknowledges nothing', async () => {
    const scene = await startArbiter();
    scene.own('node', { resource: 'lights' });
    if (scene.transport) scene.transport.publish = () => new Promise(() => {});
    const stopped = scene.arbiter.stop();
    await scene.settle(2_000);
    await stopped;
    assert.equal(scene.clock.timers, 0);
  });

  it('grows by one term with each start, whatever its will said', async () => {
    let scene = await startArbiter();
    for (let term = 2; term <= 4; term++) {
      await scene.crash();
      scene = await startArbiter({}, scene.broker);
      assert.equal(scene.arbiter.state('x').epoch, term);
    }
  });

  it('is where the prefix says', async () => {
    const scene = await startArbiter({ prefix: 'home/locks' });
    scene.broker.publish('home/locks/claim/panel/lights', '{}', { retain: true });
    scene.broker.publish('locks/claim/panel/fan', '{}', { retain: true });
    await scene.settle();
    assert.ok(scene.broker.retained.has('home/locks/arbiter'));
    assert.equal(scene.arbiter.state('lights').holder, 'panel');
    assert.equal(scene.arbiter.state('fan').state, 'free');
    assert.throws(() => new ArbiterScene({ prefix: 'a/+' }), RangeError);
  });

  it('does not come any more when it is stopped while it reads', async () => {
    const scene = new ArbiterScene();
    scene.arbiter.start();
    while (scene.broker.log.at(-1)?.topic !== 'locks/state/$echo') await scene.clock.advance(1);
    const stopped = scene.arbiter.stop();
    await scene.settle(5_000);
    await stopped;
    assert.equal(scene.broker.retained.has('locks/arbiter'), false);
    assert.equal(scene.arbiter.status.phase, 'stopped');
    assert.equal(scene.clock.timers, 0);
  });

  it('is put right when somebody overwrites it', async () => {
    const scene = await startArbiter();
    for (const text of ['', 'rubbish', JSON.stringify({ ...presence(scene), online: false })]) {
      scene.broker.publish('locks/arbiter', text, { retain: true });
      await scene.settle();
      assert.equal(presence(scene)?.online, true);
    }
    assert.equal(scene.arbiter.status.phase, 'deciding');
  });

  it('of an own past is no reason to wait: a broker may tell late that it is over', async () => {
    const scene = await startArbiter({ instance: 'first' });
    const before = scene.broker.retained.get('locks/arbiter');
    await scene.crash();
    scene.broker.publish('locks/arbiter', String(before), { retain: true });
    const next = await startArbiter({ instance: 'second' }, scene.broker);
    assert.equal(next.arbiter.status.phase, 'deciding');
    assert.equal(presence(next)?.instance, 'second');
  });

  describe('of an own past that tells late that it is over', () => {
    let scene: ArbiterScene;
    let over: string;

    /** What the first one has written arrives when the second one is there. */
    async function succeed(others = {}): Promise<void> {
      const first = await startArbiter({ instance: 'first' });
      over = JSON.stringify({ ...presence(first), online: false });
      await first.crash();
      for (const [topic, text] of Object.entries(others)) {
        first.broker.publish(topic, JSON.stringify(text), { retain: true });
      }
      scene = await startArbiter({ instance: 'second' }, first.broker);
      await scene.device('panel/lights', {});
      for (const resource of ['lights', 'attic']) {
        const state = { v: 1, resource, state: 'free', claims: [], waiting: [], waitingCount: 0, epoch: 1 };
        scene.broker.publish(`locks/state/${resource}`, JSON.stringify(state), { retain: true });
      }
      scene.broker.publish('locks/arbiter', over, { retain: true });
    }

    it('has all read and put right that may have come as late', async () => {
      await succeed();
      await scene.settle();
      assert.deepEqual([presence(scene)?.instance, scene.holder('lights')], ['second', 'panel']);
      assert.equal(scene.state('attic'), undefined);
    });

    it('has it read again also where it was being read', async () => {
      // Somebody else may hold something, who is asked.
      await succeed({ 'locks/session/hall': { v: 1, online: true, instance: 'hall' } });
      assert.equal(scene.arbiter.status.phase, 'starting');
      await scene.settle(11_000);
      assert.deepEqual([presence(scene)?.instance, scene.holder('lights')], ['second', 'panel']);
      assert.equal(scene.state('attic'), undefined);
    });

    it('and of whose claims some came late: neither they stay, nor the answers to them', async () => {
      await succeed();
      const late = { resource: 'attic', id: 'late', owner: { path: 'node', key: 'key' } };
      const answer = { id: 'late', result: 'granted', resources: ['attic'], token: 1 };
      scene.broker.publish('locks/claim/house/node/key', JSON.stringify(late), { retain: true });
      scene.broker.publish('locks/answer/house/node/key', JSON.stringify(answer), { retain: true });
      await scene.settle(3_000);
      const left = [...scene.broker.retained.keys()].filter((topic) => topic.endsWith('/house/node/key'));
      assert.deepEqual(left, []);
    });
  });

  it('is said goodbye with after everything else', async () => {
    const scene = await startArbiter();
    await scene.device('panel/lights', {});
    const mark = scene.broker.log.length;
    const own = scene.own('node', { resource: 'lights', priority: 900 });
    assert.equal(own.phase, 'held');
    const stopped = scene.arbiter.stop();
    await scene.settle();
    await stopped;
    const topics = scene.topicsSince(mark);
    assert.ok(topics.includes('locks/state/lights'));
    assert.equal(topics.at(-1), 'locks/arbiter');
  });
});

describe('where somebody else decides', () => {
  let first: ArbiterScene;
  let second: ArbiterScene;

  beforeEach(async () => {
    first = await startArbiter({ requester: 'house-pi' });
    await first.device('panel/lights', {});
    second = await startArbiter({ requester: 'garage' }, first.broker);
  });

  it('it does not fight: it writes nothing and says who decides', async () => {
    assert.equal(second.arbiter.status.phase, 'elsewhere');
    assert.equal(second.arbiter.status.other?.requester, 'house-pi');
    assert.equal(presence(first)?.requester, 'house-pi');
    await first.device('wall/lights', { priority: 1 });
    const written = second.broker.log.filter(
      ({ by, topic }) => by === second.transport?.clientId && !/mark/.test(topic),
    );
    assert.deepEqual(written, []);
  });

  it('claims of its flows are refused, with the reason', async () => {
    assert.throws(() => second.own('node', { resource: 'lights' }), /unavailable: house-pi decides alone/);
  });

  it('it leaves no will that would end the other’s presence', async () => {
    await second.crash();
    assert.equal(presence(first)?.online, true);
    assert.equal(first.arbiter.status.phase, 'deciding');
  });

  it('it notes when the other is gone, and decides only when somebody clears its presence', async () => {
    await first.crash();
    await second.settle();
    assert.equal(second.arbiter.status.phase, 'elsewhere');
    assert.equal(second.arbiter.status.other?.online, false);
    second.broker.publish('locks/arbiter', '', { retain: true });
    await second.settle(200);
    assert.equal(second.arbiter.status.phase, 'deciding');
    assert.equal(presence(second)?.requester, 'garage');
    assert.equal(second.holder('lights'), 'panel');
    assert.equal(second.own('node', { resource: 'door' }).phase, 'held');
  });

  it('one that comes later does not decide either, until the other has said goodbye', async () => {
    await first.crash();
    const third = await startArbiter({ requester: 'shed' }, first.broker);
    assert.equal(third.arbiter.status.phase, 'elsewhere');
    assert.equal(third.arbiter.status.other?.online, false);
    const again = await startArbiter({ requester: 'house-pi' }, first.broker);
    const stopped = again.arbiter.stop();
    await again.settle();
    await stopped;
    const fourth = await startArbiter({ requester: 'attic' }, first.broker);
    assert.equal(fourth.arbiter.status.phase, 'deciding');
  });

  it('it stays so over a lost connection', async () => {
    second.broker.cut(String(second.transport?.clientId));
    await second.settle(500);
    assert.equal(second.arbiter.status.phase, 'elsewhere');
  });

  it('the rules of its settings may change', () => {
    second.arbiter.setRules(second.arbiter.rules);
    assert.equal(presence(first)?.requester, 'house-pi');
  });
});

describe('an arbiter that hears another one decide', () => {
  it('steps down: its flows’ claims are lost, and it writes no more', async () => {
    const scene = await startArbiter();
    const claim = scene.own('node', { resource: 'lights' });
    await scene.device('panel/fan', { ttl: 1_000 });
    const other = { v: 1, online: true, requester: 'garage', instance: 'x', epoch: 7, tokenFloor: 0 };
    scene.broker.publish('locks/arbiter', JSON.stringify(other), { retain: true });
    await scene.settle();
    assert.equal(scene.arbiter.status.phase, 'elsewhere');
    assert.equal(claim.phase, 'ended');
    const [, told] = scene.heard;
    assert.deepEqual([told?.answer.result, told?.answer.reason], ['lost', 'session']);
    assert.equal(presence(scene)?.requester, 'garage');
    const mark = scene.broker.log.length;
    await scene.settle(10_000);
    assert.equal(scene.broker.log.length, mark);
    await scene.crash();
    assert.equal(presence(scene)?.requester, 'garage');
  });

  it('of two that start at once, the last one to say so decides', async () => {
    const broker = new SimulatedBroker({ clock: new HandClock() });
    const one = new ArbiterScene({ requester: 'one' }, broker);
    const two = new ArbiterScene({ requester: 'two' }, broker);
    one.arbiter.start();
    two.arbiter.start();
    await one.settle(200);
    const phases = [one.arbiter.status.phase, two.arbiter.status.phase];
    assert.deepEqual(phases.sort(), ['deciding', 'elsewhere']);
    const decider = one.arbiter.status.phase === 'deciding' ? one : two;
    assert.equal(presence(one)?.requester, decider.arbiter.requester);
  });

  it('gives way to a later one of its own name, too, and the two do not fight', async () => {
    const scene = await startArbiter({ instance: 'first' });
    const copy = await startArbiter({ instance: 'second' }, scene.broker);
    await scene.settle(60_000);
    assert.deepEqual([scene.arbiter.status.phase, copy.arbiter.status.phase], ['elsewhere', 'deciding']);
    assert.equal(presence(scene)?.instance, 'second');
    assert.equal(presence(scene)?.epoch, 2);
  });

  it('stays where it is when it was away and another one has come', async () => {
    const scene = await startArbiter();
    scene.own('node', { resource: 'lights' });
    scene.broker.cut(String(scene.transport?.clientId));
    const other = await startArbiter({ requester: 'garage', seizes: true }, scene.broker);
    await scene.settle(500);
    assert.equal(scene.arbiter.status.phase, 'elsewhere');
    assert.equal(other.arbiter.status.phase, 'deciding');
    assert.equal(scene.heard.at(-1)?.answer.result, 'lost');
  });

  it('gives way to one that takes over by hand', async () => {
    const scene = await startArbiter();
    const other = await startArbiter({ requester: 'garage', seizes: true }, scene.broker);
    await scene.settle(500);
    assert.equal(scene.arbiter.status.phase, 'elsewhere');
    assert.equal(other.arbiter.status.phase, 'deciding');
    assert.equal(other.arbiter.epoch, 2);
  });

  it('does not give way where the broker is its own', async () => {
    const scene = await startArbiter({ isSole: true });
    const other = { v: 1, online: true, requester: 'garage', instance: 'x', epoch: 7, tokenFloor: 0 };
    scene.broker.publish('locks/arbiter', JSON.stringify(other), { retain: true });
    await scene.settle();
    assert.equal(scene.arbiter.status.phase, 'deciding');
    assert.equal(presence(scene)?.requester, 'house');
  });
});

describe('an arbiter that does not hear what it writes', () => {
  for (const refused of [/^locks\//, /^locks\/state\//, /^locks\/arbiter\//]) {
    it(`(${refused}) says that it may not write here, grants devices nothing, and lets flows go on`, async () => {
      const broker = new SimulatedBroker({ clock: new HandClock() });
      broker.mayPublish = (_, topic) => !refused.test(topic);
      const scene = await startArbiter({}, broker);
      await scene.device('panel/lights', {});
      await scene.settle(20_000);
      const { phase, isPublishing, isRefused, reason } = scene.arbiter.status;
      assert.deepEqual([phase, isPublishing, isRefused], ['deciding', false, true]);
      assert.match(String(reason), /may not write under locks\/ here: nothing comes back from locks\//);
      assert.equal(scene.answer('panel/lights'), undefined);
      assert.equal(scene.arbiter.state('lights').state, 'free');
      assert.equal(scene.own('node', { resource: 'door' }).phase, 'held');
      broker.mayPublish = () => true;
      // It tries again after 1 s, 2 s, 4 s, …, and waits 10 s for an echo each time.
      await scene.settle(4_000);
      assert.equal(scene.arbiter.status.isPublishing, true);
      assert.equal(scene.holder('lights'), 'panel');
      assert.equal(scene.holder('door'), 'house');
    });
  }
});

describe('an arbiter without a transport', () => {
  it('decides for its runtime at once, and leaves nothing behind', async () => {
    const scene = await startArbiter({ withBroker: false });
    const claim = scene.own('node', { resource: 'lights', ttl: 60_000 }, true);
    assert.equal(claim.phase, 'held');
    assert.equal(claim.isKept, false);
    assert.equal(scene.arbiter.will(), undefined);
    await scene.settle(60_000);
    assert.equal(claim.phase, 'ended');
    await scene.arbiter.stop();
    assert.equal(scene.clock.timers, 0);
  });
});
