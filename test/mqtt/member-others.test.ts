// Runtimes that take part where another one decides, and what becomes of their claims when that changes.
import assert from 'node:assert/strict';
import type { Memory } from '../../src/mqtt/arbiter-context';
import { officeId } from '../../src/mqtt/office-id';
import type { HandClock } from '../support/hand-clock';
import { MemberScene, type MemberSceneOptions, newBroker } from '../support/member-scene';
import type { SimulatedBroker } from '../support/simulated-broker';

let broker: SimulatedBroker;
let clock: HandClock;

function beginAnew(): void {
  broker = newBroker();
  clock = broker.clock as HandClock;
}

function start(name: string, options: MemberSceneOptions = {}): MemberScene {
  return new MemberScene(broker, name, options).start();
}

async function takeOver({ member }: MemberScene, ms = 1_000): Promise<void> {
  const taken = member.takeOver();
  await clock.advance(ms);
  await taken;
}

async function stop({ member }: MemberScene): Promise<void> {
  const stopped = member.stop();
  await clock.advance(3_000);
  await stopped;
}

describe('a runtime that decides alone', () => {
  beforeEach(beginAnew);

  const alone = { decide: 'alone' } as const;

  it('decides at once, and another one takes part and says who decides', async () => {
    const house = start('house', alone);
    await clock.advance(100);
    assert.equal(house.member.role(), 'arbiter');
    const garage = start('garage', alone);
    await clock.advance(3_000);
    assert.equal(garage.member.role(), 'participant');
    assert.equal(garage.member.status.other?.requester, 'house');
    assert.equal(garage.member.status.canTakeOver, true);
    const id = garage.claim('node', { resource: 'lights' });
    await clock.advance(100);
    assert.equal(garage.isHeld(id), true);
    assert.equal(house.state('lights').requester, 'garage');
    const alarm = house.claim('alarm', { resource: 'lights', priority: 900 });
    await clock.advance(100);
    assert.equal(garage.isHeld(id), false);
    assert.equal(house.isHeld(alarm), true);
    house.release(alarm);
    await clock.advance(100);
    assert.deepEqual(garage.told, ['node granted', 'node revoking', 'node requeued', 'node granted']);
  });

  it('remembers that others may hold something when it takes part where another one decides', async () => {
    const remembered = new Map<string, boolean>();
    const memory = (name: string): Memory => ({
      ...{ othersMayHold: false, tokenFloor: 0 },
      note({ othersMayHold }) {
        if (othersMayHold !== undefined) remembered.set(name, othersMayHold);
      },
    });
    start('house', { ...alone, memory: memory('house') });
    await clock.advance(100);
    assert.equal(remembered.size, 0);
    start('garage', { ...alone, memory: memory('garage') });
    await clock.advance(3_000);
    assert.deepEqual([...remembered].sort(), [
      ['garage', true],
      ['house', true],
    ]);
  });

  it('decides also without a broker', async () => {
    broker.stop();
    const house = start('house', alone);
    await clock.advance(11_000);
    await house.member.ready;
    const id = house.claim('node', { resource: 'lights' });
    assert.equal(house.isHeld(id), true);
    assert.equal(house.member.authority.validUntil, Infinity);
  });

  it('is taken over from by hand, and takes part when it comes back', async () => {
    const house = start('house', alone);
    await clock.advance(100);
    const garage = start('garage', alone);
    await clock.advance(3_000);
    const id = garage.claim('node', { resource: 'lights' });
    await clock.advance(100);
    await house.kill();
    await clock.advance(20_000);
    assert.equal(garage.member.role(), 'participant');
    await takeOver(garage);
    assert.equal(garage.member.role(), 'arbiter');
    assert.equal(garage.member.epoch(), 2);
    assert.equal(garage.isHeld(id), true);
    await garage.member.takeOver();
    const back = start('house', alone);
    await clock.advance(3_000);
    assert.equal(back.member.role(), 'participant');
    assert.equal(back.state('lights').holder, 'node');
  });

  it('gives way to whoever has taken over, and its claims go there', async () => {
    const house = start('house', alone);
    await clock.advance(100);
    const once = house.claim('once', { resource: 'door', once: true });
    const standing = house.claim('standing', { resource: 'lights' });
    const garage = start('garage', alone);
    await clock.advance(3_000);
    // Of what the other one holds, or has given away, the store need not tell: nothing is decided before that is over.
    await takeOver(garage, 11_000);
    await clock.advance(3_000);
    assert.equal(house.member.role(), 'participant');
    assert.equal(house.claims.has(once), false);
    assert.deepEqual(house.told.slice(2, 4).sort(), ['once lost', 'standing requeued']);
    assert.equal(house.isHeld(standing), true);
    assert.equal(garage.state('lights').requester, 'house');
    await takeOver(house, 11_000);
    assert.equal(house.member.role(), 'arbiter');
    assert.equal(house.isHeld(standing), true);
  });

  it('cannot be taken over from without a broker, or by one that may not decide', async () => {
    start('house', alone);
    await clock.advance(100);
    const garage = start('garage', alone);
    const guest = start('guest', { decide: 'never' });
    await clock.advance(3_000);
    await assert.rejects(guest.member.takeOver(), /it may not decide here/);
    assert.equal(guest.member.status.canTakeOver, false);
    broker.stop();
    const taken = assert.rejects(garage.member.takeOver(), /the broker is gone/);
    await clock.advance(26_000);
    await taken;
    const again = assert.rejects(garage.member.takeOver(), /stopped/);
    await stop(garage);
    await again;
  });

  it('decides when its predecessor’s presence is cleared by hand', async () => {
    const house = start('house', alone);
    await clock.advance(100);
    const garage = start('garage', alone);
    await clock.advance(3_000);
    await house.kill();
    await clock.advance(2_000);
    broker.publish('locks/arbiter', '', { retain: true });
    await clock.advance(20_000);
    assert.equal(garage.member.role(), 'arbiter');
  });

  it('decides always where the broker is its own', async () => {
    const house = start('house', { decide: 'never', isSole: true });
    await clock.advance(100);
    assert.equal(house.member.role(), 'arbiter');
    await house.member.takeOver();
    const guest = start('guest', { decide: 'never' });
    await clock.advance(3_000);
    assert.equal(guest.member.role(), 'participant');
    await stop(guest);
    await stop(house);
    assert.equal(clock.timers, 0);
  });
});

