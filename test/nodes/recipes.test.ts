// The recipes of the documentation that no example flow shows, with the nodes and settings that they name.
import assert from 'node:assert/strict';
import type { NodeMessage } from 'node-red';
import { acquire, type Change, helper, level, type Nodes, node, resources } from '../support/lock-flow';
import { lockOf } from '../support/lock-scene';
import { coreNode, type FlowNode, settled } from '../support/node-red';
import { RegistryScene } from '../support/registry-scene';

const MODULES = ['15-change', '10-switch', '10-function', '80-template'].map((name) =>
  coreNode(`function/${name}`),
);
const fromPayload: Change = { value: 'payload', valueType: 'msg' };

/** One of Node-RED's own nodes; `wires` are the nodes behind each output. */
function own(type: string, id: string, wires: readonly (readonly string[])[], change: Change): FlowNode {
  return { id, type, z: 'tab', name: '', x: 0, y: 0, wires, ...change };
}

/** A change node that sets a property to what a JSONata expression says. */
function set(id: string, to: string, property: string, expression: string, kind = 'msg'): FlowNode {
  const rules = [{ t: 'set', p: property, pt: kind, to: expression, tot: 'jsonata' }];
  return own('change', id, [[to]], { rules });
}

/** A switch node that asks JSONata expressions and takes the first that is true. */
function choose(id: string, ways: readonly (readonly [expression: string, to: string])[]): FlowNode {
  const rules = ways.map(([v]) =>
    v === 'otherwise' ? { t: 'else' } : { t: 'jsonata_exp', v, vt: 'jsonata' },
  );
  return own(
    'switch',
    id,
    ways.map(([, to]) => [to]),
    {
      ...{ property: 'payload', propertyType: 'msg', checkall: 'false', repair: false, outputs: ways.length },
      rules,
    },
  );
}

function status(id: string, resource: string, change: Change): FlowNode {
  const [first] = node('lock-status', id, 1, { resource, resourceType: 'str', ...change });
  if (first === undefined) throw new Error('no node');
  return first;
}

