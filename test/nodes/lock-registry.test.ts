import assert from 'node:assert/strict';
import { closeAllRegistries } from '../../src/registry/open';
import { acquire, type Change, flowOf, level, type Nodes, node, value } from '../support/lock-flow';
import { mqttClient, type TestClient } from '../support/mqtt-client';
import { freePort, type Mosquitto, startMosquitto } from '../support/mqtt-mosquitto';
import { coreNode, type FlowNode, type RuntimeOptions, runFlow, settled } from '../support/node-red';
import { RegistryScene } from '../support/registry-scene';

describe('lock-registry', () => {
  let scene: RegistryScene;

  const registry = (change: Change = {}, id?: string) => scene.registry(change, id);
  const withRegistries = (registries: readonly FlowNode[], ...nodes: readonly Nodes[]) =>
    scene.withRegistries(registries, ...nodes);
  const run = (all: readonly FlowNode[], options: RuntimeOptions = {}) => scene.run(all, options);
  let client: TestClient | undefined;
  let mosquitto: Mosquitto | undefined;

  beforeEach(() => {
    scene = new RegistryScene();
  });

  afterEach(async () => {
    await client?.close();
    client = undefined;
    await scene.end();
    await mosquitto?.stop();
    mosquitto = undefined;
  });

  it('is enough for the other nodes to work', async () => {
    const running = await run(
      withRegistries([registry()], acquire('motion', { level: 'motion', levelType: 'level' })),
    );
    running.send('motion', { payload: 1 });
    const { lock } = (await running.next('motion.1')) as { lock: { level: string } };
    assert.equal(lock.level, 'motion');
  });

  it('with the same broker and prefix as another one is the same registry', async () => {
    const both = [registry(), registry({ name: 'again' }, 'registry2')];
    const motion = acquire('motion');
    const alarm = acquire('alarm', { ...level(900), registry: 'registry2' });
    const running = await run(withRegistries(both, motion, alarm));
    running.send('motion');
    await running.next('motion.1');
    running.send('alarm');
    await running.next('motion.2');
  });

  it('with another prefix is another registry', async () => {
    const both = [registry(), registry({ prefix: `${scene.prefix}-2` }, 'registry2')];
    const running = await run(
      withRegistries(both, acquire('motion'), acquire('alarm', { ...level(900), registry: 'registry2' })),
    );
    running.send('motion');
    running.send('alarm');
    await running.next('alarm.1');
    await settled();
    assert.equal(running.waiting('motion.2'), 0);
  });

  for (const type of ['full', 'flows', 'nodes'] as const) {
    it(`is changed by a deploy that loses nothing (${type})`, async () => {
      const motion = acquire('motion', { level: 'motion', levelType: 'level', ...value('on') });
      const watch = node('lock-status', 'watch', 1, {
        resource: 'lamp',
        resourceType: 'str',
        content: 'value',
        onChange: true,
      });
      const flowWith = (change: Change) => withRegistries([registry(change)], motion, watch);
      const running = await run(flowWith({}));
      running.send('motion');
      const { lock } = (await running.next('motion.1')) as { lock: { id: string; token: number } };
      assert.equal((await running.next('watch.1')).payload, 'on');
      await running.deploy(flowWith({ levels: [{ id: 'motion', name: 'movement', priority: 150 }] }), type);
      await settled();
      assert.deepEqual(
        [running.waiting('motion.1'), running.waiting('motion.2'), running.waiting('watch.1')],
        [0, 0, 0],
      );
      running.send('motion');
      const { lock: now } = (await running.next('motion.1')) as { lock: Record<string, unknown> };
      assert.deepEqual(
        [now.id, now.token, now.again, now.level, now.priority],
        [lock.id, lock.token, true, 'movement', 150],
      );
    });
  }

  it('changes the number of a level for those who hold it', async () => {
    const motion = acquire('motion', { level: 'motion', levelType: 'level' });
    const flowWith = (change: Change) =>
      withRegistries([registry(change)], motion, acquire('other', level(120)));
    const running = await run(flowWith({}));
    running.send('motion');
    await running.next('motion.1');
    await running.deploy(flowWith({ levels: [{ id: 'motion', name: 'motion', priority: 150 }] }));
    running.send('other');
    await settled();
    assert.deepEqual(
      [running.waiting('motion.2'), running.status('other')?.text],
      [0, 'waits for motion n…'],
    );
  });

  it('keeps its journal in the user directory, over restarts', async () => {
    const motion = acquire('motion', { ttl: '1', ttlType: 'num', ttlUnit: 'h', ...value('on') });
    const all = withRegistries([registry()], motion);
    const first = await run(all);
    first.send('motion');
    await first.next('motion.1');
    await first.stop();
    await closeAllRegistries();
    const second = await run(all);
    const { lock, payload, topic } = (await second.next('motion.1')) as {
      lock: { restored: boolean };
      payload: string;
      topic: string;
    };
    assert.deepEqual([lock.restored, payload, topic], [true, 'on', 'lamp']);
  });

  it('shows default values', async () => {
    const values = [
      { resource: 'blinds/#', type: 'num', value: '50' },
      { resource: '#', type: 'json', value: '{"state":"off"}' },
    ];
    const watch = (id: string, resource: string) =>
      node('lock-status', id, 1, { resource, resourceType: 'str', content: 'value', onChange: true });
    const running = await run(
      withRegistries([registry({ values })], watch('lamp', 'lamp'), watch('blind', 'blinds/left')),
    );
    assert.deepEqual((await running.next('lamp.1')).payload, { state: 'off' });
    assert.equal((await running.next('blind.1')).payload, 50);
  });

  it('keeps to its rules', async () => {
    const policy = [
      { requester: '', resource: 'lamp', allowed: true, highest: '500', longestTtl: '4 h', mayForce: false },
    ];
    const running = await run(
      withRegistries([registry({ policy })], acquire('motion', { level: 'wanted', levelType: 'msg' })),
    );
    running.send('motion', { wanted: 501 });
    const { lock } = (await running.next('motion.4')) as { lock: { reason: string } };
    assert.equal(lock.reason, 'policy');
  });

  describe('with a broker of its own', () => {
    it('shows the locks to MQTT clients', async () => {
      const port = await freePort();
      const running = await run(
        withRegistries(
          [registry({ broker: 'embedded', port: String(port) })],
          acquire('motion', value('on')),
        ),
      );
      running.send('motion');
      await running.next('motion.1');
      client = await mqttClient(`mqtt://127.0.0.1:${port}`);
      await client.subscribe(`${scene.prefix}/state/#`);
      const state = await client.nextJson(`${scene.prefix}/state/lamp`, ({ state: now }) => now === 'held');
      assert.deepEqual([state.holder, state.value], ['motion node', 'on']);
    });

    it('lets in only who knows the user and the password', async () => {
      const port = await freePort();
      const credentials = { registry: { user: 'panel', password: 'secret' } };
      const running = await run(
        withRegistries([registry({ broker: 'embedded', port: String(port) })], acquire('motion')),
        {
          credentials,
        },
      );
      running.send('motion');
      await running.next('motion.1');
      await assert.rejects(mqttClient(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0 }));
      client = await mqttClient(`mqtt://127.0.0.1:${port}`, { username: 'panel', password: 'secret' });
      await client.subscribe(`${scene.prefix}/arbiter`);
      await client.next(`${scene.prefix}/arbiter`);
    });
  });

  describe('with another broker', () => {
    const shows = async () => {
      client = await mqttClient(String(mosquitto?.url));
      await client.subscribe(`${scene.prefix}/state/#`);
      scene.flow?.send('motion');
      await client.nextJson(`${scene.prefix}/state/lamp`, ({ holder }) => holder === 'motion node');
    };

    it('connects to its address', async () => {
      mosquitto = await startMosquitto();
      await run(withRegistries([registry({ broker: 'url', url: mosquitto.url })], acquire('motion')));
      await shows();
    });

    it('connects to the one that the flows use', async () => {
      mosquitto = await startMosquitto();
      const broker: FlowNode = {
        id: 'broker',
        type: 'mqtt-broker',
        name: '',
        broker: '127.0.0.1',
        port: String(mosquitto.port),
        protocolVersion: '4',
        keepalive: '60',
        usetls: false,
      };
      const all = withRegistries(
        [broker, registry({ broker: 'node', brokerNode: 'broker' })],
        acquire('motion'),
      );
      await run(all, { modules: [coreNode('network/10-mqtt')] });
      await shows();
    });
  });

  it('says what is wrong with its settings, and so do the nodes that use it', async () => {
    const running = await run(withRegistries([registry({ prefix: '#' })], acquire('motion')));
    assert.match(running.logged('registry').join(), /#/);
    assert.equal(running.status('motion')?.text, 'not set up');
    running.send('motion');
    assert.equal(((await running.next('errors')).error as { code: string }).code, 'no-registry');
  });

  it('says when it cannot be closed', async () => {
    const running = await run(withRegistries([registry()], acquire('motion')));
    const broken: unknown = running.node('registry');
    const { registry: opened } = broken as { registry: object };
    Object.assign(opened, { close: () => Promise.reject(new Error('stuck')) });
    await running.halt();
    assert.deepEqual(running.logged('registry'), ['Error: stuck']);
  });
});

describe('the nodes', () => {
  it('tell apart a registry and any other node', async () => {
    const flow = await runFlow(flowOf(acquire('motion', { registry: 'motion.1' })), {});
    assert.equal(flow.status('motion')?.text, 'not set up');
    await flow.stop();
  });
});
