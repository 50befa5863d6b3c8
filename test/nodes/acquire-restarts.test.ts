import assert from 'node:assert/strict';
import { acquire, type Change, lease, level, node, resources, value } from '../support/lock-flow';
import { lockOf, useScene } from '../support/lock-scene';
import { settled } from '../support/node-red';

describe('over a restart of Node-RED, acquire', () => {
  const scene = useScene();

  /** What the registry has brought back from before, and then the flow. */
  const restart = async (change: Change, ...others: readonly (readonly { id: string; type: string }[])[]) => {
    for (const { claims } of [scene.registry.owner('motion'), scene.registry.owner('alarm')]) {
      for (const claim of claims.values()) claim.restored = true;
    }
    await scene.run(acquire('motion', change), ...others);
    await settled();
  };

  const held = (change = {}) =>
    scene.registry
      .owner('motion')
      .claim('lamp', {
        resource: 'lamp',
        locker: 'motion node',
        priority: 100,
        value: 'on',
        ttl: 60_000,
        ...change,
      });

  describe('keeps', () => {
    const isKept = async (change: Change, msg = {}) => {
      await scene.run(acquire('motion', change));
      scene.flow.send('motion', msg);
      await scene.flow.next('motion.1');
      return [...scene.registry.owner('motion').claims.values()].map(({ keep }) => keep);
    };

    it('a claim that has a lease, and no other: neither forgotten nor stuck', async () => {
      assert.deepEqual(await isKept(lease(60)), [true]);
    });

    it('no claim without one', async () => {
      assert.deepEqual(await isKept({}), [false]);
    });

    it('always', async () => {
      assert.deepEqual(await isKept({ restarts: 'always' }), [true]);
    });

    it('never', async () => {
      assert.deepEqual(await isKept({ ...lease(60), restarts: 'never' }), [false]);
    });

    it('no claim of a single message, which is gone', async () => {
      assert.deepEqual(await isKept({ ...lease(60), further: 'each' }), [false]);
    });
  });

  const same: Change = { ...level(100), ...value('on'), ...lease(60) };

  it('sends the value, the resource and msg.lock.restored on output 1', async () => {
    const { id } = held();
    await restart(same);
    const { lock, _msgid, ...rest } = await scene.flow.next('motion.1');
    assert.deepEqual(rest, { payload: 'on', topic: 'lamp' });
    const told = lock as ReturnType<typeof lockOf>;
    assert.deepEqual([told.id, told.restored, told.state, told.value], [id, true, 'held', 'on']);
    assert.match(String(scene.flow.status('motion')?.text), /^mine until/);
  });

  it('sends nothing when that is not ticked', async () => {
    held();
    await restart({ ...same, announce: false });
    assert.deepEqual(scene.untold('motion'), [0, 0, 0, 0]);
    assert.equal(scene.registry.state('lamp').state, 'held');
  });

  it('passes a further message on with msg.lock.again', async () => {
    held();
    await restart({ ...same, announce: false });
    scene.flow.send('motion', { payload: 'further' });
    const { again, restored } = await scene.lock('motion.1');
    assert.deepEqual([again, restored], [true, undefined]);
  });

  it('goes on waiting, and sends msg.lock.restored when it is granted', async () => {
    const alarm = scene.registry
      .owner('alarm')
      .claim('lamp', { resource: 'lamp', locker: 'alarm', priority: 900 });
    held();
    await restart(same);
    assert.deepEqual(scene.untold('motion'), [0, 0, 0, 0]);
    assert.equal(scene.flow.status('motion')?.text, 'waits for alarm');
    alarm.release();
    const msg = await scene.flow.next('motion.1');
    assert.deepEqual([msg.payload, msg.topic, lockOf(msg).restored], ['on', 'lamp', true]);
  });

  it('says once that it was restored', async () => {
    held();
    await restart(same, acquire('alarm', level(900)), node('release', 'over', 1));
    await scene.flow.next('motion.1');
    scene.flow.send('alarm');
    assert.equal((await scene.lock('motion.2')).restored, undefined);
  });

  it('ends what it is never to keep', async () => {
    held();
    await restart({ ...same, restarts: 'never' });
    assert.equal(scene.registry.state('lamp').state, 'free');
    assert.deepEqual(scene.untold('motion'), [0, 0, 0, 0]);
  });

  it('ends what it has of another resource', async () => {
    held();
    await restart({ ...same, ...resources('other') });
    assert.equal(scene.registry.state('lamp').state, 'free');
  });

  it('keeps what it has of any resource that messages may name', async () => {
    held();
    await restart({ ...same, resources: [{ v: 'room', t: 'msg' }] });
    assert.equal((await scene.lock('motion.1')).restored, true);
  });

  it('updates the level and the value that were changed meanwhile', async () => {
    held();
    await restart({ ...same, ...level(200), ...value('dim') });
    const { value: now, priority } = scene.registry.state('lamp');
    assert.deepEqual([priority, now], [200, 'dim']);
  });

  it('processes messages only when the registry has rebuilt, in their order', async () => {
    let rebuilt = () => {};
    scene.registry.ready = new Promise((resolve) => {
      rebuilt = resolve;
    });
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
    scene.registry.ready = new Promise(() => {});
    await scene.run(acquire('motion'));
    scene.flow.send('motion', { payload: 'early' });
    await scene.flow.halt();
    assert.equal(scene.registry.state('lamp').state, 'free');
  });

  it('reports a level that is none, and leaves the claim', async () => {
    held();
    await restart({ ...same, level: 'urgent', levelType: 'level' });
    assert.equal(scene.registry.state('lamp').state, 'held');
    assert.equal(scene.flow.logged('motion').length, 1);
  });
});
