import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Node, NodeAPI } from 'node-red';
import type { RegistryConfig } from '../../nodes/lock-registry/config';
import { registrySettings } from '../../nodes/lock-registry/settings';
import { closeAllRegistries } from '../../src/registry/open';
import type { RegistrySettings } from '../../src/registry/registry';
import { acquire, type Change, flowOf, level, type Nodes, node, value } from '../support/lock-flow';
import { mqttClient, type TestClient } from '../support/mqtt-client';
import { freePort, type Mosquitto, startMosquitto } from '../support/mqtt-mosquitto';
import {
  coreNode,
  type FlowNode,
  type NodeModule,
  type RunningFlow,
  type RuntimeOptions,
  runFlow,
  runWholeFlow,
  settled,
} from '../support/node-red';

let prefixes = 0;

describe('lock-registry', () => {
  let userDir = '';
  let prefix = '';
  let flow: RunningFlow | undefined;
  let client: TestClient | undefined;
  let mosquitto: Mosquitto | undefined;

  const registry = (change: Change = {}, id = 'registry'): FlowNode => ({
    id,
    type: 'lock-registry',
    name: '',
    broker: 'none',
    brokerNode: '',
    url: '',
    bind: '127.0.0.1',
    port: '1883',
    prefix,
    requester: 'here',
    levels: [{ id: 'motion', name: 'motion', priority: 100 }],
    values: [],
    policy: [],
    ...change,
  });

  /** A flow with these lock-registry nodes in the place of the usual one. */
  const withRegistries = (registries: readonly FlowNode[], ...nodes: readonly Nodes[]) => [
    ...registries,
    ...flowOf(...nodes).filter(({ type }) => type !== 'lock-registry'),
  ];

  const run = async (all: readonly FlowNode[], options: RuntimeOptions = {}) => {
    flow = await runWholeFlow(all, { userDir, ...options });
    return flow;
  };

  beforeEach(() => {
    userDir = mkdtempSync(join(tmpdir(), 'redlock-user-'));
    prefixes += 1;
    prefix = `house${prefixes}`;
  });

  afterEach(async () => {
    await flow?.stop();
    flow = undefined;
    await client?.close();
    client = undefined;
    await closeAllRegistries();
    await mosquitto?.stop();
    mosquitto = undefined;
    rmSync(userDir, { recursive: true });
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
    const both = [registry(), registry({ prefix: `${prefix}-2` }, 'registry2')];
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
      await client.subscribe(`${prefix}/state/#`);
      const state = await client.nextJson(`${prefix}/state/lamp`, ({ state: now }) => now === 'held');
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
      await client.subscribe(`${prefix}/arbiter`);
      await client.next(`${prefix}/arbiter`);
    });
  });

  describe('with another broker', () => {
    const shows = async () => {
      client = await mqttClient(String(mosquitto?.url));
      await client.subscribe(`${prefix}/state/#`);
      flow?.send('motion');
      await client.nextJson(`${prefix}/state/lamp`, ({ holder }) => holder === 'motion node');
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

  describe('reads its settings', () => {
    /** What the settings of a lock-registry node come to, in a real runtime. */
    const read = async (
      change: Change,
      others: readonly FlowNode[] = [],
      options: RuntimeOptions = {},
      RED2: object = {},
    ) => {
      const found: { settings?: RegistrySettings; error?: unknown } = {};
      const probe: NodeModule = (RED: NodeAPI) => {
        RED.nodes.registerType('probe', function (this: Node, config: RegistryConfig) {
          RED.nodes.createNode(this, config);
          const runtime: NodeAPI = Object.assign(Object.create(RED), RED2);
          try {
            found.settings = registrySettings(runtime, this, config);
          } catch (error) {
            found.error = error;
          }
        });
      };
      const all = [{ ...registry(change), type: 'probe' }, ...others];
      await run([{ id: 'tab', type: 'tab', label: '' }, ...all], {
        ...options,
        modules: [probe, ...(options.modules ?? [])],
      });
      if (found.error !== undefined) throw found.error;
      return found.settings;
    };

    it('with nothing but defaults', async () => {
      const bare = {
        broker: undefined,
        bind: undefined,
        port: undefined,
        prefix: undefined,
        requester: undefined,
        levels: undefined,
        values: undefined,
        policy: undefined,
      };
      assert.deepEqual(await read(bare), {
        broker: { kind: 'embedded', port: 1883 },
        prefix: 'locks',
        policy: [],
        values: [],
        folder: join(userDir, 'priority-redlock'),
      });
    });

    it('without a user directory', async () => {
      userDir = mkdtempSync(join(tmpdir(), 'redlock-user-'));
      const settings = await read({}, [], {}, { settings: { available: () => false } });
      assert.equal('folder' in (settings ?? {}), false);
    });

    it('with environment variables in any text', async () => {
      process.env.REDLOCK_TEST_ROOM = 'attic';
      const settings = await read({
        broker: 'url',
        url: 'mqtt://${REDLOCK_TEST_ROOM}:1883',
        prefix: 'locks/${REDLOCK_TEST_ROOM}',
        requester: 'in-${REDLOCK_TEST_ROOM}',
        values: [{ resource: '${REDLOCK_TEST_ROOM}/#', type: 'str', value: 'as ${REDLOCK_TEST_ROOM}' }],
      });
      assert.deepEqual(
        [settings?.broker, settings?.prefix, settings?.requester, settings?.values],
        [
          { kind: 'url', url: 'mqtt://attic:1883' },
          'locks/attic',
          'in-attic',
          [{ resource: 'attic/#', value: 'as attic' }],
        ],
      );
    });

    it("with Node-RED's own id as its name", async () => {
      const settings = { available: () => true, get: (key: string) => `${key} of this one`, userDir };
      assert.equal(
        (await read({ requester: '' }, [], {}, { settings }))?.requester,
        'instanceId of this one',
      );
    });

    it('with rules, whose lengths have units', async () => {
      const policy = [
        {
          requester: 'panel',
          resource: 'a/#',
          highest: 'manual',
          longestTtl: '4 h',
          defaultTtl: '30min',
          longestGrace: '0.5 s',
          actsAs: 'hand',
          mayForce: true,
        },
        { allowed: false },
        { longestTtl: '90' },
      ];
      assert.deepEqual((await read({ policy }))?.policy, [
        {
          requester: 'panel',
          resource: 'a/#',
          allowed: true,
          highest: 'manual',
          longestTtl: 14_400_000,
          defaultTtl: 1_800_000,
          longestGrace: 500,
          actsAs: 'hand',
          mayForce: true,
        },
        { requester: '#', resource: '#', allowed: false, mayForce: false },
        { requester: '#', resource: '#', allowed: true, longestTtl: 90_000, mayForce: false },
      ]);
    });

    it('with the TLS settings and the credentials of an mqtt-broker node', async () => {
      const broker: FlowNode = {
        id: 'broker',
        type: 'mqtt-broker',
        name: '',
        broker: 'house',
        port: '8883',
        protocolVersion: '5',
        keepalive: '60',
        usetls: true,
        verifyservercert: true,
      };
      const options = {
        modules: [coreNode('network/10-mqtt')],
        credentials: { broker: { user: 'me', password: 'secret' } },
      };
      const settings = await read({ broker: 'node', brokerNode: 'broker' }, [broker], options);
      assert.deepEqual(settings?.broker, {
        kind: 'url',
        url: 'mqtts://house:8883',
        tls: { rejectUnauthorized: true },
        user: 'me',
        password: 'secret',
        protocolVersion: 5,
      });
    });

    for (const [change, message] of [
      [{ broker: 'node', brokerNode: 'none' }, /^the connection is "none": it should be an mqtt-broker node/],
      [{ broker: 'embedded', port: '70000' }, /^the port is "70000": it should be a number from 0 to 65535/],
      [{ policy: [{ longestTtl: 'long' }] }, /^longestTtl of rule 1 is "long": it should be a length like/],
      [{ policy: [{ longestTtl: '1.2.3 s' }] }, /^longestTtl of rule 1 is "1.2.3 s"/],
      [{ values: [{ resource: 'a', type: 'json', value: '{' }] }, /^the default value of a is "{"/],
    ] as const) {
      it(`and refuses ${JSON.stringify(change)}`, async () => {
        await assert.rejects(read(change), ({ message: text, code }) => {
          assert.match(text, message);
          assert.equal(code, 'invalid');
          return true;
        });
      });
    }
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
