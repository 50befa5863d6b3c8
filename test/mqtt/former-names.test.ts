import assert from 'node:assert/strict';
import type { Before } from '../../src/mqtt/arbiter-context';
import type { ParticipantClaim } from '../../src/mqtt/participant-claim';
import { type ArbiterScene, essence, startArbiter } from '../support/arbiter-scene';
import { MemberScene, newBroker } from '../support/member-scene';
import { ParticipantScene, type ParticipantSceneOptions } from '../support/participant-scene';
import type { SimulatedBroker } from '../support/simulated-broker';

const HOUR_MS = 3_600_000;

/** Topics under a name at which the broker retains something. */
function leftUnder({ retained }: SimulatedBroker, name: string): readonly string[] {
  return [...retained.keys()].filter((topic) => topic.includes(`/${name}/`));
}

function formerly(name: string, instance: string): { readonly before: () => Before } {
  return { before: () => ({ former: [{ name, instance }] }) };
}

describe('an arbiter whose runtime has another name since its restart', () => {
  let attic: ArbiterScene;

  beforeEach(async () => {
    attic = await startArbiter({ requester: 'attic', instance: 'life 1' });
    const options = { value: 'on', priority: 'motion', ttl: HOUR_MS };
    attic.own('node/1', { resources: ['lights'], locker: 'motion detected', ...options }, true);
    attic.own('node/2', { resource: 'fan', locker: 'fan' });
    attic.own('node/3', { resource: 'lights', locker: 'save energy', priority: 'energy' }, true);
    await attic.settle();
  });

  const restart = (options: object, requester = 'roof') =>
    startArbiter({ requester, ...options }, attic.broker);

  it('has what it kept under the name before, as it was', async () => {
    const before = essence(attic.state('lights'));
    await attic.crash();
    const roof = await restart(formerly('attic', 'life 1'));
    const [motion, energy] = roof.recalled;
    assert.deepEqual([motion?.phase, energy?.phase], ['held', 'waiting']);
    assert.deepEqual(motion?.owner, { path: 'node/1', key: 'key' });
    const after = roof.state('lights');
    assert.deepEqual(essence(after), JSON.parse(JSON.stringify(before).replaceAll('"attic"', '"roof"')));
    assert.deepEqual(
      after?.claims.map(({ requester }) => requester),
      ['roof'],
    );
    assert.equal(roof.state('fan')?.state, 'free');
    assert.deepEqual(leftUnder(roof.broker, 'attic'), []);
    assert.deepEqual(roof.heard, []);
  });

  it('keeps it under the new name from now on', async () => {
    await attic.crash();
    const roof = await restart(formerly('attic', 'life 1'));
    await roof.crash();
    const again = await restart({});
    assert.deepEqual(again.recalled.map(({ phase }) => phase).sort(), ['held', 'waiting']);
    for (const claim of again.recalled) again.arbiter.release(claim);
    await again.settle();
    assert.deepEqual(leftUnder(again.broker, 'roof'), []);
    assert.equal(again.state('lights')?.state, 'free');
  });

  it('leaves to a device what it has under that name, and its claims to another runtime', async () => {
    await attic.device('attic/gate', { value: 'open' });
    await attic.crash();
    attic.broker.publish('locks/session/attic', '{"v":1,"online":true,"instance":"other"}', { retain: true });
    const roof = await restart(formerly('attic', 'life 1'));
    assert.deepEqual(roof.recalled, []);
    assert.equal(roof.state('lights')?.requester, 'attic');
    assert.ok(roof.broker.retained.get('locks/claim/attic/node/1/key'));
    assert.ok(roof.broker.retained.get('locks/claim/attic/gate'));
  });

  it('has it also where its own end has not been noticed yet', async () => {
    await attic.crash();
    attic.broker.publish('locks/session/attic', '{"v":1,"online":true,"instance":"life 1"}', {
      retain: true,
    });
    const roof = await restart(formerly('attic', 'life 1'));
    assert.equal(roof.state('lights')?.requester, 'roof');
    assert.equal(roof.broker.retained.get('locks/session/attic'), undefined);
  });

  it('counts what it has under the new name already in the same place', async () => {
    const claim = { id: 'x', resources: ['lights'], locker: 'new', owner: { path: 'node/1', key: 'key' } };
    await attic.crash();
    attic.broker.publish('locks/claim/roof/node/1/key', JSON.stringify(claim), { retain: true });
    const roof = await restart(formerly('attic', 'life 1'));
    assert.deepEqual(roof.recalled.map(({ locker }) => locker).sort(), ['new', 'save energy']);
    assert.deepEqual(leftUnder(roof.broker, 'attic'), []);
  });
});