describe('the recipe', () => {
  let scene: RegistryScene;

  beforeEach(() => {
    scene = new RegistryScene();
  });

  afterEach(() => scene.end());

  const run = (change: Change, ...nodes: readonly Nodes[]) =>
    scene.run(scene.withRegistries([scene.registry(change)], ...nodes), { modules: MODULES });
  const payload = async (id: string) => {
    const flow = scene.flow;
    if (flow === undefined) throw new Error('the flow does not run');
    return (await flow.next(id)).payload;
  };

  it('a night mode that caps brightness: the lamp is what it should be, or the most that it may be', async () => {
    const values = [
      { resource: 'hall light', type: 'num', value: '0' },
      { resource: 'hall light/most', type: 'num', value: '254' },
    ];
    const follow = { content: 'value', onChange: true };
    const flow = await run(
      { values },
      acquire('motion', { ...level(100), ...resources('hall light'), ...fromPayload }),
      acquire('night', { ...level(50), ...resources('hall light/most'), ...fromPayload }),
      status('wanted', 'hall light', { ...follow, wires: [['keep-wanted']] }),
      status('most', 'hall light/most', { ...follow, wires: [['keep-most']] }),
      set('keep-wanted', 'least', 'wanted', 'payload', 'flow'),
      set('keep-most', 'least', 'most', 'payload', 'flow'),
      set('least', 'lamp', 'payload', '$min([$flowContext("wanted"), $flowContext("most")])'),
      helper('lamp'),
    );
    assert.deepEqual([await payload('lamp'), await payload('lamp')], [0, 0]);
    flow.send('motion', { payload: 200 });
    assert.equal(await payload('lamp'), 200);
    flow.send('night', { payload: 30 });
    assert.equal(await payload('lamp'), 30);
    flow.send('motion', { payload: 10 });
    assert.equal(await payload('lamp'), 10);
    flow.send('night', { reset: true });
    assert.equal(await payload('lamp'), 10);
    flow.send('motion', { payload: 150 });
    assert.equal(await payload('lamp'), 150);
  });

  it('give way gently: the next one has it when the grace is over, and it comes back', async () => {
    const flow = await run(
      {},
      acquire('party', { grace: '300', graceUnit: 'ms', name: 'party' }),
      acquire('alarm', { ...level(900), name: 'alarm' }),
    );
    flow.send('party');
    await flow.next('party.1');
    flow.send('alarm');
    const taken = lockOf(await flow.next('party.2'));
    assert.deepEqual([taken.state, taken.next?.locker], ['revoking', 'alarm']);
    assert.equal(flow.waiting('alarm.1'), 0);
    await flow.next('alarm.1');
    flow.send('alarm', { reset: true });
    assert.equal(lockOf(await flow.next('party.1')).regained, true);
  });

  it('give way gently: a release node hands it over before the grace is over', async () => {
    const flow = await run(
      {},
      acquire('party', { grace: '5', graceUnit: 's', whenLost: 'giveUp', wires: [[], ['done'], [], []] }),
      node('release', 'done', 1, { mode: 'lock' }),
      acquire('alarm', level(900)),
    );
    flow.send('party');
    await settled();
    const started = performance.now();
    flow.send('alarm');
    await flow.next('alarm.1');
    assert.ok(performance.now() - started < 4_000, 'the grace was waited for');
  });

  it('a button that cycles: dim, bright, and let go', async () => {
    const flow = await run(
      { values: [{ resource: 'lamp', type: 'num', value: '0' }] },
      status('button', 'lamp', { content: 'state', onChange: false, wires: [['which']] }),
      choose('which', [
        ['payload.holder = "hand" and payload.value = 30', 'bright'],
        ['payload.holder = "hand"', 'let-go'],
        ['otherwise', 'dim'],
      ]),
      set('dim', 'hand', 'payload', '30'),
      set('bright', 'hand', 'payload', '254'),
      acquire('hand', {
        ...level(500),
        ...fromPayload,
        name: 'hand',
        ttl: '4',
        ttlType: 'num',
        ttlUnit: 'h',
      }),
      node('release', 'let-go', 1, { mode: 'lock', nodes: ['hand'] }),
      status('follow', 'lamp', { content: 'value', onChange: true, wires: [['light']] }),
      helper('light'),
    );
    assert.equal(await payload('light'), 0);
    for (const next of [30, 254, 0, 30]) {
      flow.send('button');
      assert.equal(await payload('light'), next);
    }
  });

  it('who has it, on a display', async () => {
    const template =
      '{{payload.resource}}: {{#payload.holder}}{{payload.holder}} ({{payload.level}}){{/payload.holder}}{{^payload.holder}}free{{/payload.holder}}';
    const flow = await run(
      {},
      acquire('motion', { ...level(100), ...resources('hall light'), name: 'motion' }),
      status('watch', '#', { content: 'state', onChange: true, wires: [['text']] }),
      own('template', 'text', [['display']], {
        ...{ field: 'payload', fieldType: 'msg', format: 'handlebars', syntax: 'mustache', output: 'str' },
        template,
      }),
      helper('display'),
    );
    flow.send('motion');
    assert.equal(await payload('display'), 'hall light: motion (motion)');
    flow.send('motion', { reset: true });
    assert.equal(await payload('display'), 'hall light: free');
  });

  it('everything of one owner, what it waits for included', async () => {
    const flow = await run(
      {},
      acquire('guest 1', { ...resources('hall light'), owner: 'guest' }),
      acquire('guest 2', { ...resources('bath light'), owner: 'guest' }),
      acquire('alarm', { ...level(900), ...resources('bath light') }),
      acquire('other', resources('attic light')),
      status('all', '#', { content: 'state', onChange: false, wires: [['theirs']] }),
      choose('theirs', [['payload.holder = "guest" or "guest" in payload.waiting.locker', 'leave']]),
      node('release', 'leave', 1, { mode: 'owner', resource: 'topic', resourceType: 'msg', owner: 'guest' }),
    );
    for (const id of ['guest 1', 'guest 2', 'alarm', 'other']) {
      flow.send(id);
      await flow.next(`${id}.1`);
    }
    flow.send('all');
    const left = [(await flow.next('leave.1')).topic, (await flow.next('leave.1')).topic];
    assert.deepEqual(left.sort(), ['bath light', 'hall light']);
    flow.send('alarm', { reset: true });
    await settled();
    assert.deepEqual([flow.waiting('guest 2.1'), flow.waiting('leave.1')], [0, 0]);
  });

  it('the lock in a function node: the token goes with the command, and a guard stops who has lost it', async () => {
    const func = 'msg.payload = { state: "ON", token: msg.lock.token };\nreturn msg;';
    const flow = await run(
      {},
      acquire('motion', { ...level(100), wires: [['command'], [], [], []] }),
      acquire('alarm', level(900)),
      own('function', 'command', [['guard']], { func, outputs: 1, initialize: '', finalize: '', libs: [] }),
      node('lock-guard', 'guard', 2),
    );
    flow.send('motion');
    const sent: NodeMessage = await flow.next('guard.1');
    assert.equal((sent.payload as { token?: unknown }).token, lockOf(sent).token);
    flow.send('alarm');
    await flow.next('alarm.1');
    flow.send('guard', sent);
    assert.equal(lockOf(await flow.next('guard.2')).id, lockOf(sent).id);
  });
});
