import assert from 'node:assert/strict';
import { acquire, type Change, flowOf, helper, level, node, resources, TAB } from '../support/lock-flow';
import { lockOf, useScene } from '../support/lock-scene';
import { type FlowNode, settled } from '../support/node-red';

describe('release', () => {
  const scene = useScene();
  const state = (resource = 'lamp') => scene.registry.state(resource).state;
  const status = () => {
    const { fill, shape, text } = scene.flow.status('over') ?? {};
    return `${fill} ${shape}: ${text}`;
  };

  it('releases what msg.lock holds, and takes msg.lock off', async () => {
    await scene.run(acquire('motion'), node('release', 'over', 1));
    assert.equal(status(), 'grey dot: idle');
    scene.flow.send('motion', { payload: 1 });
    scene.flow.send('over', await scene.flow.next('motion.1'));
    const { _msgid, ...rest } = await scene.flow.next('over.1');
    assert.deepEqual(rest, { payload: 1 });
    assert.equal(state(), 'free');
    assert.equal(status(), 'green dot: released');
    assert.equal(scene.flow.status('motion')?.text, 'idle');
  });

  it('ends a preempted claim too', async () => {
    await scene.run(acquire('motion'), acquire('alarm', level(900)), node('release', 'over', 1));
    scene.flow.send('motion');
    const motion = await scene.flow.next('motion.1');
    scene.flow.send('alarm');
    await scene.flow.next('alarm.1');
    scene.flow.send('over', motion);
    await settled();
    assert.equal(scene.registry.state('lamp').waitingCount, 0);
  });

  it('ends nothing else when the lock of the message is over', async () => {
    await scene.run(acquire('motion'), node('release', 'over', 1, { nodes: ['motion'] }));
    scene.flow.send('motion');
    const old = await scene.flow.next('motion.1');
    scene.flow.send('motion', { reset: true });
    scene.flow.send('motion');
    await scene.flow.next('motion.1');
    scene.flow.send('over', old);
    await settled();
    assert.equal(state(), 'held');
    assert.equal(status(), 'yellow ring: nothing to release');
    assert.equal((await scene.flow.next('over.1')).lock, undefined);
  });

  describe('without msg.lock', () => {
    it('releases what the ticked acquire nodes hold, whatever they are called', async () => {
      const over = node('release', 'over', 1, { nodes: ['motion', 'other'] });
      const [lamp, blind, room] = ['lamp', 'blind', 'room'].map((name) => resources(name));
      await scene.run(acquire('motion', lamp), acquire('other', blind), acquire('third', room), over);
      for (const id of ['motion', 'other', 'third']) scene.flow.send(id);
      await scene.flow.deploy(
        flowOf(
          acquire('motion', { ...lamp, name: 'renamed' }),
          acquire('other', blind),
          acquire('third', room),
          over,
        ),
        'nodes',
      );
      scene.flow.send('over', { payload: 'over' });
      assert.equal((await scene.flow.next('over.1')).payload, 'over');
      assert.deepEqual(['lamp', 'blind', 'room'].map(state), ['free', 'free', 'held']);
    });

    it('lets no message through that waits for another of the ticked nodes', async () => {
      await scene.run(
        acquire('motion', { further: 'each' }),
        acquire('other'),
        node('release', 'over', 1, { nodes: ['motion', 'other'] }),
      );
      for (const id of ['motion', 'motion', 'other']) scene.flow.send(id);
      await scene.flow.next('motion.1');
      scene.flow.send('over');
      await scene.flow.next('over.1');
      assert.deepEqual(
        [scene.flow.waiting('motion.1'), scene.flow.waiting('other.1'), state()],
        [0, 0, 'free'],
      );
    });

    it('finds an acquire node of another tab', async () => {
      const second: FlowNode = { id: 'tab2', type: 'tab', label: 'Second' };
      const far = acquire('far', { z: 'tab2' });
      await scene.runAll([second, ...flowOf(node('release', 'over', 1, { nodes: ['far'] })), ...far]);
      scene.flow.send('far');
      await scene.flow.next('far.1');
      scene.flow.send('over');
      await scene.flow.next('over.1');
      assert.equal(state(), 'free');
    });

    for (const nodes of [['inner'], ['inner', 'second']]) {
      it(`finds ${nodes.length} in the same instance of a subflow, and not in another one`, async () => {
        await scene.runAll(subflow(nodes));
        for (const id of ['hall', 'attic']) scene.flow.send(id, { take: true });
        await settled();
        assert.deepEqual(['hall', 'attic', 'second/hall'].map(state), ['held', 'held', 'held']);
        scene.flow.send('hall', { take: false });
        await settled();
        const second = nodes.length === 2 ? 'free' : 'held';
        assert.deepEqual(['hall', 'attic', 'second/hall'].map(state), ['free', 'held', second]);
      });
    }

    it('has nothing to release when they have nothing, or are not there', async () => {
      await scene.run(acquire('motion'), node('release', 'over', 1, { nodes: ['motion', 'deleted'] }));
      scene.flow.send('over', { payload: 1 });
      assert.equal((await scene.flow.next('over.1')).payload, 1);
      assert.equal(status(), 'yellow ring: nothing to release');
    });

    it('makes that an error if it is set so', async () => {
      await scene.run(node('release', 'over', 1, { nothing: 'error' }));
      scene.flow.send('over', { payload: 1 });
      const { error, payload } = (await scene.flow.next('errors')) as {
        error: { code: string };
        payload: number;
      };
      assert.deepEqual([error.code, payload], ['nothing-to-release', 1]);
      await settled();
      assert.equal(scene.flow.waiting('over.1'), 0);
      assert.equal(scene.flow.waiting('completed'), 0);
    });
  });

  describe('of a resource and an owner', () => {
    const over = (change: Change) => node('release', 'over', 1, { mode: 'owner', ...change });

    it('ends the claims of that owner, held and waiting', async () => {
      await scene.run(
        acquire('alarm', level(900)),
        acquire('motion', { owner: 'me' }),
        acquire('again', { owner: 'me' }),
        over({ resource: 'room', resourceType: 'msg', owner: 'me' }),
      );
      for (const id of ['motion', 'alarm', 'again']) scene.flow.send(id);
      await settled();
      assert.equal(scene.registry.state('lamp').waitingCount, 2);
      scene.flow.send('over', { room: 'lamp', lock: 'of something else' });
      assert.equal((await scene.flow.next('over.1')).lock, 'of something else');
      assert.equal(scene.registry.state('lamp').waitingCount, 0);
      assert.equal(scene.registry.state('lamp').holder, 'alarm node');
      assert.equal(status(), 'green dot: released');
    });

    it('ends also what single messages have and wait for, each of which is a claim of its own', async () => {
      await scene.run(
        acquire('motion', { owner: 'me', further: 'each' }),
        acquire('other', { owner: 'else', further: 'each' }),
        over({ resource: 'lamp', owner: 'me' }),
      );
      for (const id of ['motion', 'motion', 'other']) scene.flow.send(id);
      await scene.flow.next('motion.1');
      scene.flow.send('over');
      await scene.flow.next('over.1');
      assert.equal(status(), 'green dot: released');
      assert.match(scene.registry.state('lamp').holder ?? '', /^else#/);
      assert.equal(scene.registry.state('lamp').waitingCount, 0);
      assert.equal(scene.flow.waiting('motion.1'), 0);
    });

    it('takes environment variables in the owner', async () => {
      process.env.REDLOCK_TEST_ROOM = 'attic';
      const change = { resource: 'lamp', owner: 'motion in ${REDLOCK_TEST_ROOM}' };
      await scene.run(acquire('motion', { owner: 'motion in attic' }), over(change));
      scene.flow.send('motion');
      await scene.flow.next('motion.1');
      scene.flow.send('over');
      await scene.flow.next('over.1');
      assert.equal(state(), 'free');
    });

    it('needs an owner', async () => {
      await scene.run(over({ resource: 'lamp', owner: '' }));
      assert.equal(status(), 'red ring: not set up');
      scene.flow.send('over');
      assert.equal(((await scene.flow.next('errors')).error as { code: string }).code, 'invalid');
    });

    it('reports a resource that is none', async () => {
      await scene.run(over({ resource: 'room', resourceType: 'msg', owner: 'me' }));
      scene.flow.send('over');
      assert.equal(((await scene.flow.next('errors')).error as { code: string }).code, 'invalid');
      assert.equal(status(), 'red ring: error');
    });
  });

  describe('by force', () => {
    const over = node('release', 'over', 1, { mode: 'force', resource: 'lamp', name: 'the janitor' });

    it('ends the hold of whoever has the resource, and says who did it', async () => {
      await scene.run(acquire('motion'), over);
      const forced: string[] = [];
      scene.registry.onEvent(({ event, locker }) => {
        if (event === 'forced') forced.push(locker);
      });
      scene.flow.send('motion');
      await scene.flow.next('motion.1');
      scene.flow.send('over', { payload: 1 });
      assert.equal((await scene.flow.next('over.1')).payload, 1);
      assert.deepEqual([state(), forced], ['free', ['the janitor']]);
      assert.equal(status(), 'green dot: freed by force');
    });

    it('has nothing to end when nobody has it', async () => {
      await scene.run(over);
      scene.flow.send('over');
      await scene.flow.next('over.1');
      assert.equal(status(), 'yellow ring: nothing to release');
    });

    it('ends the hold that msg.token names, and no later one', async () => {
      await scene.run(acquire('motion'), acquire('alarm', level(900)), over);
      scene.flow.send('motion');
      await scene.flow.next('motion.1');
      const { token } = scene.registry.state('lamp');
      scene.flow.send('alarm');
      await scene.flow.next('alarm.1');
      scene.flow.send('over', { token });
      assert.equal(((await scene.flow.next('errors')).error as { code: string }).code, 'not-freed');
      assert.equal(scene.registry.state('lamp').holder, 'alarm node');
      scene.flow.send('over', { token: scene.registry.state('lamp').token });
      await scene.flow.next('over.1');
      assert.equal(scene.registry.state('lamp').holder, 'motion node');
    });

    it('reports a token that is none', async () => {
      await scene.run(acquire('motion'), over);
      scene.flow.send('motion');
      await scene.flow.next('motion.1');
      scene.flow.send('over', { token: 'none' });
      assert.equal(((await scene.flow.next('errors')).error as { code: string }).code, 'invalid');
      assert.equal(state(), 'held');
    });

    it('reports when the hold is another one by then', async () => {
      await scene.run(acquire('motion'), over);
      scene.flow.send('motion');
      await scene.flow.next('motion.1');
      const now = scene.registry.state('lamp');
      Object.assign(scene.registry, { state: () => ({ ...now, token: 1 }) });
      scene.flow.send('over');
      assert.equal(((await scene.flow.next('errors')).error as { code: string }).code, 'not-freed');
      assert.equal(status(), 'red ring: error');
    });
  });

  it('reports a registry that is not there', async () => {
    await scene.run(node('release', 'over', 1, { registry: '' }));
    scene.flow.send('over');
    assert.equal(((await scene.flow.next('errors')).error as { code: string }).code, 'no-registry');
    assert.equal(status(), 'red ring: not set up');
  });

  it('passes on a lock that is no lock', async () => {
    await scene.run(node('release', 'over', 1));
    scene.flow.send('over', { lock: ['what'] });
    assert.equal(lockOf(await scene.flow.next('over.1')), undefined);
  });
});

/** Two instances of a subflow with acquire nodes and a release node for some of them. */
function subflow(nodes: readonly string[]): readonly FlowNode[] {
  const inner = (id: string, resource: string) =>
    acquire(id, { z: 'sub', ...resources(resource), wires: [[], [], [], []] }).slice(0, 1);
  const instance = (id: string, wires: unknown): FlowNode => ({
    id,
    type: 'subflow:sub',
    z: 'tab',
    name: '',
    env: [{ name: 'ROOM', type: 'str', value: id }],
    x: 0,
    y: 0,
    wires,
  });
  return [
    TAB,
    { id: 'registry', type: 'lock-registry', name: '' },
    {
      id: 'sub',
      type: 'subflow',
      name: 'Room',
      in: [{ x: 0, y: 0, wires: [{ id: 'way' }] }],
      out: [],
      env: [],
    },
    {
      id: 'way',
      type: 'fork',
      z: 'sub',
      x: 0,
      y: 0,
      wires: [['inner', 'second'], ['over']],
    },
    ...inner('inner', '${ROOM}'),
    ...inner('second', 'second/${ROOM}'),
    ...node('release', 'over', 1, { z: 'sub', nodes, wires: [[]] }).slice(0, 1),
    instance('hall', []),
    instance('attic', []),
    helper('unused'),
  ];
}