describe('a participant that has another name since its restart', () => {
  let house: ArbiterScene;
  let attic: ParticipantScene;

  async function join(requester: string, options: ParticipantSceneOptions = {}) {
    const scene = await new ParticipantScene(house.broker, { requester, ...options }).start();
    await scene.settle(1_000);
    return scene;
  }

  beforeEach(async () => {
    house = await startArbiter();
    attic = await join('attic', { instance: 'life 1' });
    attic.claim(
      { resource: 'lights', locker: 'motion', value: 'on', ttl: HOUR_MS, timeout: 5_000 },
      'a',
      true,
    );
    attic.claim({ resource: 'fan', locker: 'fan' }, 'b');
    await house.settle();
  });

  it('has what it kept under the name before, and nobody comes between', async () => {
    const other = house.own('other', { resource: 'lights', locker: 'other' });
    await attic.crash();
    await house.settle(12_000);
    const roof = await join('roof', formerly('attic', 'life 1'));
    const [claim] = roof.recalled;
    assert.deepEqual([claim?.owner, claim?.phase], [{ path: 'node', key: 'a' }, 'held']);
    assert.deepEqual(roof.results(), ['queued', 'granted']);
    const { requester, holder, value } = house.arbiter.state('lights');
    assert.deepEqual([requester, holder, value, other.phase], ['roof', 'motion', 'on', 'waiting']);
    assert.ok(Number(claim?.expires) < house.clock.monotonic + HOUR_MS - 10_000);
    assert.deepEqual(leftUnder(house.broker, 'attic'), []);
    roof.participant.release(claim as ParticipantClaim);
    await house.settle();
    assert.deepEqual([leftUnder(house.broker, 'roof'), other.phase], [[], 'held']);
  });

  it('has it as soon as its session of before is over', async () => {
    await attic.crash();
    const roof = await join('roof', formerly('attic', 'life 1'));
    assert.equal(house.arbiter.state('lights').requester, 'attic');
    await house.settle(12_000);
    assert.equal(house.arbiter.state('lights').requester, 'roof');
    assert.deepEqual(leftUnder(house.broker, 'attic'), []);
    assert.deepEqual(roof.results(), ['queued', 'granted']);
  });

  it('waits on in its place for what it waited for', async () => {
    const first = house.own('first', { resource: 'door', locker: 'first' });
    const wait = { resource: 'door', locker: 'second' };
    attic.claim(wait, 'c', true);
    await house.settle();
    const third = house.own('third', { resource: 'door', locker: 'third' });
    await attic.crash();
    await house.settle(12_000);
    const roof = await join('roof', formerly('attic', 'life 1'));
    house.arbiter.release(first);
    await house.settle();
    assert.deepEqual([house.arbiter.state('door').requester, third.phase], ['roof', 'waiting']);
    assert.equal(roof.recalled.length, 2);
  });

  it('takes nothing from somebody who has that name by now', async () => {
    const roof = await join('roof', formerly('attic', 'another life'));
    assert.deepEqual(roof.recalled, []);
    assert.equal(house.arbiter.state('lights').requester, 'attic');
    assert.ok(house.broker.retained.get('locks/claim/attic/node/a'));
  });
});

describe('a runtime that may take over, and has another name since its restart', () => {
  it('has what it kept under the name before when it decides again', async () => {
    const broker = newBroker();
    const attic = new MemberScene(broker, 'attic', { instance: 'life1' }).start();
    const { clock } = attic;
    await clock.advance(30_000);
    attic.claim('lights', { resource: 'lights', value: 'on' }, true);
    attic.claim('fan', { resource: 'fan' });
    await clock.advance(1_000);
    const { token } = attic.state('lights');
    await attic.kill();
    const roof = new MemberScene(broker, 'roof', formerly('attic', 'life1')).start();
    await clock.advance(30_000);
    assert.equal(roof.member.role(), 'arbiter');
    const [claim, ...others] = [...roof.claims.values()];
    assert.deepEqual([claim?.owner?.path, claim?.phase, others], ['lights', 'held', []]);
    const lights = roof.state('lights');
    assert.deepEqual([lights.requester, lights.value], ['roof', 'on']);
    assert.ok(Number(lights.token) > Number(token));
    assert.equal(roof.state('fan').state, 'free');
    assert.deepEqual(leftUnder(broker, 'attic'), []);
  });
});
