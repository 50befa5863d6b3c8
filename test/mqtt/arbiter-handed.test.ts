// What this runtime had with another authority, when it becomes the arbiter itself.
import assert from 'node:assert/strict';
import type { HandedClaim } from '../../src/mqtt/participant-claims';
import type { MakeOp } from '../../src/mqtt/session-messages';
import { ArbiterScene } from '../support/arbiter-scene';
import { HandClock } from '../support/hand-clock';
import { SimulatedBroker } from '../support/simulated-broker';

describe('claims that another authority of this runtime had', () => {
  let broker: SimulatedBroker;
  const prove = (proven: () => void) => proven();

  beforeEach(() => {
    broker = new SimulatedBroker({ clock: new HandClock() });
  });

  /** An arbiter that was heard alive has granted these claims to a session of ours, and is gone. */
  async function lastTerm(...names: readonly string[]): Promise<number> {
    const term = { epoch: 0, witnessed: () => 0, prove, validUntil: () => Infinity };
    broker.publish('locks/arbiter/term', JSON.stringify({ epoch: 0, tokenFloor: 0 }), { retain: true });
    const scene = new ArbiterScene({ instance: 'last', term }, broker);
    await scene.start();
    for (const name of names) scene.own(name, { resource: name, locker: name, priority: 5, ttl: 60_000 });
    await scene.settle();
    await scene.crash();
    return scene.arbiter.state(names[0] ?? '').token ?? 0;
  }

  /** As it would be listed; the ids are those of the last term. */
  function handed(
    name: string,
    change: Partial<Omit<HandedClaim, 'make'>> = {},
    make: Partial<MakeOp> = {},
  ): HandedClaim {
    const state = JSON.parse(broker.retained.get(`locks/state/${name}`) ?? '{"claims":[]}');
    const id = state.claims[0]?.id ?? `id of ${name}`;
    const message = { resource: name, locker: name, priority: 5, ttl: 60_000 };
    const owner = { path: name, key: 'key' };
    const op = { op: 'claim', id, name: `${name}/key`, message, keep: false, owner } as const;
    return { make: { ...op, ...make }, phase: 'held', answer: undefined, changes: [], ...change };
  }

  async function nextTerm(...claims: readonly HandedClaim[]) {
    const moved: string[] = [];
    const term = { epoch: 1, witnessed: () => 1, prove, validUntil: () => Infinity };
    const scene = new ArbiterScene(
      { term, takeOwn: () => ({ claims, isAll: true, token: 0 }), moved: ({ id }) => moved.push(id) },
      broker,
    );
    await scene.start();
    const told = scene.heard.map(({ claim, answer }) => `${claim.id.split(' ').at(-1)} ${answer.result}`);
    return { scene, moved, told };
  }

  const answered = (result: 'granted' | 'queued' | 'requeued', token?: number) =>
    ({ answer: { result, resources: [], ...(token !== undefined && { token }) } }) as const;

  it('go on as they stand in the store, and nothing is told that was told', async () => {
    const token = await lastTerm('lights');
    const tokens = { lights: token };
    const claim = handed('lights', answered('granted', token), {
      was: { order: 1, granted: true, tokens, remaining: 30_000 },
    });
    const { scene, moved, told } = await nextTerm(claim);
    assert.deepEqual(moved, [claim.make.id]);
    assert.deepEqual(told, []);
    const { make, phase } = scene.arbiter.leave()[0] ?? {};
    assert.equal(phase, 'held');
    assert.deepEqual(make?.was?.tokens, tokens);
    assert.ok((make?.was?.remaining ?? 0) <= 30_000);
    assert.equal(scene.state('lights')?.token, token);
    assert.deepEqual(scene.recalled, []);
  });

  it('do not take the end of their revocation for that of their lease', async () => {
    const token = await lastTerm('lights');
    const claim = handed(
      'lights',
      { phase: 'revoking', ...answered('granted', token) },
      {
        message: { resource: 'lights', locker: 'lights', priority: 5 },
        was: { order: 1, granted: true, tokens: { lights: token }, revoking: 20 },
      },
    );
    const { scene } = await nextTerm(claim);
    await scene.settle(1_000);
    assert.equal(scene.heard.at(-1)?.answer.result, 'granted');
    assert.equal(scene.holder('lights'), 'lights');
  });

  it('are told of a grant that they had not heard of', async () => {
    await lastTerm('lights', 'fan');
    const lights = handed(
      'lights',
      { phase: 'waiting', ...answered('queued') },
      { was: { granted: false, order: 1 } },
    );
    const fan = handed('fan', { phase: 'asked' });
    const { scene } = await nextTerm(lights, fan);
    assert.deepEqual(
      scene.heard.map(({ claim, answer }) => `${claim.resources} ${answer.result} ${claim.isProven}`),
      ['lights granted true', 'fan granted true'],
    );
  });

  it('lose what the store does not tell of: a standing one waits for it, a once one ends', async () => {
    await lastTerm('other');
    const was = { granted: true, tokens: { lights: 7 }, order: 3 };
    const standing = handed('lights', answered('granted', 7), { id: 'id of standing', was });
    const once = handed('fan', answered('granted', 7), {
      ...{ id: 'id of once', message: { resource: 'fan', once: true } },
      was: { ...was, tokens: { fan: 7 } },
    });
    const { scene, told } = await nextTerm(standing, once);
    assert.deepEqual(told, ['once lost', 'standing granted']);
    assert.equal(scene.heard[0]?.answer.reason, 'session');
    assert.ok((scene.state('lights')?.token ?? 0) > 7);
  });

  it('keep their places among those who wait, and what is left of their waits', async () => {
    const token = await lastTerm('lights');
    const holds = handed('lights', answered('granted', token), {
      was: { granted: true, tokens: { lights: token }, order: 1 },
    });
    const wait = (name: string, order: number, left?: number) =>
      handed(
        'lights',
        { phase: 'waiting', ...answered('queued') },
        {
          ...{ id: `id of ${name}`, name: `${name}/key`, owner: { path: name, key: 'key' } },
          message: { resource: 'lights', locker: name, ...(left !== undefined && { timeout: 60_000 }) },
          was: { granted: false, order, ...(left !== undefined && { wait: left }) },
        },
      );
    const { scene, told } = await nextTerm(
      holds,
      wait('second', 9),
      wait('first', 4),
      wait('short', 2, 1_000),
    );
    assert.deepEqual(told, []);
    await scene.settle(1_000);
    const [holder] = scene.arbiter.leave();
    assert.equal(scene.heard[0]?.answer.reason, 'timeout');
    const live = scene.arbiter.leave().map(({ make }) => make.message.locker);
    assert.deepEqual(live.toSorted(), ['first', 'lights', 'second']);
    assert.equal(holder?.phase, 'held');
    assert.equal(await scene.arbiter.force('lights', token, 'me'), undefined);
    await scene.settle();
    assert.equal(scene.holder('lights'), 'first');
  });

  it('have done what was still on its way', async () => {
    const token = await lastTerm('lights');
    const was = { granted: true, tokens: { lights: token }, order: 1 };
    const { scene } = await nextTerm(
      handed('lights', { ...answered('granted', token), changes: [{ value: 'blue' }] }, { was }),
    );
    assert.equal(scene.state('lights')?.value, 'blue');
  });

  it('have the priority and the value of their message, unless changes of it may have been made already', async () => {
    await lastTerm('lights', 'fan');
    const message = (name: string) => ({
      resource: name,
      locker: name,
      priority: 50,
      value: 'dim',
      ttl: 60_000,
    });
    const { scene } = await nextTerm(
      handed('lights', {}, { message: message('lights') }),
      handed('fan', {}, { message: message('fan'), changing: true }),
    );
    assert.deepEqual([scene.state('lights')?.priority, scene.state('lights')?.value], [50, 'dim']);
    assert.deepEqual([scene.state('fan')?.priority, scene.state('fan')?.value], [5, undefined]);
  });

  it('end when they cannot be claims any more', async () => {
    await lastTerm('other');
    const { told } = await nextTerm(
      handed('x', { phase: 'asked' }, { message: { resource: 'x', priority: 'no such level' } }),
    );
    assert.deepEqual(told, ['x denied']);
  });

  it('are kept over restarts only if they were', async () => {
    await lastTerm('other');
    const { scene } = await nextTerm(
      handed('a', { phase: 'asked' }, { keep: true }),
      handed('b', { phase: 'asked' }),
    );
    assert.deepEqual(
      scene.arbiter.leave().map(({ make }) => make.keep),
      [true, false],
    );
    assert.equal(broker.retained.has('locks/claim/house/a/key'), true);
    assert.equal(broker.retained.has('locks/claim/house/b/key'), false);
  });

  it('are withdrawn where they ended after the store was read, or stand in one that is old', async () => {
    await lastTerm('other');
    const retained = JSON.stringify({ id: 'old', owner: { path: 'a', key: 'key' }, resource: 'a' });
    broker.publish('locks/claim/house/a/key', retained, { retain: true });
    const over = { granted: false, wait: 0 };
    const late = handed(
      'b',
      { phase: 'waiting' },
      { keep: true, was: over, message: { resource: 'other', timeout: 0 } },
    );
    const { scene } = await nextTerm(late);
    await scene.settle();
    assert.deepEqual(scene.recalled, []);
    assert.equal(broker.retained.has('locks/claim/house/a/key'), false);
    assert.deepEqual(scene.holder('a'), undefined);
  });

  it('wait for a session time where the store may have forgotten what others hold', async () => {
    await lastTerm('lights');
    const term = { epoch: 1, witnessed: () => 0, prove, validUntil: () => Infinity };
    let taken = 0;
    const takeOwn = () => {
      taken++;
      return { claims: [handed('fan', { phase: 'asked' })], isAll: true, token: 0 };
    };
    const scene = await new ArbiterScene({ term, takeOwn }, broker).start();
    await scene.device('panel/fan', { priority: 9 });
    await scene.settle(9_000);
    assert.equal(scene.arbiter.status.phase, 'starting');
    assert.match(scene.arbiter.status.reason ?? '', /asking everybody/);
    assert.equal(taken, 0);
    assert.match(broker.retained.get('locks/arbiter') ?? '', /"online":true.*"epoch":2/);
    await scene.settle(1_000);
    assert.equal(scene.arbiter.status.phase, 'deciding');
    assert.equal(scene.arbiter.epoch, 2);
    assert.equal(taken, 1);
    assert.equal(scene.holder('fan'), 'panel');
    assert.equal(scene.state('fan')?.waitingCount, 1);
  });
});
