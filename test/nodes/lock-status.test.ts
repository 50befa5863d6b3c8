import assert from 'node:assert/strict';
import { acquire, type Change, flowOf, lease, level, node, resources, value } from '../support/lock-flow';
import { useScene } from '../support/lock-scene';
import { settled } from '../support/node-red';

describe('lock-status', () => {
  const scene = useScene();
  const watch = (change: Change) =>
    node('lock-status', 'watch', 1, {
      resource: 'lamp',
      resourceType: 'str',
      content: 'state',
      onChange: true,
      ...change,
    });
  const any: Change = { resources: [{ v: 'room', t: 'msg' }], value: 'payload', valueType: 'msg' };

  /** The payloads, by topic, that have come meanwhile. */
  const sent = async () => {
    await settled();
    const payloads: unknown[] = [];
    while (scene.flow.waiting('watch.1') > 0) {
      const { topic, payload } = await scene.flow.next('watch.1');
      payloads.push([topic, payload]);
    }
    return payloads;
  };

  describe('asked', () => {
    it('answers with the state of the resource', async () => {
      await scene.run(acquire('motion', { ...level(100), ...value('on') }), watch({ onChange: false }));
      scene.flow.send('motion');
      await scene.flow.next('motion.1');
      scene.flow.send('watch', { payload: 'question', other: 1 });
      const { payload, topic, other, parts } = await scene.flow.next('watch.1');
      assert.deepEqual([topic, other, parts], ['lamp', 1, undefined]);
      const { holder, state, value: now, level: name } = payload as Record<string, unknown>;
      assert.deepEqual([holder, state, now, name], ['motion node', 'held', 'on', 'motion']);
      await settled();
      assert.equal(scene.flow.waiting('completed'), 2);
    });

    it('answers for a resource that nobody knows', async () => {
      await scene.run(watch({ onChange: false }));
      scene.flow.send('watch');
      assert.equal(((await scene.flow.next('watch.1')).payload as { state: string }).state, 'free');
    });

    it('answers for the resource that the message names', async () => {
      await scene.run(watch({ resource: 'room', resourceType: 'msg' }));
      scene.flow.send('watch', { room: 7 });
      assert.equal((await scene.flow.next('watch.1')).topic, '7');
    });

    it('answers a pattern with a sequence', async () => {
      await scene.run(
        acquire('motion', any),
        watch({ resource: 'lights/+', content: 'value', onChange: false }),
      );
      for (const room of ['lights/a', 'lights/b', 'blinds/a'])
        scene.flow.send('motion', { room, payload: room });
      await settled();
      scene.flow.send('watch', { other: { deep: 1 } });
      const [one, two] = [await scene.flow.next('watch.1'), await scene.flow.next('watch.1')];
      assert.deepEqual(
        [one.topic, one.payload, two.topic, two.payload],
        ['lights/a', 'lights/a', 'lights/b', 'lights/b'],
      );
      assert.notEqual(one.other, two.other);
      const [first, second] = [one.parts, two.parts] as Record<string, unknown>[];
      assert.deepEqual(
        [first?.index, second?.index, first?.count, first?.id === second?.id],
        [0, 1, 2, true],
      );
    });

    it('in value mode answers with just the value, also when it is not new', async () => {
      await scene.run(acquire('motion', value('on')), watch({ content: 'value' }));
      scene.flow.send('motion');
      assert.deepEqual(await sent(), [['lamp', 'on']]);
      scene.flow.send('watch');
      assert.deepEqual(await sent(), [['lamp', 'on']]);
    });

    it('in value mode answers nothing for a free resource without a default', async () => {
      await scene.run(watch({ content: 'value' }));
      scene.flow.send('watch');
      assert.deepEqual(await sent(), []);
      assert.equal(scene.flow.waiting('completed'), 1);
    });

    it('reports a pattern that is none', async () => {
      await scene.run(watch({ resource: 'room', resourceType: 'msg' }));
      scene.flow.send('watch', { room: 'a/#/b' });
      assert.equal(((await scene.flow.next('errors')).error as { code: string }).code, 'invalid');
    });

    it('gives its own copy of the state', async () => {
      await scene.run(watch({}), acquire('motion', { value: '{"deep":1}', valueType: 'json' }));
      scene.flow.send('motion');
      const [, payload] = (await sent()).at(-1) as [string, { value: object }];
      Object.assign(payload.value, { deep: 2 });
      assert.deepEqual(scene.registry.state('lamp').value, { deep: 1 });
    });
  });

  describe('on change', () => {
    it('sends each change of the resources that match', async () => {
      await scene.run(acquire('motion', any), watch({ resource: 'lights/#', content: 'value' }));
      scene.flow.send('motion', { room: 'lights/a/b', payload: 1 });
      scene.flow.send('motion', { room: 'blinds', payload: 2 });
      scene.flow.send('motion', { room: 'lights', payload: 3 });
      assert.deepEqual(await sent(), [
        ['lights/a/b', 1],
        ['lights', 3],
      ]);
    });

    it('sends nothing unless it is ticked', async () => {
      await scene.run(acquire('motion', value('on')), watch({ onChange: false }));
      scene.flow.send('motion');
      assert.deepEqual(await sent(), []);
    });

    it('lets a light follow whoever is in charge', async () => {
      await scene.run(
        acquire('energy', { ...level(-100), ...value('off') }),
        acquire('motion', { ...level(100), ...value('on') }),
        watch({ content: 'value' }),
      );
      scene.flow.send('energy');
      scene.flow.send('motion');
      scene.flow.send('motion', { reset: true });
      assert.deepEqual(await sent(), [
        ['lamp', 'off'],
        ['lamp', 'on'],
        ['lamp', 'off'],
      ]);
    });

    it('sends only values that differ from the last one sent', async () => {
      await scene.run(
        acquire('motion', { ...level(100), ...value('on') }),
        acquire('alarm', { ...level(900), ...value('on') }),
        watch({ content: 'value' }),
      );
      scene.flow.send('motion');
      scene.flow.send('alarm');
      scene.flow.send('alarm', { reset: true });
      assert.deepEqual(await sent(), [['lamp', 'on']]);
    });

    it('sends nothing for a free resource without a default', async () => {
      await scene.run(acquire('motion', value('on')), watch({ content: 'value' }));
      scene.flow.send('motion');
      scene.flow.send('motion', { reset: true });
      assert.deepEqual(await sent(), [['lamp', 'on']]);
    });

    it('sends the default of a free resource', async () => {
      scene.open({ values: [{ resource: 'lamp', value: 'off' }] });
      await scene.run(acquire('motion', value('on')), watch({ content: 'value' }));
      scene.flow.send('motion');
      scene.flow.send('motion', { reset: true });
      assert.deepEqual(await sent(), [
        ['lamp', 'off'],
        ['lamp', 'on'],
        ['lamp', 'off'],
      ]);
    });

    it('sends nothing for a hold without a value', async () => {
      await scene.run(acquire('motion'), watch({ content: 'value' }));
      scene.flow.send('motion');
      assert.deepEqual(await sent(), []);
    });

    it('sends nothing before the registry has rebuilt', async () => {
      await scene.registry.ready;
      const rebuilt = scene.holdReady();
      scene.registry.owner('motion').claim('lamp', { resource: 'lamp', locker: 'me', value: 'on' });
      await scene.run(watch({ content: 'value' }));
      assert.deepEqual(await sent(), []);
      assert.equal(scene.flow.status('watch')?.text, 'starting');
      rebuilt();
      assert.deepEqual(await sent(), [['lamp', 'on']]);
    });

    it('sends nothing when it is closed before that', async () => {
      await scene.registry.ready;
      const rebuilt = scene.holdReady();
      await scene.run(watch({ content: 'value' }));
      await scene.flow.halt();
      scene.registry.owner('late').claim('lamp', { resource: 'lamp', locker: 'me', value: 'on' });
      rebuilt();
      assert.deepEqual(await sent(), []);
    });
  });

  describe('over deploys', () => {
    const flow = (change: Change = {}) =>
      flowOf(acquire('motion', value('on')), watch({ content: 'value', ...change }));

    for (const type of ['full', 'flows', 'nodes'] as const) {
      it(`does not move the blinds (${type})`, async () => {
        await scene.runAll(flow());
        scene.flow.send('motion');
        assert.deepEqual(await sent(), [['lamp', 'on']]);
        await scene.flow.deploy(flow({ name: 'changed' }), type);
        assert.deepEqual(await sent(), []);
        scene.flow.send('motion', { reset: true });
        scene.flow.send('motion');
        assert.deepEqual(await sent(), []);
      });
    }

    it('sends what has changed meanwhile', async () => {
      await scene.runAll(flow());
      scene.flow.send('motion');
      assert.deepEqual(await sent(), [['lamp', 'on']]);
      scene.flow.whileAway(() => {
        scene.registry
          .owner('other')
          .claim('lamp', { resource: 'lamp', locker: 'me', priority: 5, value: 'dim' });
      });
      await scene.flow.deploy(flow({ name: 'changed' }));
      assert.deepEqual(await sent(), [['lamp', 'dim']]);
    });

    it('begins anew when it sends something else than before', async () => {
      await scene.runAll(flow());
      scene.flow.send('motion');
      assert.deepEqual(await sent(), [['lamp', 'on']]);
      await scene.flow.deploy(flow({ content: 'state' }));
      assert.equal((await sent()).length, 1);
    });

    it('begins anew with another registry', async () => {
      const other = scene.openOther();
      other.owner('somebody').claim('lamp', { resource: 'lamp', locker: 'me', value: 'on' });
      const second = { id: 'registry2', type: 'lock-registry', name: '' };
      await scene.runAll([...flow(), second], { registry2: other });
      scene.flow.send('motion');
      assert.deepEqual(await sent(), [['lamp', 'on']]);
      await scene.flow.deploy([...flow({ registry: 'registry2' }), second]);
      assert.deepEqual(await sent(), [['lamp', 'on']]);
    });

    it('forgets what a deleted node has sent', async () => {
      await scene.runAll(flow());
      scene.flow.send('motion');
      assert.deepEqual(await sent(), [['lamp', 'on']]);
      await scene.flow.deploy(flowOf(acquire('motion', value('on'))), 'nodes');
      await scene.flow.deploy(flow(), 'nodes');
      assert.deepEqual(await sent(), [['lamp', 'on']]);
    });
  });

  describe('shows in its status', () => {
    const shown = async () => {
      await settled();
      const { fill, shape, text } = scene.flow.status('watch') ?? {};
      return `${fill} ${shape}: ${text}`;
    };

    it('why this is on', async () => {
      await scene.run(acquire('hand', { name: 'Manual', ...value('on'), ...lease(5 * 3600) }), watch({}));
      scene.flow.send('hand');
      assert.equal(await shown(), 'blue dot: on: Manual till 17:00');
    });

    it('a hold without a lease', async () => {
      await scene.run(
        acquire('hand', { name: 'Manual', value: '{"state":"ON","brightness":40}', valueType: 'json' }),
        watch({}),
      );
      scene.flow.send('hand');
      assert.equal(await shown(), 'blue dot: ON 40: Manual');
    });

    it('a value that is long, and one that is empty', async () => {
      await scene.run(acquire('hand', { name: 'Manual', value: 'payload', valueType: 'msg' }), watch({}));
      scene.flow.send('hand', { payload: [12345, null, 'abc'] });
      assert.equal(await shown(), 'blue dot: 12345 n…: Manual');
      scene.flow.send('hand', { payload: {} });
      assert.equal(await shown(), 'blue dot: {}: Manual');
    });

    it('a hold without a value', async () => {
      await scene.run(acquire('hand', { name: 'Manual', ...lease(60) }), watch({}));
      scene.flow.send('hand');
      assert.equal(await shown(), 'blue dot: Manual till 12:01');
    });

    it('one that is being taken', async () => {
      await scene.run(acquire('hand', { grace: '1' }), acquire('alarm', level(900)), watch({}));
      scene.flow.send('hand');
      scene.flow.send('alarm');
      assert.equal(await shown(), 'yellow dot: hand node');
    });

    it('that it is free', async () => {
      await scene.run(watch({}));
      assert.equal(await shown(), 'grey ring: free');
    });

    it('the default value of a free one', async () => {
      scene.open({ values: [{ resource: 'lamp', value: 'off' }] });
      await scene.run(watch({}));
      assert.equal(await shown(), 'grey ring: off: free');
    });

    it('how many of a pattern are held', async () => {
      await scene.run(acquire('motion', any), watch({ resource: '#' }));
      assert.equal(await shown(), 'grey ring: held: 0');
      for (const room of ['a', 'b']) scene.flow.send('motion', { room });
      assert.equal(await shown(), 'blue dot: held: 2');
    });

    it('nothing, when only messages say which resource', async () => {
      await scene.run(watch({ resource: 'room', resourceType: 'msg' }));
      assert.equal(await shown(), 'grey dot: idle');
    });

    it('that it has no registry', async () => {
      await scene.run(watch({ registry: '' }));
      assert.equal(await shown(), 'red ring: not set up');
      scene.flow.send('watch');
      assert.equal(((await scene.flow.next('errors')).error as { code: string }).code, 'no-registry');
    });
  });

  it('expands environment variables in the pattern', async () => {
    process.env.REDLOCK_TEST_ROOM = 'attic';
    await scene.run(
      acquire('motion', { ...resources('lights/attic/lamp'), ...value('on') }),
      watch({ resource: 'lights/${REDLOCK_TEST_ROOM}/#', content: 'value' }),
    );
    scene.flow.send('motion');
    assert.deepEqual(await sent(), [['lights/attic/lamp', 'on']]);
  });
});
