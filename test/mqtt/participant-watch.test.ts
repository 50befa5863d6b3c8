import assert from 'node:assert/strict';
import { type Joined, joined } from '../support/joined-participant';
import { ParticipantScene } from '../support/participant-scene';

function state(resource: string, token: number, more: object = {}) {
  return {
    ...{ v: 1, resource, state: 'held', holder: 'me', requester: 'hall', priority: 0, token },
    ...{ claims: [], waiting: [], waitingCount: 0, epoch: 1, ...more },
  };
}

function put({ broker }: ParticipantScene, resource: string, token: number, more: object = {}): void {
  broker.publish(`locks/state/${resource}`, JSON.stringify(state(resource, token, more)), { retain: true });
}

describe('what a participant sees', () => {
  it('is everything that is retained, and nothing is told before it has all of it', async () => {
    const scene = new ParticipantScene();
    put(scene, 'lights', 1);
    put(scene, 'blinds', 2);
    const told: string[] = [];
    const { participant } = scene;
    participant.onState((resource) => {
      told.push(resource);
      assert.deepEqual([...participant.states()].length, 2);
    });
    await scene.start();
    await participant.ready;
    assert.deepEqual(told.sort(), ['blinds', 'lights']);
    assert.equal(participant.state('lights').token, 1);
    const { claims, ...free } = participant.state('other');
    assert.deepEqual(
      [free, claims],
      [{ v: 1, resource: 'other', state: 'free', waiting: [], waitingCount: 0, epoch: 0 }, []],
    );
  });

  it('is told with each change, and when it is shown no longer', async () => {
    const { scene } = await joined();
    const told: unknown[] = [];
    const stop = scene.participant.onState((name) => told.push([name, scene.participant.state(name).token]));
    scene.participant.onState(() => {
      throw new Error('broken');
    });
    put(scene, 'lights', 1);
    await scene.settle();
    put(scene, 'lights', 2);
    await scene.settle();
    scene.broker.publish('locks/state/lights', '', { retain: true });
    await scene.settle();
    assert.deepEqual(told, [
      ['lights', 1],
      ['lights', 2],
      ['lights', undefined],
    ]);
    stop();
    put(scene, 'lights', 3);
    await scene.settle();
    assert.equal(told.length, 3);
    assert.match(scene.warnings.join('\n'), /broken/);
  });

  it('is read again with each connection: what has changed or gone meanwhile is told', async () => {
    const { scene } = await joined();
    put(scene, 'lights', 1);
    put(scene, 'blinds', 2);
    put(scene, 'lamp', 3);
    await scene.settle();
    const told: string[] = [];
    scene.participant.onState((resource) => told.push(resource));
    scene.broker.stop();
    scene.broker.retained.delete('locks/state/blinds');
    scene.broker.retained.set('locks/state/lamp', JSON.stringify(state('lamp', 4)));
    scene.broker.start();
    await scene.settle(2_000);
    assert.deepEqual(told, ['blinds', 'lamp']);
    assert.deepEqual(
      [...scene.participant.states()].map(({ token }) => token),
      [1, 4],
    );
  });

  it('leaves out what cannot be read, or is of another resource', async () => {
    const { scene } = await joined();
    scene.broker.publish('locks/state/lights', 'not JSON', { retain: true });
    scene.broker.publish('locks/state/blinds', JSON.stringify(state('other', 1)), { retain: true });
    scene.broker.publish('locks/arbiter', 'not JSON');
    scene.broker.publish('locks/state/a%2', '{}');
    await scene.settle();
    assert.deepEqual([...scene.participant.states()], []);
    assert.match(scene.warnings.join('\n'), /the state of lights cannot be read/);
    assert.equal(scene.participant.status.phase, 'joined');
  });

  it('is the last state that can be read, also where nobody has looked meanwhile', async () => {
    const { scene } = await joined();
    put(scene, 'lights', 1);
    await scene.settle();
    assert.equal(scene.participant.state('lights').token, 1);
    scene.broker.publish('locks/state/lights', '{"v":1,"resource":"lights"}', { retain: true });
    scene.broker.publish('locks/state/blinds', '[]', { retain: true });
    await scene.settle();
    assert.deepEqual(scene.warnings, []);
    assert.deepEqual(
      [...scene.participant.states()].map(({ resource, token }) => [resource, token]),
      [['lights', 1]],
    );
    assert.match(scene.warnings.join('\n'), /the state of lights cannot be read: state is missing/);
    assert.match(scene.warnings.join('\n'), /the state of blinds cannot be read/);
  });

  it('has shown the greatest token, also where nobody has looked at the state with it', async () => {
    const { scene, arbiter } = await joined();
    put(scene, 'lights', 70);
    put(scene, 'lights', 7);
    scene.broker.publish('locks/state/blinds', '{"token":"many"}', { retain: true });
    await scene.settle();
    scene.broker.stop();
    scene.broker.start();
    await scene.settle(2_000);
    assert.equal(arbiter.got('hello').at(-1)?.token, 70);
  });

  it('has the audit stream only while somebody listens', async () => {
    const { scene } = await joined();
    const event = {
      time: '2026-01-01T12:00:00.000Z',
      event: 'granted',
      resources: ['a'],
      locker: 'b',
      requester: 'c',
    };
    const say = async () => {
      scene.broker.publish('locks/event', JSON.stringify(event), { qos: 0 });
      await scene.settle();
    };
    const heard: string[] = [];
    await say();
    const stopFirst = scene.participant.onEvent(({ locker }) => heard.push(`first ${locker}`));
    const stopSecond = scene.participant.onEvent(({ locker }) => heard.push(`second ${locker}`));
    await scene.settle();
    await say();
    stopFirst();
    stopFirst();
    await scene.settle();
    await say();
    scene.broker.cut(scene.watch.clientId);
    await scene.settle(1_000);
    await say();
    stopSecond();
    await scene.settle();
    await say();
    assert.deepEqual(heard, ['first b', 'second b', 'second b', 'second b']);
  });

  it('leaves no mark of its own past there that came after all was read', async () => {
    const { scene } = await joined();
    const topic = 'locks/session/desk/mark';
    assert.equal(scene.broker.retained.has(topic), false);
    scene.broker.publish(topic, 'past 1', { retain: true });
    await scene.settle(10_000);
    assert.equal(scene.broker.retained.has(topic), false);
  });
});

