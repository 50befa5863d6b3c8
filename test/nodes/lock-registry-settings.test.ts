import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Node, NodeAPI } from 'node-red';
import type { RegistryConfig } from '../../nodes/lock-registry/config';
import { registrySettings } from '../../nodes/lock-registry/settings';
import type { RegistrySettings } from '../../src/registry/registry';
import type { Change } from '../support/lock-flow';
import { coreNode, type FlowNode, type NodeModule, type RuntimeOptions } from '../support/node-red';
import { RegistryScene } from '../support/registry-scene';

describe('lock-registry', () => {
  let scene: RegistryScene;

  const registry = (change: Change = {}, id?: string) => scene.registry(change, id);
  const run = (all: readonly FlowNode[], options: RuntimeOptions = {}) => scene.run(all, options);

  beforeEach(() => {
    scene = new RegistryScene();
  });

  afterEach(() => scene.end());

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
        decide: 'alone',
        timing: {},
        policy: [],
        values: [],
        folder: join(scene.userDir, 'priority-redlock'),
      });
    });

    it('with who decides, and the lengths that matter among several', async () => {
      const settings = await read({
        ...{ decide: 'takeover', session: '20 s', failoverDelay: ' 2s ', handoverTimeout: 'Infinity' },
      });
      assert.equal(settings?.decide, 'takeover');
      assert.deepEqual(settings?.timing, {
        session: 20_000,
        failoverDelay: 2_000,
        handoverTimeout: Infinity,
      });
    });

    for (const [change, prefix] of [
      [{ homeAssistant: false, discoveryPrefix: 'ha' }, undefined],
      [{ homeAssistant: true, discoveryPrefix: '' }, 'homeassistant'],
      [{ homeAssistant: true, discoveryPrefix: 'ha' }, 'ha'],
    ] as const) {
      it(`with ${prefix} as the prefix of Home Assistant for ${JSON.stringify(change)}`, async () => {
        assert.equal((await read(change))?.homeAssistant, prefix);
      });
    }

    it('with no time to let go', async () => {
      assert.deepEqual((await read({ session: '', handoverTimeout: '0 s' }))?.timing, { handoverTimeout: 0 });
    });

    for (const wrong of [{ session: 'soon' }, { failoverDelay: '0 s' }, { session: 'Infinity' }]) {
      it(`not with ${JSON.stringify(wrong)}`, async () => {
        const [field] = Object.keys(wrong);
        await assert.rejects(read(wrong), new RegExp(`the ${field} .*a length like 500 ms, 10 s or 1 min`));
      });
    }

    it('with its name, by which programs find it', async () => {
      assert.equal((await read({ name: 'house' }))?.name, 'house');
    });

    it('without a user directory', async () => {
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
      const settings = {
        available: () => true,
        get: (key: string) => `${key} of this one`,
        userDir: scene.userDir,
      };
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
});
