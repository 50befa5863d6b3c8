import assert from 'node:assert/strict';
import { acquire, type Change, lease, level, node, resources, value } from '../support/lock-flow';
import { lockOf, useScene } from '../support/lock-scene';
import { settled } from '../support/node-red';

describe('over a restart of Node-RED, acquire', () => {
  const scene = useScene();
  const motion: Change = { ...level(100), ...value('on'), ...lease(60) };

  /** Motion has the lamp when Node-RED ends. */
  const hold = async (change: Change = motion) => {
    await scene.run(acquire('motion', change));
    scene.flow.send('motion', { payload: 'before' });
    return scene.lock('motion.1');
  };

  const state = () => scene.registry.state('lamp').state;

  describe('keeps', () => {
    const isKept = async (change: Change) => {
      await hold(change);
      await scene.restart(1000, acquire('motion', change));
      await settled();
      return state() === 'held';
    };

    it('a claim that has a lease: it is not forgotten', async () => {
      assert.equal(await isKept(lease(60)), true);
    });

    it('none without a lease: it does not get stuck', async () => {
      assert.equal(await isKept({}), false);
    });

    it('every claim where it is told to', async () => {
      assert.equal(await isKept({ restarts: 'always' }), true);
    });

    it('none where it is told so', async () => {
      assert.equal(await isKept({ ...lease(60), restarts: 'never' }), false);
    });

    it('no claim of a single message, which is gone', async () => {
      assert.equal(await isKept({ ...lease(60), further: 'each' }), false);
    });
  });

  it('sends the value, the resource and msg.lock.restored on output 1', async () => {
    const before = await hold();
    await scene.restart(10_000, acquire('motion', motion));
    const { lock, _msgid, ...rest } = await scene.flow.next('motion.1');
    assert.deepEqual(rest, { payload: 'on', topic: 'lamp' });
    const { id, restored, state: held, value: now, token } = lock as ReturnType<typeof lockOf>;
    assert.deepEqual([id, restored, held, now, token], [before.id, true, 'held', 'on', before.token]);
    assert.match(String(scene.flow.status('motion')?.text), /^mine until/);
  });

  it('leaves the value as whoever of an owner wrote it last', async () => {
    const button = acquire('button', { ...motion, name: 'a hand', ...value('on') });
    const wall = acquire('wall', { ...motion, name: 'a hand', ...value('off') });
    await scene.run(button, wall);
    scene.flow.send('button');
    await scene.flow.next('button.1');
    scene.flow.send('wall');
    await scene.flow.next('wall.1');
    assert.equal(scene.registry.state('lamp').value, 'off');
    await scene.restart(1000, button, wall);
    await scene.flow.next('wall.1');
    assert.equal(scene.registry.state('lamp').value, 'off');
  });

  it('ends at the time that was said before', async () => {
    await hold();
    await scene.restart(10_000, acquire('motion', motion));
    await scene.flow.next('motion.1');
    await scene.advance(49_999);
    assert.equal(state(), 'held');
    await scene.advance(1);
    assert.equal((await scene.lock('motion.3')).reason, 'expired');
  });

  it('tells the flow when the time ran out meanwhile', async () => {
    await hold();
    await scene.restart(61_000, acquire('motion', motion));
    const msg = await scene.flow.next('motion.3');
    assert.deepEqual(
      [msg.payload, msg.topic, lockOf(msg).reason, lockOf(msg).restored],
      ['on', 'lamp', 'expired', true],
    );
    assert.deepEqual(scene.untold('motion'), [0, 0, 0, 0]);
  });

  it('sends nothing for what it still holds when that is not ticked', async () => {
    await hold();
    await scene.restart(1000, acquire('motion', { ...motion, announce: false }));
    await settled();
    assert.deepEqual(scene.untold('motion'), [0, 0, 0, 0]);
    assert.equal(state(), 'held');
  });

  it('passes a further message on with msg.lock.again', async () => {
    await hold();
    await scene.restart(1000, acquire('motion', { ...motion, announce: false }));
    scene.flow.send('motion', { payload: 'further' });
    const { again, restored } = await scene.lock('motion.1');
    assert.deepEqual([again, restored], [true, undefined]);
  });

  it('goes on waiting, and sends msg.lock.restored when it is granted', async () => {
    const nodes = [
      acquire('alarm', { ...level(900), restarts: 'always', name: 'Alarm' }),
      acquire('motion', motion),
      node('release', 'over', 1),
    ];
    await scene.run(...nodes);
    scene.flow.send('alarm');
    scene.flow.send('motion', { payload: 'before' });
    await settled();
    await scene.restart(1000, ...nodes);
    await settled();
    assert.deepEqual(scene.untold('motion'), [0, 0, 0, 0]);
    assert.equal(scene.flow.status('motion')?.text, 'waits for Alarm');
    scene.flow.send('over', await scene.flow.next('alarm.1'));
    const msg = await scene.flow.next('motion.1');
    assert.deepEqual([msg.payload, msg.topic, lockOf(msg).restored], ['on', 'lamp', true]);
  });

  it('says once that it was restored', async () => {
    await hold();
    await scene.restart(1000, acquire('motion', motion), acquire('alarm', level(900)));
    await scene.flow.next('motion.1');
    scene.flow.send('alarm');
    assert.equal((await scene.lock('motion.2')).restored, undefined);
  });

  it('ends what it is no longer to keep', async () => {
    await hold();
    await scene.restart(1000, acquire('motion', { ...motion, restarts: 'never' }));
    await settled();
    assert.equal(state(), 'free');
    assert.deepEqual(scene.untold('motion'), [0, 0, 0, 0]);
  });

  it('ends what it has of another resource', async () => {
    await hold();
    await scene.restart(1000, acquire('motion', { ...motion, ...resources('other') }));
    await settled();
    assert.equal(state(), 'free');
  });

  it('keeps what it has of any resource that messages may name', async () => {
    const rooms: Change = { ...motion, resources: [{ v: 'room', t: 'msg' }] };
    await scene.run(acquire('motion', rooms));
    scene.flow.send('motion', { room: 'hall' });
    await scene.flow.next('motion.1');
    await scene.restart(1000, acquire('motion', rooms));
    assert.deepEqual((await scene.lock('motion.1')).resources, ['hall']);
  });

  it('updates the level and the value that were changed meanwhile', async () => {
    await hold();
    await scene.restart(1000, acquire('motion', { ...motion, ...level(200), ...value('dim') }));
    await scene.flow.next('motion.1');
    const { value: now, priority } = scene.registry.state('lamp');
    assert.deepEqual([priority, now], [200, 'dim']);
  });

  it('lets go 30 s later what nobody has come back for', async () => {
    await hold();
    await scene.restart(1000, acquire('other'));
    await scene.advance(29_999);
    assert.equal(state(), 'held');
    await scene.advance(1);
    assert.equal(state(), 'free');
  });

  it('processes messages only when the registry has rebuilt, in their order', async () => {
    await scene.registry.ready;
    const rebuilt = scene.holdReady();
    await scene.run(acquire('motion', { resources: [{ v: 'room', t: 'msg' }] }));
    scene.flow.send('motion', { room: 'a' });
    scene.flow.send('motion', { room: 'b' });
    await settled();
    assert.equal(scene.flow.status('motion')?.text, 'starting');
    assert.deepEqual(scene.untold('motion'), [0, 0, 0, 0]);
    rebuilt();
    assert.deepEqual((await scene.lock('motion.1')).resources, ['a']);
    assert.deepEqual((await scene.lock('motion.1')).resources, ['b']);
  });

  it('ends messages that came too early when the node closes before', async () => {
    await scene.registry.ready;
    const rebuilt = scene.holdReady();
    await scene.run(acquire('motion'));
    scene.flow.send('motion', { payload: 'early' });
    await scene.flow.halt();
    rebuilt();
    await settled();
    assert.equal(state(), 'free');
  });

  it('reports a level that is none, and leaves the claim', async () => {
    await hold();
    await scene.restart(1000, acquire('motion', { ...motion, level: 'urgent', levelType: 'level' }));
    await settled();
    assert.equal(state(), 'held');
    assert.equal(scene.flow.logged('motion').length, 1);
  });
});