describe('a hold that a participant ends by force', () => {
  let scene: Joined['scene'];

  beforeEach(async () => {
    ({ scene } = await joined());
    put(scene, 'lights', 7);
    await scene.settle();
  });

  const say = (event: string, more: object = {}) =>
    scene.broker.publish(
      'locks/event',
      JSON.stringify({
        ...{
          time: '2026-01-01T12:00:00.000Z',
          event,
          resources: ['lights'],
          locker: 'desk',
          requester: 'desk',
        },
        ...more,
      }),
      { qos: 0 },
    );

  it('is asked for on its topic, and done when the audit stream says so', async () => {
    const ended = scene.participant.force('lights', 7);
    await scene.settle();
    assert.deepEqual(scene.broker.published('locks/force/desk/lights'), [{ token: 7 }]);
    say('forced', { token: 3 });
    say('forced', { token: 7, requester: 'hall' });
    say('forced', { token: 7, resources: ['blinds'] });
    say('forced', { token: 7 });
    await scene.settle();
    assert.equal(await ended, undefined);
  });

  it('is refused with the reason that the arbiter gives', async () => {
    const ended = scene.participant.force('lights', 7);
    await scene.settle();
    say('force-denied', { reason: 'changed', token: 6 });
    say('force-denied', { reason: 'policy', detail: 'no rule lets desk', token: 7 });
    await scene.settle();
    assert.deepEqual(await ended, { reason: 'policy', detail: 'no rule lets desk' });
  });

  it('is done when it is seen to be there no longer', async () => {
    const ended = scene.participant.force('lights', 7);
    await scene.settle();
    put(scene, 'blinds', 1);
    put(scene, 'lights', 7, { waitingCount: 1 });
    await scene.settle();
    put(scene, 'lights', 8);
    await scene.settle();
    assert.equal(await ended, undefined);
  });

  it('is given up when nobody answers, when there is no broker, and at the end', async () => {
    const unheard = scene.participant.force('lights', 7);
    await scene.settle(5_100);
    assert.deepEqual(await unheard, { reason: 'unavailable', detail: 'nobody has answered' });
    const last = scene.participant.force('lights', 7);
    await scene.settle();
    scene.broker.stop();
    await scene.settle();
    const unsaid = await scene.participant.force('lights', 7);
    assert.match(unsaid?.detail ?? '', /it could not be asked for/);
    const stopped = scene.participant.stop();
    assert.deepEqual(await last, { reason: 'unavailable', detail: 'stopping' });
    await scene.settle(3_000);
    await stopped;
  });
});

