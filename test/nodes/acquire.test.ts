import assert from 'node:assert/strict';
import { acquire, lease, level, node, resources, value } from '../support/lock-flow';
import { lockOf, useScene } from '../support/lock-scene';
import { settled } from '../support/node-red';

describe('acquire', () => {
  const scene = useScene();

  describe('output 1, yours', () => {
    it('passes the message through with only msg.lock added', async () => {
      await scene.run(acquire('motion', { ...level(100), ...value('on'), ...lease(60) }));
      scene.flow.send('motion', { payload: 'someone', topic: 'hall' });
      const { lock, _msgid, ...rest } = await scene.flow.next('motion.1');
      assert.deepEqual(rest, { payload: 'someone', topic: 'hall' });
      const { id, since, ...told } = lock as ReturnType<typeof lockOf>;
      assert.equal(scene.registry.find(id)?.isHeld(), true);
      assert.ok(Math.abs(Date.parse(since) - Date.now()) < 60_000);
      assert.deepEqual(told, {
        resources: ['lamp'],
        locker: 'motion node',
        priority: 100,
        level: 'motion',
        value: 'on',
        token: scene.clock.wall,
        state: 'held',
        expires: new Date(scene.clock.wall + 60_000).toISOString(),
      });
    });

    it('says msg.lock.regained when it comes back', async () => {
      await scene.run(
        acquire('motion', level(100)),
        acquire('alarm', level(900)),
        node('release', 'over', 1),
      );
      scene.flow.send('motion', { payload: 'on' });
      scene.flow.send('alarm');
      scene.flow.send('over', await scene.flow.next('alarm.1'));
      assert.equal((await scene.lock('motion.1')).regained, undefined);
      const back = await scene.flow.next('motion.1');
      assert.equal(lockOf(back).regained, true);
      assert.equal(back.payload, 'on');
    });

    it('gives what comes back the message of then, whatever the flow has made of it', async () => {
      await scene.run(
        acquire('motion', level(100)),
        acquire('alarm', level(900)),
        node('release', 'over', 1),
      );
      scene.flow.send('motion', { payload: { brightness: 40 } });
      const first = await scene.flow.next('motion.1');
      Object.assign(first.payload as object, { brightness: 0 });
      scene.flow.send('alarm');
      scene.flow.send('over', await scene.flow.next('alarm.1'));
      assert.deepEqual((await scene.flow.next('motion.1')).payload, { brightness: 40 });
    });
  });

  it('sends what comes later without req, res and _linkSource', async () => {
    await scene.run(acquire('motion', level(100)), acquire('alarm', level(900)));
    scene.flow.send('motion', { payload: 'on', req: {}, res: {}, _linkSource: [] });
    assert.deepEqual(Object.keys(await scene.flow.next('motion.1')).sort(), [
      '_linkSource',
      '_msgid',
      'lock',
      'payload',
      'req',
      'res',
    ]);
    scene.flow.send('alarm');
    assert.deepEqual(Object.keys(await scene.flow.next('motion.2')).sort(), ['_msgid', 'lock', 'payload']);
  });

  describe("output 2, someone else's now", () => {
    it('says who has it, and that it waits to get it back', async () => {
      await scene.run(acquire('motion', level(100)), acquire('alarm', level(900)));
      scene.flow.send('motion');
      scene.flow.send('alarm');
      const { state, reason, by, next } = await scene.lock('motion.2');
      assert.deepEqual([state, reason], ['waiting', 'preempted']);
      assert.deepEqual([by?.locker, next?.locker, next?.level], ['alarm node', 'alarm node', 'security']);
    });

    it('says lost when it gives up what another takes', async () => {
      await scene.run(acquire('motion', { whenLost: 'giveUp' }), acquire('alarm', level(900)));
      scene.flow.send('motion');
      scene.flow.send('alarm');
      assert.equal((await scene.lock('motion.2')).state, 'lost');
      assert.deepEqual([...scene.registry.owner('motion').claims], []);
    });

    it('is sent at revoking when there is a grace, with the deadline, and not again', async () => {
      await scene.run(acquire('motion', { grace: '2' }), acquire('alarm', level(900)));
      scene.flow.send('motion');
      scene.flow.send('alarm');
      const told = await scene.lock('motion.2');
      assert.equal(told.state, 'revoking');
      assert.equal(told.next?.locker, 'alarm node');
      assert.equal(told.expires, new Date(scene.clock.wall + 2000).toISOString());
      assert.equal(scene.flow.waiting('alarm.1'), 0);
      await scene.advance(2000);
      assert.equal((await scene.lock('alarm.1')).state, 'held');
      assert.deepEqual(scene.untold('motion'), [1, 0, 0, 0]);
    });

    it('is sent when the time is over and another one waits', async () => {
      await scene.run(acquire('motion', lease(60)), acquire('schedule'));
      scene.flow.send('motion');
      scene.flow.send('schedule');
      await scene.advance(60_000);
      const { reason, next } = await scene.lock('motion.2');
      assert.deepEqual([reason, next?.locker], ['expired', 'schedule node']);
      assert.equal(scene.flow.waiting('motion.3'), 0);
    });
  });

  describe("output 3, nobody's now", () => {
    it('is sent when the time is over and nobody waits', async () => {
      await scene.run(acquire('motion', { ...lease(60), ...value('on') }));
      scene.flow.send('motion', { payload: 'on' });
      await scene.advance(60_000);
      const msg = await scene.flow.next('motion.3');
      assert.equal(msg.payload, 'on');
      assert.deepEqual([lockOf(msg).state, lockOf(msg).reason], ['lost', 'expired']);
      assert.deepEqual(scene.untold('motion'), [1, 0, 0, 0]);
    });

    it('is sent when somebody ends it by force', async () => {
      await scene.run(
        acquire('motion'),
        node('release', 'free', 1, { mode: 'force', resource: 'lamp', name: 'me' }),
      );
      scene.flow.send('motion');
      await settled();
      scene.flow.send('free');
      const { reason, by } = await scene.lock('motion.3');
      assert.deepEqual([reason, by?.locker], ['forced', 'me']);
    });
  });

  describe('output 4, not granted', () => {
    it('is sent when the wait is over', async () => {
      await scene.run(acquire('alarm', level(900)), acquire('motion', { whenTaken: 'atMost' }));
      scene.flow.send('alarm');
      scene.flow.send('motion', { payload: 7 });
      await scene.advance(9999);
      assert.deepEqual(scene.untold('motion'), [0, 0, 0, 0]);
      await scene.advance(1);
      const msg = await scene.flow.next('motion.4');
      assert.equal(msg.payload, 7);
      assert.deepEqual([lockOf(msg).state, lockOf(msg).reason], ['denied', 'timeout']);
      assert.equal(lockOf(msg).next?.locker, 'alarm node');
    });

    it('is sent at once for only if I can have it now', async () => {
      await scene.run(acquire('alarm', level(900)), acquire('motion', { whenTaken: 'now' }));
      scene.flow.send('alarm');
      scene.flow.send('motion');
      assert.equal((await scene.lock('motion.4')).reason, 'taken');
    });

    it('lets only if I can have it now take what a lower one has', async () => {
      await scene.run(acquire('energy', level(-100)), acquire('motion', { whenTaken: 'now' }));
      scene.flow.send('energy');
      scene.flow.send('motion');
      assert.equal((await scene.lock('motion.1')).state, 'held');
    });

    it('lets only if nobody else has it take nothing from anybody', async () => {
      await scene.run(
        acquire('energy', level(-100)),
        acquire('motion', { ...level(100), whenTaken: 'free' }),
      );
      scene.flow.send('energy');
      scene.flow.send('motion');
      assert.equal((await scene.lock('motion.4')).reason, 'taken');
    });

    it('is sent when the time runs out while another has it', async () => {
      await scene.run(acquire('motion', lease(60)), acquire('alarm', level(900)));
      scene.flow.send('motion');
      scene.flow.send('alarm');
      await scene.advance(60_000);
      assert.equal((await scene.lock('motion.4')).reason, 'expired');
      assert.deepEqual(scene.untold('motion'), [1, 1, 0, 0]);
    });
  });

  describe('attempts', () => {
    const alarm = (id: string) => acquire(id, { ...level(900), whenLost: 'giveUp' });

    it('are one: only if I can have it now', async () => {
      await scene.run(alarm('alarm'), acquire('motion', { maxAttempts: '1' }));
      scene.flow.send('alarm');
      scene.flow.send('motion');
      assert.equal((await scene.lock('motion.4')).reason, 'taken');
    });

    it('count the hand-overs to others', async () => {
      await scene.run(
        alarm('alarm'),
        alarm('other'),
        alarm('third'),
        acquire('motion', { maxAttempts: '3' }),
        node('release', 'over', 1),
      );
      for (const id of ['alarm', 'motion', 'other', 'third']) scene.flow.send(id);
      scene.flow.send('over', await scene.flow.next('alarm.1'));
      const other = await scene.flow.next('other.1');
      assert.deepEqual(scene.untold('motion'), [0, 0, 0, 0]);
      scene.flow.send('over', other);
      await scene.flow.next('third.1');
      assert.equal((await scene.lock('motion.4')).reason, 'timeout');
      assert.equal(scene.flow.status('motion')?.text, 'denied: timed out');
    });
  });

  describe('several resources', () => {
    it('together are all or nothing', async () => {
      await scene.run(
        acquire('security', { ...level(900), ...resources('kitchen', 'bedroom') }),
        acquire('life', { ...level(1000), ...resources('bedroom') }),
      );
      scene.flow.send('life');
      scene.flow.send('security');
      await settled();
      assert.equal(scene.registry.state('kitchen').state, 'free');
      assert.deepEqual(scene.untold('security'), [0, 0, 0, 0]);
    });

    it('together come in one message, and are lost as a whole', async () => {
      await scene.run(
        acquire('security', { ...level(900), ...resources('kitchen', 'bedroom') }),
        acquire('life', { ...level(1000), ...resources('bedroom') }),
      );
      scene.flow.send('security');
      assert.deepEqual((await scene.lock('security.1')).resources, ['kitchen', 'bedroom']);
      scene.flow.send('life');
      assert.deepEqual((await scene.lock('security.2')).resources, ['kitchen', 'bedroom']);
      assert.equal(scene.registry.state('kitchen').state, 'free');
    });

    it('each by itself come in a message each, and end the message once', async () => {
      await scene.run(
        acquire('life', { ...level(1000), ...resources('bedroom') }),
        acquire('security', { ...level(900), ...resources('kitchen', 'bedroom'), several: 'each' }),
        node('release', 'over', 1),
      );
      scene.flow.send('life');
      const life = await scene.flow.next('life.1');
      assert.equal((await scene.flow.next('completed')).complete !== undefined, true);
      scene.flow.send('security', { payload: { deep: 1 } });
      const kitchen = await scene.flow.next('security.1');
      assert.deepEqual(lockOf(kitchen).resources, ['kitchen']);
      assert.equal(scene.flow.waiting('completed'), 0);
      scene.flow.send('over', life);
      const bedroom = await scene.flow.next('security.1');
      assert.deepEqual(lockOf(bedroom).resources, ['bedroom']);
      assert.notEqual(bedroom.payload, kitchen.payload);
      await settled();
      assert.equal(scene.flow.waiting('completed'), 2);
    });
  });

  it('keeps the lock that a message had before in msg.lock.outer, and release puts it back', async () => {
    await scene.run(acquire('room', resources('room')), acquire('lamp'), node('release', 'over', 1));
    scene.flow.send('room');
    const outer = await scene.flow.next('room.1');
    const before = structuredClone(outer.lock);
    scene.flow.send('lamp', outer);
    const inner = await scene.flow.next('lamp.1');
    assert.deepEqual(lockOf(inner).outer, before);
    scene.flow.send('over', inner);
    assert.deepEqual((await scene.flow.next('over.1')).lock, before);
  });
});
