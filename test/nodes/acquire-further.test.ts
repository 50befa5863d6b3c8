import assert from 'node:assert/strict';
import { acquire, type Change, lease, level, node } from '../support/lock-flow';
import { lockOf, useScene } from '../support/lock-scene';
import { settled } from '../support/node-red';

describe('a further message for acquire', () => {
  const scene = useScene();
  const payload: Change = { value: 'payload', valueType: 'msg' };

  it('is passed on with msg.lock.again while the resource is held', async () => {
    await scene.run(acquire('motion', payload));
    scene.flow.send('motion', { payload: 1 });
    const first = await scene.flow.next('motion.1');
    await scene.advance(1_000);
    scene.flow.send('motion', { payload: 2 });
    const second = await scene.flow.next('motion.1');
    assert.deepEqual([lockOf(first).again, lockOf(second).again], [undefined, true]);
    assert.equal(lockOf(second).since, lockOf(first).since, 'the hold did not begin anew');
    assert.equal(lockOf(first).id, lockOf(second).id);
    assert.equal(second.payload, 2);
  });

  it('updates the value and starts the time again', async () => {
    await scene.run(acquire('motion', { ...payload, ...lease(60), further: 'renew' }));
    scene.flow.send('motion', { payload: 'dim' });
    await scene.advance(40_000);
    scene.flow.send('motion', { payload: 'bright' });
    await scene.advance(40_000);
    assert.equal(scene.registry.state('lamp').value, 'bright');
    await scene.advance(20_000);
    assert.equal((await scene.lock('motion.3')).reason, 'expired');
  });

  it('updates the level', async () => {
    await scene.run(acquire('motion', { level: 'wanted', levelType: 'msg' }), acquire('other', level(5)));
    scene.flow.send('motion', { wanted: 10 });
    scene.flow.send('other');
    scene.flow.send('motion', { wanted: 1 });
    assert.equal((await scene.lock('other.1')).state, 'held');
  });

  it('updates the value and keeps the time', async () => {
    await scene.run(acquire('motion', { ...payload, ...lease(60), further: 'keep' }));
    scene.flow.send('motion', { payload: 'dim' });
    await scene.advance(40_000);
    scene.flow.send('motion', { payload: 'bright' });
    await scene.advance(19_999);
    assert.equal(scene.registry.state('lamp').value, 'bright');
    await scene.advance(1);
    assert.equal((await scene.lock('motion.3')).value, 'bright');
  });

  describe('that renews only when the value differs', () => {
    it('changes nothing when it is the same', async () => {
      await scene.run(acquire('motion', { ...payload, ...lease(60), further: 'differs' }));
      scene.flow.send('motion', { payload: { brightness: 1 } });
      await scene.advance(40_000);
      scene.flow.send('motion', { payload: { brightness: 1 } });
      await settled();
      assert.deepEqual(scene.untold('motion'), [2, 0, 0, 0]);
      await scene.advance(20_000);
      assert.equal((await scene.lock('motion.3')).reason, 'expired');
    });

    it('starts the time again when it is another one', async () => {
      await scene.run(acquire('motion', { ...payload, ...lease(60), further: 'differs' }));
      scene.flow.send('motion', { payload: { brightness: 1 } });
      await scene.advance(40_000);
      scene.flow.send('motion', { payload: { brightness: 2 } });
      await scene.advance(59_999);
      assert.deepEqual(scene.untold('motion'), [2, 0, 0, 0]);
    });
  });

  it('replaces the one that waits, which ends without being sent', async () => {
    await scene.run(acquire('alarm', level(900)), acquire('motion'), node('release', 'over', 1));
    scene.flow.send('alarm');
    const alarm = await scene.flow.next('alarm.1');
    await scene.flow.next('completed');
    scene.flow.send('motion', { payload: 1 });
    scene.flow.send('motion', { payload: 2 });
    assert.equal((await scene.flow.next('completed')).payload, 1);
    scene.flow.send('over', alarm);
    const granted = await scene.flow.next('motion.1');
    assert.equal(granted.payload, 2);
    assert.equal(lockOf(granted).again, undefined);
    assert.deepEqual(scene.untold('motion'), [0, 0, 0, 0]);
  });

  it('waits while another has taken the resource, and is what comes back', async () => {
    await scene.run(acquire('alarm', level(900)), acquire('motion', payload), node('release', 'over', 1));
    scene.flow.send('motion', { payload: 'before' });
    scene.flow.send('alarm');
    scene.flow.send('motion', { payload: 'wanted then' });
    await settled();
    assert.deepEqual(scene.untold('motion'), [1, 1, 0, 0]);
    scene.flow.send('over', await scene.flow.next('alarm.1'));
    await scene.flow.next('motion.1');
    const back = await scene.flow.next('motion.1');
    assert.equal(back.payload, 'wanted then');
    assert.equal(lockOf(back).regained, true);
    assert.equal(lockOf(back).value, 'wanted then');
  });

  it('goes to output 2 while the resource is being taken', async () => {
    await scene.run(acquire('alarm', level(900)), acquire('motion', { grace: '2' }));
    scene.flow.send('motion', { payload: 1 });
    scene.flow.send('alarm');
    scene.flow.send('motion', { payload: 2 });
    assert.equal((await scene.flow.next('motion.2')).payload, 1);
    const further = await scene.flow.next('motion.2');
    assert.deepEqual([further.payload, lockOf(further).state, lockOf(further).again], [2, 'revoking', true]);
  });

  it('does not mix rooms up: there is one claim for each resource', async () => {
    await scene.run(acquire('motion', { resources: [{ v: 'room', t: 'msg' }] }));
    for (const room of ['kitchen', 'hall', 'kitchen']) scene.flow.send('motion', { room });
    const locks = [];
    for (let count = 0; count < 3; count += 1) locks.push(await scene.lock('motion.1'));
    assert.deepEqual(
      locks.map((lock) => lock.again),
      [undefined, undefined, true],
    );
    assert.equal(locks[0]?.id, locks[2]?.id);
    assert.notEqual(locks[0]?.id, locks[1]?.id);
  });

  it('has one claim for a set of resources, in whatever order they are named', async () => {
    await scene.run(acquire('motion', { resources: [{ v: 'rooms', t: 'msg' }] }));
    scene.flow.send('motion', { rooms: ['kitchen', 'hall'] });
    scene.flow.send('motion', { rooms: ['hall', 'kitchen'] });
    assert.equal((await scene.lock('motion.1')).id, (await scene.lock('motion.1')).id);
  });

  describe('that is a claim of its own', () => {
    const each: Change = { further: 'each' };

    it('is let through after the one before has been released: a mutex for messages', async () => {
      await scene.run(acquire('door', each), node('release', 'over', 1));
      for (const payload of [1, 2, 3]) scene.flow.send('door', { payload });
      for (const payload of [1, 2, 3]) {
        const msg = await scene.flow.next('door.1');
        await settled();
        assert.equal(msg.payload, payload);
        assert.equal(scene.flow.waiting('door.1'), 0);
        scene.flow.send('over', msg);
      }
      await settled();
      assert.equal(scene.registry.state('lamp').state, 'free');
    });

    it('has a locker id made on arrival', async () => {
      await scene.run(acquire('door', each), node('release', 'over', 1));
      scene.flow.send('door');
      scene.flow.send('door');
      const msg = await scene.flow.next('door.1');
      const first = lockOf(msg).locker;
      scene.flow.send('over', msg);
      const second = (await scene.lock('door.1')).locker;
      assert.match(first, /^door node#/);
      assert.match(second, /^door node#/);
      assert.notEqual(first, second);
    });

    it('gives up when it is lost', async () => {
      await scene.run(acquire('door', each), acquire('alarm', level(900)));
      scene.flow.send('door');
      await scene.flow.next('door.1');
      scene.flow.send('alarm');
      assert.equal((await scene.lock('door.2')).state, 'lost');
    });

    it('has a lease of 3 minutes where the settings say nothing', async () => {
      await scene.run(acquire('door', { ...each, ttlType: undefined }));
      scene.flow.send('door', { payload: 1 });
      scene.flow.send('door', { payload: 2 });
      await scene.advance(179_999);
      assert.equal(scene.flow.waiting('door.1'), 1);
      await scene.advance(1);
      assert.equal(scene.flow.waiting('door.1'), 2);
    });
  });

  it('goes to output 4 when the registry refuses the update, and the claim stays as it was', async () => {
    scene.open({ policy: [{ requester: '#', resource: '#', highest: 'manual' }] });
    await scene.run(acquire('motion', { ...payload, level: 'urgency', levelType: 'msg' }));
    scene.flow.send('motion', { payload: 'on', urgency: 500 });
    await scene.flow.next('motion.1');
    scene.flow.send('motion', { payload: 'off', urgency: 501 });
    const msg = await scene.flow.next('motion.4');
    assert.deepEqual([msg.payload, lockOf(msg).reason], ['off', 'policy']);
    assert.equal(scene.registry.state('lamp').value, 'on');
  });

  it('is an error when the registry can do nothing with the update', async () => {
    await scene.run(acquire('motion', payload));
    scene.flow.send('motion', { payload: 'on' });
    await scene.flow.next('motion.1');
    scene.flow.send('motion', { payload: 'x'.repeat(10_000) });
    const { error } = (await scene.flow.next('errors')) as { error: { code: string; message: string } };
    assert.equal(error.code, 'refused');
    assert.match(error.message, /too-long/);
    assert.equal(scene.registry.state('lamp').value, 'on');
  });
});