describe('claims that move between the authorities of a runtime', () => {
  for (const [how, fan, tokens] of [
    ['tell of the token of each resource that the states show', 7, { lights: 5, fan: 7 }],
    ['tell of none that was there before what was told', 6, { lights: 7, fan: 7 }],
  ] as const) {
    it(how, async () => {
      const { scene, arbiter } = await joined();
      arbiter.decide = (op) => (op.op === 'claim' ? { result: 'granted', token: 7 } : undefined);
      const { id } = scene.claim({ resources: ['lights', 'fan'] });
      await scene.settle();
      for (const [resource, token] of Object.entries({ lights: 5, fan })) {
        const claim = { id, requester: 'desk', name: 'node/key', resources: ['lights', 'fan'], priority: 0 };
        const claims = [{ ...claim, locker: 'desk', order: 1, standing: true }];
        const state = {
          v: 1,
          resource,
          state: 'held',
          holder: 'desk',
          requester: 'desk',
          priority: 0,
          token,
        };
        const text = JSON.stringify({ ...state, claims, waiting: [], waitingCount: 0, epoch: 1 });
        scene.broker.publish(`locks/state/${resource}`, text, { retain: true });
      }
      await scene.settle();
      const [handed] = scene.participant.surrender().claims;
      assert.deepEqual(handed?.make.was?.tokens, tokens);
    });
  }

  it('are given away as they stand, and nothing is told of them any more', async () => {
    const { scene, arbiter } = await joined();
    arbiter.decide = (op) => (op.op === 'claim' ? { result: 'granted', token: 5, order: 2 } : undefined);
    const claim = scene.claim({ resource: 'lights', value: 'on' }, 'key', true);
    await scene.settle();
    arbiter.isDeaf = true;
    scene.participant.update(claim, { value: 'dim' });
    const { claims: handed } = scene.participant.surrender();
    assert.deepEqual(handed, [
      {
        make: {
          ...{ op: 'claim', id: claim.id, name: 'node/key', owner: { path: 'node', key: 'key' }, keep: true },
          message: { resources: ['lights'], value: 'on' },
          changing: true,
          was: { order: 2, granted: true, tokens: { lights: 5 } },
        },
        ...{ phase: 'held', answer: claim.answer, changes: [{ value: 'dim' }] },
      },
    ]);
    assert.equal(claim.phase, 'ended');
    assert.equal(scene.participant.status.phase, 'resting');
    const refused = scene.participant.claim({
      ...{ id: 'x', owner: { path: 'a', key: 'b' }, message: {}, isKept: false },
    });
    assert.ok('reason' in refused && refused.reason === 'unavailable');
    const { length } = arbiter.frames;
    arbiter.isDeaf = false;
    await scene.settle(12_000);
    assert.equal(arbiter.frames.length, length);
    assert.deepEqual(scene.results(), ['granted']);
    assert.ok(scene.broker.retained.has('locks/claim/desk/node/key'), 'its new authority keeps it');
  });

  it('are taken over: listed, believed in as long as before, and changed as was asked for', async () => {
    const { scene, arbiter } = await joined();
    arbiter.decide = (op) => (op.op === 'claim' ? { result: 'granted', token: 5 } : undefined);
    const before = scene.claim({ resource: 'lights', value: 'on' });
    await scene.settle();
    scene.participant.update(before, { value: 'dim' });
    const { claims: handed } = scene.participant.surrender();
    await scene.settle(1_000);
    arbiter.isDeaf = true;
    scene.participant.adopt(handed, scene.clock.monotonic + 4_000);
    const [claim] = scene.moved;
    assert.ok(claim !== undefined && claim.id === before.id);
    assert.deepEqual([claim.phase, claim.message.value, scene.isHeld(claim)], ['held', 'dim', true]);
    await scene.settle(3_999);
    assert.equal(scene.isHeld(claim), true);
    await scene.settle(1);
    assert.deepEqual([scene.isHeld(claim), scene.results()], [false, ['granted', 'requeued session']]);
    arbiter.isDeaf = false;
    await scene.settle(3_000);
    assert.deepEqual(arbiter.got('update').at(-1)?.change, { value: 'dim' });
    assert.equal(scene.isHeld(claim), true);
  });

  it('that are adopted without being believed in are told to be so', async () => {
    const { scene, arbiter } = await joined();
    arbiter.decide = (op) => (op.op === 'claim' ? { result: 'granted', token: 5 } : undefined);
    scene.claim({ resource: 'lights', once: true });
    scene.claim({ resource: 'blinds' }, 'other');
    await scene.settle();
    const { claims: handed } = scene.participant.surrender();
    arbiter.isDeaf = true;
    scene.participant.adopt(handed, -Infinity);
    await scene.settle();
    assert.deepEqual(scene.results(), ['granted', 'granted', 'lost session', 'requeued session']);
  });
});
