import assert from 'node:assert/strict';
import {
  acquire,
  type Change,
  flowOf,
  helper,
  lease,
  level,
  node,
  resources,
  TAB,
  value,
} from '../support/lock-flow';
import { lockOf, useScene } from '../support/lock-scene';
import { type FlowNode, settled } from '../support/node-red';

describe('a deploy', () => {
  const scene = useScene();

  const state = (resource = 'lamp') => scene.registry.state(resource);

  /** Every change of the lamp that the registry tells from now on. */
  const changesOf = (resource = 'lamp') => {
    const changes: (string | undefined)[] = [];
    scene.registry.watch(resource, ({ holder }) => changes.push(holder));
    return changes;
  };

  for (const type of ['full', 'flows', 'nodes'] as const) {
    describe(`of the kind ${type}`, () => {
      it('loses and flips nothing', async () => {
        const flow = flowOf(
          acquire('motion', { ...value('on'), ...lease(60) }),
          acquire('alarm', level(900)),
        );
        await scene.runAll(flow);
        scene.flow.send('motion', { payload: 'on' });
        const { id, token } = await scene.lock('motion.1');
        const changes = changesOf();
        const changed = flow.map((each) => (each.id === 'motion' ? { ...each, grace: '1' } : each));
        await scene.flow.deploy(changed, type);
        await scene.advance(31_000);
        assert.deepEqual(changes, []);
        assert.equal(scene.registry.find(id)?.isHeld(), true);
        assert.equal(state().token, token);
        assert.deepEqual(scene.untold('motion'), [0, 0, 0, 0]);
        assert.equal(scene.flow.status('motion')?.text, 'mine until 12:01');
      });

      it('tells the node that came back what happens from then on', async () => {
        const flow = flowOf(acquire('motion'), acquire('alarm', level(900)), node('release', 'over', 1));
        await scene.runAll(flow);
        scene.flow.send('motion', { payload: 'on' });
        await scene.flow.next('motion.1');
        await scene.flow.deploy(
          flow.map((each) => (each.id === 'motion' ? { ...each, grace: '1' } : each)),
          type,
        );
        scene.flow.send('alarm');
        assert.equal((await scene.flow.next('motion.2')).payload, 'on');
        scene.flow.send('over', await scene.flow.next('alarm.1'));
        assert.equal((await scene.flow.next('motion.1')).payload, 'on');
      });

      it('grants what waited, with the message that waited', async () => {
        const flow = flowOf(acquire('motion'), acquire('alarm', level(900)), node('release', 'over', 1));
        await scene.runAll(flow);
        scene.flow.send('alarm');
        scene.flow.send('motion', { payload: 'on' });
        await settled();
        await scene.flow.deploy(
          flow.map((each) => (each.id === 'motion' ? { ...each, grace: '1' } : each)),
          type,
        );
        scene.flow.send('over', await scene.flow.next('alarm.1'));
        const msg = await scene.flow.next('motion.1');
        assert.equal(msg.payload, 'on');
        assert.equal(lockOf(msg).regained, undefined);
      });
    });
  }

  describe('that changes the node', () => {
    const change = async (before: Change, after: Change) => {
      await scene.run(acquire('motion', before));
      scene.flow.send('motion', { payload: 'on' });
      const lock = await scene.lock('motion.1');
      await scene.flow.deploy(flowOf(acquire('motion', after)), 'nodes');
      return lock;
    };

    it('updates the level', async () => {
      const { id } = await change(level(5), level(7));
      assert.equal(state().priority, 7);
      assert.equal(scene.registry.find(id)?.isHeld(), true);
    });

    it('updates the value', async () => {
      await change(value('dim'), value('bright'));
      assert.equal(state().value, 'bright');
    });

    it('updates the lease, which counts from the deploy', async () => {
      await change(lease(60), lease(120));
      assert.equal(state().expires, new Date(scene.clock.wall + 120_000).toISOString());
    });

    it('keeps the time when only the value changes', async () => {
      await scene.run(acquire('motion', { ...lease(60), ...value('dim') }));
      scene.flow.send('motion');
      await scene.advance(20_000);
      await scene.flow.deploy(flowOf(acquire('motion', { ...lease(60), ...value('bright') })), 'nodes');
      assert.equal(state().expires, new Date(scene.clock.wall + 40_000).toISOString());
    });

    it('updates what waits, so that what comes is what is wanted then', async () => {
      await scene.run(acquire('motion', value('dim')), acquire('alarm', level(900)));
      scene.flow.send('alarm');
      scene.flow.send('motion');
      await settled();
      await scene.flow.deploy(
        flowOf(acquire('motion', value('bright')), acquire('alarm', level(900))),
        'nodes',
      );
      scene.flow.send('alarm', { reset: true });
      assert.equal((await scene.lock('motion.1')).value, 'bright');
    });

    it('reports a level that is none', async () => {
      await change(level(5), { level: 'urgent', levelType: 'level' });
      assert.equal(((await scene.flow.next('errors')).error as { code: string }).code, 'invalid');
      assert.equal(state().priority, 5);
    });

    it('ends the claim when the resource is another one', async () => {
      const { id } = await change(resources('lamp'), resources('other'));
      assert.equal(state().state, 'free');
      assert.equal(scene.registry.find(id), undefined);
      assert.deepEqual(scene.untold('motion'), [0, 0, 0, 0]);
      assert.equal(scene.flow.status('motion')?.text, 'idle');
    });

    it('ends the claim when an environment variable makes the resource another one', async () => {
      process.env.REDLOCK_TEST_ROOM = 'attic';
      const flow = resources('lights/${REDLOCK_TEST_ROOM}');
      await scene.run(acquire('motion', flow));
      scene.flow.send('motion');
      await scene.flow.next('motion.1');
      process.env.REDLOCK_TEST_ROOM = 'hall';
      await scene.flow.deploy(flowOf(acquire('motion', { ...flow, name: 'changed' })), 'nodes');
      assert.equal(state('lights/attic').state, 'free');
    });

    it('keeps the claims of a node whose messages name the resource', async () => {
      const rooms: Change = { resources: [{ v: 'room', t: 'msg' }] };
      await scene.run(acquire('motion', rooms));
      scene.flow.send('motion', { room: 'hall' });
      await scene.flow.next('motion.1');
      await scene.flow.deploy(flowOf(acquire('motion', { ...rooms, name: 'changed' })), 'nodes');
      assert.equal(state('hall').state, 'held');
    });

    it('ends the claim when the registry is another one', async () => {
      const other = scene.openOther();
      const otherNode: FlowNode = { id: 'registry2', type: 'lock-registry', name: '' };
      const flow = [...flowOf(acquire('motion')), otherNode];
      await scene.runAll(flow, { registry2: other });
      scene.flow.send('motion');
      await scene.flow.next('motion.1');
      const changed = [...flowOf(acquire('motion', { registry: 'registry2' })), otherNode];
      await scene.flow.deploy(changed, 'nodes');
      assert.equal(state().state, 'free');
      scene.flow.send('motion');
      await scene.flow.next('motion.1');
      assert.equal(other.state('lamp').state, 'held');
    });

    it('ends the claim when there is no registry any more', async () => {
      await change({}, { registry: '' });
      assert.equal(state().state, 'free');
    });

    it('ends the claim when it deletes the node', async () => {
      await scene.run(acquire('motion'), acquire('other', resources('other')));
      scene.flow.send('motion');
      scene.flow.send('other');
      await settled();
      await scene.flow.deploy(flowOf(acquire('other', resources('other'))), 'nodes');
      assert.equal(state().state, 'free');
      assert.equal(state('other').state, 'held');
    });

    for (const type of ['full', 'flows', 'nodes'] as const) {
      it(`ends the claim when it disables the node (${type})`, async () => {
        const flow = flowOf(acquire('motion'));
        await scene.runAll(flow);
        scene.flow.send('motion');
        await scene.flow.next('motion.1');
        await scene.flow.deploy(
          flow.map((each) => (each.id === 'motion' ? { ...each, d: true } : each)),
          type,
        );
        assert.equal(state().state, 'free');
      });
    }

    it('ends the claim when it disables the whole flow', async () => {
      const flow = flowOf(acquire('motion'));
      await scene.runAll(flow);
      scene.flow.send('motion');
      await scene.flow.next('motion.1');
      await scene.flow.deploy(
        flow.map((each) => (each.id === 'tab' ? { ...each, disabled: true } : each)),
        'flows',
      );
      assert.equal(state().state, 'free');
    });

    it('keeps the claim when the node moves to another tab', async () => {
      const second: FlowNode = { id: 'tab2', type: 'tab', label: 'Second' };
      await scene.runAll([second, ...flowOf(acquire('motion'))]);
      scene.flow.send('motion');
      await scene.flow.next('motion.1');
      await scene.flow.deploy([second, ...flowOf(acquire('motion', { z: 'tab2' }))], 'full');
      assert.equal(state().state, 'held');
    });
  });

  it('gives a copy of a node a claim of its own', async () => {
    await scene.run(acquire('motion'), acquire('copy', { owner: 'someone else' }));
    scene.flow.send('motion');
    scene.flow.send('copy');
    await settled();
    assert.deepEqual(
      [scene.untold('motion'), scene.untold('copy')],
      [
        [1, 0, 0, 0],
        [0, 0, 0, 0],
      ],
    );
  });

  describe('with subflows', () => {
    const inner = (change: Change): FlowNode => {
      const [first] = acquire('inner', { z: 'sub', wires: [[], [], [], []], ...change });
      if (first === undefined) throw new Error('no node');
      return first;
    };

    /** A subflow with an acquire node in it, of which there are two instances. */
    const flowWith = (
      change: Change,
      ...instances: readonly (readonly [string, Change])[]
    ): readonly FlowNode[] => [
      TAB,
      { id: 'registry', type: 'lock-registry', name: '' },
      {
        id: 'sub',
        type: 'subflow',
        name: 'Room',
        in: [{ x: 0, y: 0, wires: [{ id: 'inner' }] }],
        out: [0, 1, 2, 3].map((port) => ({ x: 0, y: 0, wires: [{ id: 'inner', port }] })),
        env: [{ name: 'ROOM', type: 'str', value: 'none' }],
      },
      inner(change),
      ...instances.flatMap(([id, more]) => [
        {
          id,
          type: 'subflow:sub',
          z: 'tab',
          name: '',
          x: 0,
          y: 0,
          env: [{ name: 'ROOM', type: 'str', value: id }],
          wires: [1, 2, 3, 4].map((output) => [`${id}.${output}`]),
          ...more,
        },
        ...[1, 2, 3, 4].map((output) => helper(`${id}.${output}`)),
      ]),
    ];
    const perRoom = resources('lights/${ROOM}');

    it('keeps a claim for each instance', async () => {
      const flow = flowWith(perRoom, ['hall', {}], ['attic', {}]);
      await scene.runAll(flow);
      scene.flow.send('hall');
      scene.flow.send('attic');
      const [hall, attic] = [await scene.lock('hall.1'), await scene.lock('attic.1')];
      assert.deepEqual([hall.resources, attic.resources], [['lights/hall'], ['lights/attic']]);
      await scene.flow.deploy(flowWith({ ...perRoom, grace: '1' }, ['hall', {}], ['attic', {}]), 'nodes');
      assert.equal(scene.registry.find(hall.id)?.isHeld(), true);
      assert.equal(scene.registry.find(attic.id)?.isHeld(), true);
      assert.deepEqual([...scene.registry.owner('hall/inner').claims.keys()], ['lights/hall']);
    });

    it('names the owner after the instance and the node', async () => {
      await scene.runAll(flowWith({ name: 'motion' }, ['hall', { name: 'Hall' }]));
      scene.flow.send('hall');
      assert.equal((await scene.lock('hall.1')).locker, 'Hall/motion');
    });

    it('names the owner by ids where there are no names', async () => {
      await scene.runAll(flowWith({ name: '' }, ['hall', {}]));
      scene.flow.send('hall');
      assert.equal((await scene.lock('hall.1')).locker, 'hall/inner');
    });

    it('ends the claims of an instance that is deleted', async () => {
      await scene.runAll(flowWith(perRoom, ['hall', {}], ['attic', {}]));
      scene.flow.send('hall');
      scene.flow.send('attic');
      await settled();
      await scene.flow.deploy(flowWith(perRoom, ['attic', {}]), 'nodes');
      assert.equal(state('lights/hall').state, 'free');
      assert.equal(state('lights/attic').state, 'held');
    });
  });
});

