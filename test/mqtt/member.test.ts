import assert from 'node:assert/strict';
import { officeId } from '../../src/mqtt/office-id';
import type { HandClock } from '../support/hand-clock';
import { MemberScene, newBroker } from '../support/member-scene';
import type { SimulatedBroker } from '../support/simulated-broker';

/** No arbiter was heard for that long at the start, and then for a session time nobody says what he holds. */
const FIRST_TERM = 18_000;

describe('a runtime that may take over', () => {
  let broker: SimulatedBroker;
  let clock: HandClock;

  beforeEach(() => {
    broker = newBroker();
    clock = broker.clock as HandClock;
  });

  async function takeOver({ member }: MemberScene): Promise<void> {
    const taken = member.takeOver();
    await clock.advance(1_000);
    await taken;
  }

  it('becomes the arbiter where there is none, and takes what it claimed meanwhile with it', async () => {
    const house = new MemberScene(broker, 'house').start();
    const id = house.claim('node', { resource: 'lights' });
    assert.equal(house.member.role(), 'starting');
    await clock.advance(FIRST_TERM);
    assert.equal(house.member.role(), 'arbiter');
    assert.equal(house.member.epoch(), 1);
    assert.deepEqual(house.told, ['node granted']);
    assert.equal(house.isHeld(id), true);
    assert.equal(house.state('lights').holder, 'node');
  });

  it('is told what it claims itself only when it can be read at the broker', async () => {
    const house = new MemberScene(broker, 'house').start();
    await clock.advance(FIRST_TERM);
    broker.mayPublish = (_, topic) => !topic.startsWith('locks/state/');
    const id = house.claim('node', { resource: 'lights' });
    await clock.advance(100);
    assert.equal(house.isHeld(id), false);
    broker.mayPublish = () => true;
    house.claim('other', { resource: 'lights' });
    await clock.advance(100);
    assert.equal(house.isHeld(id), true);
  });

  it('is the only one', async () => {
    const all = ['a', 'b', 'c'].map((name) => new MemberScene(broker, name).start());
    await clock.advance(FIRST_TERM * 2);
    const roles = all.map(({ member }) => member.role());
    assert.equal(roles.filter((role) => role === 'arbiter').length, 1, `${roles}`);
  });

  it('stops at once when it loses its connection, with what it holds, and comes back as a candidate', async () => {
    const house = new MemberScene(broker, 'house').start();
    await clock.advance(FIRST_TERM);
    const id = house.claim('node', { resource: 'lights' });
    await clock.advance(100);
    broker.cut(officeId('locks'), 'cut');
    assert.notEqual(house.member.role(), 'arbiter');
    assert.equal(house.isHeld(id), true);
    await clock.advance(20_000);
    assert.equal(house.member.role(), 'arbiter');
    assert.equal(house.member.epoch(), 2);
    assert.deepEqual(
      house.told.filter((told) => told !== 'node granted'),
      [],
    );
    assert.equal(house.isHeld(id), true);
  });

  it('believes no longer in what it holds than its session goes', async () => {
    const house = new MemberScene(broker, 'house').start();
    await clock.advance(FIRST_TERM);
    const id = house.claim('node', { resource: 'lights' });
    await clock.advance(100);
    broker.stop();
    await clock.advance(8_000);
    assert.equal(house.isHeld(id), true);
    await clock.advance(1_100);
    assert.equal(house.isHeld(id), false);
    assert.deepEqual(house.told, ['node granted', 'node requeued']);
    broker.start();
    await clock.advance(FIRST_TERM * 2);
    assert.equal(house.isHeld(id), true);
    assert.equal(house.told.at(-1), 'node granted');
  });

  it('does not believe in anything after a standstill before a beat is back', async () => {
    const house = new MemberScene(broker, 'house').start();
    await clock.advance(FIRST_TERM);
    const id = house.claim('node', { resource: 'lights' });
    await clock.advance(100);
    clock.wall += 7_000;
    clock.monotonic += 7_000;
    assert.equal(house.isHeld(id), false);
    await clock.advance(10);
    assert.equal(house.isHeld(id), true);
    assert.equal(house.member.role(), 'arbiter');
  });

  it('takes over at once after a goodbye, the delay after the last beat of one that is killed', async () => {
    const first = new MemberScene(broker, 'first').start();
    await clock.advance(FIRST_TERM);
    const second = new MemberScene(broker, 'second').start();
    await clock.advance(2_000);
    const stopped = first.member.stop();
    await clock.advance(500);
    await stopped;
    await clock.advance(100);
    assert.equal(second.member.role(), 'arbiter');
    assert.equal(second.member.epoch(), 2);
    const third = new MemberScene(broker, 'third').start();
    await clock.advance(2_000);
    await second.kill();
    await clock.advance(5_500);
    assert.equal(third.member.role(), 'arbiter');
    assert.equal(third.member.epoch(), 3);
  });

  it('gives way for ever to nobody: two of them settle after a while', async () => {
    const a = new MemberScene(broker, 'a').start();
    await clock.advance(FIRST_TERM);
    const b = new MemberScene(broker, 'b').start();
    await clock.advance(3_000);
    await takeOver(b);
    assert.equal(b.member.role(), 'arbiter');
    assert.equal(a.member.role() === 'arbiter', false);
    const terms = b.member.epoch();
    await clock.advance(60_000);
    assert.equal(b.member.role(), 'arbiter');
    assert.equal(b.member.epoch(), terms);
    await takeOver(a);
    assert.equal(a.member.role(), 'arbiter');
    assert.equal(b.member.role() === 'arbiter', false);
  });

  it('leaves nothing behind when it stops', async () => {
    const house = new MemberScene(broker, 'house').start();
    await clock.advance(FIRST_TERM);
    house.claim('node', { resource: 'lights' });
    await clock.advance(100);
    const stopped = house.member.stop();
    await clock.advance(3_000);
    await stopped;
    await house.member.stop();
    assert.equal(clock.timers, 0);
    assert.equal(JSON.parse(broker.retained.get('locks/state/lights') ?? '{}').state, 'free');
    assert.deepEqual(
      [...broker.retained.keys()].filter((topic) => topic.includes('session')),
      [],
    );
  });
});
