// What participants and an arbiter make of a store that was lost, or came back old.
import assert from 'node:assert/strict';
import { type ArbiterScene, startArbiter } from '../support/arbiter-scene';
import { ParticipantScene } from '../support/participant-scene';

describe('where the store may be lost or old, participants', () => {
  let house: ArbiterScene;
  let desk: ParticipantScene;
  let hall: ParticipantScene;

  beforeEach(async () => {
    house = await startArbiter();
    desk = await new ParticipantScene(house.broker, { requester: 'desk' }).start();
    hall = await new ParticipantScene(house.broker, { requester: 'hall' }).start();
    await house.settle(2_000);
  });

  it('are heard before anything is decided, where the arbiter and an old store come back together', async () => {
    const old = new Map(house.broker.retained);
    const claim = desk.claim({ resource: 'lights', locker: 'me' });
    await house.settle();
    await house.crash();
    desk.cut('up', 'down');
    house.broker.stop();
    house.broker.start(old);
    house.broker.publish('locks/claim/panel/lights', '{"locker":"panel"}', { retain: true });
    const next = await startArbiter({}, house.broker);
    let heldByPanel = 0;
    for (let waited = 0; waited < 15_000; waited += 100) {
      await next.settle(100);
      if (next.holder('lights') !== 'panel') continue;
      heldByPanel++;
      assert.equal(desk.isHeld(claim), false);
    }
    assert.ok(heldByPanel > 0);
  });

  it('tell an arbiter that comes back alone that nothing of the store was lost', async () => {
    const claim = desk.claim({ resource: 'lights', locker: 'me' });
    await house.settle();
    await house.crash();
    const next = await startArbiter({}, house.broker);
    assert.equal(next.arbiter.status.phase, 'deciding');
    assert.deepEqual([desk.isHeld(claim), desk.results()], [true, ['granted']]);
  });

  it('do not get a hold back that they have given up since, by a claim of the same locker', async () => {
    const first = desk.claim({ resource: 'lights', locker: 'me' });
    await house.settle();
    const old = new Map(house.broker.retained);
    desk.participant.release(first);
    const theirs = hall.claim({ resource: 'lights', locker: 'you', once: true });
    await house.settle();
    hall.participant.release(theirs);
    await house.settle();
    await house.crash();
    house.broker.stop();
    house.broker.start(old);
    const next = await startArbiter({}, house.broker);
    const again = desk.claim({ resource: 'lights', locker: 'me' }, 'again');
    await next.settle(12_000);
    assert.equal(desk.isHeld(again), true);
    assert.ok(again.token > theirs.token && theirs.token > first.token);
  });

  it('get no token again that they have seen, though the store was lost', async () => {
    await house.crash();
    // Above the floor of before, and so of the clock.
    const second = await startArbiter({}, house.broker);
    const claim = desk.claim({ resource: 'lights', locker: 'me' });
    await second.settle();
    desk.participant.release(claim);
    await second.settle();
    await second.crash();
    house.broker.stop('lost');
    house.broker.start();
    const third = await startArbiter({}, house.broker);
    await third.settle(2_000);
    const next = hall.claim({ resource: 'lights', locker: 'me' });
    await third.settle();
    assert.ok(claim.token > 0 && next.token > claim.token, `${next.token} after ${claim.token}`);
  });

  it('have one picture again with whoever has lost the store', async () => {
    const claim = desk.claim({ resource: 'lights', locker: 'me' });
    await house.settle();
    await house.crash();
    house.broker.stop('lost');
    house.broker.start();
    const next = await startArbiter({}, house.broker);
    await next.settle(20_000);
    assert.deepEqual([desk.participant.status.phase, hall.participant.status.phase], ['joined', 'joined']);
    assert.equal(desk.isHeld(claim), next.holder('lights') === 'me');
    const other = hall.claim({ resource: 'blinds', locker: 'you' });
    await next.settle();
    assert.deepEqual([hall.isHeld(other), desk.participant.state('blinds').holder], [true, 'you']);
  });
});