describe('flows that are stopped', () => {
  const scene = useScene();

  it('keep their claims for 30 s', async () => {
    await scene.run(acquire('motion'));
    scene.flow.send('motion');
    await scene.flow.next('motion.1');
    await scene.flow.halt();
    await scene.advance(29_999);
    assert.equal(scene.registry.state('lamp').state, 'held');
    await scene.advance(1);
    assert.equal(scene.registry.state('lamp').state, 'free');
  });

  it('are told what happened meanwhile when they start again', async () => {
    await scene.run(acquire('motion', lease(20)));
    scene.flow.send('motion', { payload: 'on' });
    await scene.flow.next('motion.1');
    await scene.flow.halt();
    await scene.advance(29_000);
    await scene.flow.resume();
    assert.equal((await scene.flow.next('motion.3')).payload, 'on');
    assert.equal(scene.flow.status('motion')?.text, 'expired');
  });

  it('begin with nothing when they start again later', async () => {
    await scene.run(acquire('motion'));
    scene.flow.send('motion');
    await scene.flow.next('motion.1');
    await scene.flow.halt();
    await scene.advance(31_000);
    await scene.flow.resume();
    assert.equal(scene.flow.status('motion')?.text, 'idle');
    scene.flow.send('motion');
    assert.equal((await scene.lock('motion.1')).again, undefined);
  });

  it('have them when they start again', async () => {
    await scene.run(acquire('motion'));
    scene.flow.send('motion');
    await scene.flow.next('motion.1');
    await scene.flow.halt();
    await scene.advance(29_999);
    await scene.flow.resume();
    await scene.advance(30_000);
    assert.equal(scene.registry.state('lamp').state, 'held');
    assert.equal(scene.flow.status('motion')?.text, 'mine');
  });
});