describe('runtimes that may take over from each other', () => {
  beforeEach(beginAnew);

  it('work on with what they hold when the one that decides is killed', async () => {
    const a = start('a');
    await clock.advance(18_000);
    const b = start('b');
    const c = start('c', { decide: 'never' });
    await clock.advance(3_000);
    const [held, waiting] = [
      b.claim('b', { resource: 'lights' }),
      c.claim('c', { resource: 'lights', priority: -1 }),
    ];
    const other = c.claim('other', { resource: 'fan' });
    await clock.advance(200);
    await a.kill();
    await clock.advance(7_000);
    assert.equal(b.member.role(), 'arbiter');
    assert.equal(c.member.epoch(), 2);
    await clock.advance(2_000);
    assert.deepEqual([b.isHeld(held), c.isHeld(waiting), c.isHeld(other)], [true, false, true]);
    assert.deepEqual(b.told, ['b granted']);
    assert.deepEqual(c.told.toSorted(), ['c queued', 'other granted']);
    b.release(held);
    await clock.advance(200);
    assert.equal(c.isHeld(waiting), true);
  });

  it('do not lose what the one that decided held when it only loses its connection', async () => {
    const a = start('a');
    await clock.advance(18_000);
    const b = start('b');
    await clock.advance(3_000);
    const id = a.claim('a', { resource: 'lights' });
    await clock.advance(200);
    await takeOver(b);
    await clock.advance(3_000);
    assert.deepEqual([a.member.role(), b.member.role()], ['participant', 'arbiter']);
    assert.equal(a.isHeld(id), true);
    assert.deepEqual(a.told, ['a granted']);
    assert.equal(b.state('lights').requester, 'a');
  });

  it('never both believe in the same hold while one of them is cut off', async () => {
    const a = start('a');
    await clock.advance(18_000);
    const b = start('b');
    await clock.advance(3_000);
    const first = a.claim('a', { resource: 'lights' });
    const second = b.claim('b', { resource: 'lights' });
    await clock.advance(200);
    for (const { clientId } of a.connections) broker.cut(clientId);
    await Promise.all(a.connections.map((each) => each.stop()));
    for (let seconds = 0; seconds < 30; seconds++) {
      assert.ok(!(a.isHeld(first) && b.isHeld(second)), `after ${seconds} s`);
      await clock.advance(1_000);
    }
    assert.equal(a.isHeld(first), false);
    assert.equal(b.isHeld(second), true);
  });

  it('keep the rules of the one before, and say that they differ', async () => {
    const a = start('a', { timing: { handoverTimeout: 250 } });
    await clock.advance(18_000);
    const b = start('b');
    await clock.advance(3_000);
    await stop(a);
    assert.equal(b.member.role(), 'arbiter');
    const presence = JSON.parse(broker.retained.get('locks/arbiter') ?? '{}');
    assert.equal(presence.settings.handoverTimeout, 250);
    assert.match(b.logged.join('\n'), /the rules and settings of a, who decided before, stay in force/);
  });

  it('leave the office to one that decides alone, until that is taken over from by hand', async () => {
    const house = start('house', { decide: 'alone' });
    await clock.advance(100);
    const b = start('b');
    await clock.advance(3_000);
    await house.kill();
    await clock.advance(60_000);
    assert.equal(b.member.role(), 'participant');
    // Nobody was heard alive, so that everybody is asked first.
    await takeOver(b, 12_000);
    assert.equal(b.member.role(), 'arbiter');
  });

  it('notice a connection that is not there any more though nobody says so', async () => {
    const a = start('a');
    await clock.advance(18_000);
    const id = a.claim('a', { resource: 'lights' });
    await clock.advance(200);
    broker.mayPublish = (clientId) => clientId !== officeId('locks');
    await clock.advance(6_500);
    assert.notEqual(a.member.role(), 'arbiter');
    broker.mayPublish = () => true;
    await clock.advance(30_000);
    assert.equal(a.member.role(), 'arbiter');
    assert.equal(a.isHeld(id), true);
  });
});
