// A registry that uses the mqtt-broker node of the flow, or a URL, on a real Mosquitto: plain, over TLS and over
// websockets, with a password or a client certificate, with MQTT 3.1.1 and 5.
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import type { Registry, RegistryStatus } from '../../src/registry/registry';
import { acquire, type Change } from '../support/lock-flow';
import { type Certificates, makeCertificates } from '../support/mqtt-certificates';
import { freePort, type Mosquitto, startMosquitto } from '../support/mqtt-mosquitto';
import { coreNode, type FlowNode, type RunningFlow, type RuntimeOptions } from '../support/node-red';
import { RegistryScene } from '../support/registry-scene';

const USER = 'house';
/** `secret` as mosquitto_passwd writes it. */
const PASSWORDS =
  'house:$7$101$lohYzWH/bAyhL1b1$LJ2nQzTL5NKiNJx9RyZCJ3byuMbhn5N52YXFTOSs/jV11Qiw/tQ7my4U4zrCj7vcQHxLD05i6NF+iJdSiwIF7w==';
const LOGIN = { user: USER, password: 'secret' };

type Over = 'TCP' | 'TLS' | 'TLS with client certificates' | 'websockets' | 'websockets over TLS';

describe('a lock-registry on a broker of the flow', () => {
  let scene: RegistryScene;
  let certificates: Certificates;
  let mosquitto: Mosquitto;
  /** So much of its log is of earlier tests. */
  let logged = 0;
  let ports: Readonly<Record<Over, number>>;

  before(async () => {
    certificates = makeCertificates(USER);
    const others = {
      TLS: await freePort(),
      'TLS with client certificates': await freePort(),
      websockets: await freePort(),
      'websockets over TLS': await freePort(),
    };
    const tls = ['cafile {dir}/ca.pem', 'certfile {dir}/cert.pem', 'keyfile {dir}/key.pem'];
    const listen = (over: keyof typeof others) => `listener ${others[over]} 127.0.0.1`;
    mosquitto = await startMosquitto({
      settings: ['allow_anonymous false', 'password_file {dir}/passwords'],
      listener: [
        ...[listen('TLS'), ...tls],
        ...[listen('TLS with client certificates'), ...tls, 'require_certificate true'],
        'use_identity_as_username true',
        ...[listen('websockets'), 'protocol websockets'],
        ...[listen('websockets over TLS'), 'protocol websockets', ...tls],
      ],
      files: {
        ...{ 'ca.pem': certificates.ca, 'cert.pem': certificates.cert, 'key.pem': certificates.key },
        passwords: PASSWORDS,
      },
    });
    ports = { TCP: mosquitto.port, ...others };
  });

  after(() => mosquitto.stop());

  beforeEach(() => {
    scene = new RegistryScene();
    logged = mosquitto.log.length;
  });

  afterEach(() => scene.end());

  /** A flow in which a claim is granted; resolves when that was said over the broker. */
  async function works(registry: FlowNode, brokers: readonly FlowNode[], credentials: Logins): Promise<void> {
    const running = await run(registry, brokers, credentials);
    running.send('motion');
    await running.next('motion.1');
    await became(running, ({ state }) => state === 'ready');
  }

  function run(registry: FlowNode, brokers: readonly FlowNode[], credentials: Logins): Promise<RunningFlow> {
    const all = scene.withRegistries([...brokers, registry], acquire('motion'));
    const modules = [coreNode('network/05-tls'), coreNode('network/10-mqtt')];
    return scene.run(all, { credentials, modules });
  }

  function registryOn(change: Change): FlowNode {
    return scene.registry({ requester: USER, ...change });
  }

  /** How our connections were made, as the broker has noted it: `p2` is MQTT 3.1.1, `p5` is 5. */
  function connections(): readonly string[] {
    const noted = mosquitto.log
      .slice(logged)
      .flatMap((line) => /as locks\S+ \((p\d), .*u'(\w+)'/.exec(line)?.slice(1) ?? []);
    return [...new Set(noted)];
  }

  function brokerNode(over: Over, change: Change): FlowNode {
    const isWebsocket = over.startsWith('websockets');
    const scheme = over === 'websockets' ? 'ws' : 'wss';
    return {
      ...{ id: 'broker', type: 'mqtt-broker', name: '', keepalive: '60', protocolVersion: '4' },
      broker: isWebsocket ? `${scheme}://localhost:${ports[over]}` : 'localhost',
      port: String(ports[over]),
      usetls: over !== 'TCP' && over !== 'websockets',
      tls: 'tls',
      ...change,
    };
  }

  function tlsNode(change: Change = {}): FlowNode {
    return {
      ...{ id: 'tls', type: 'tls-config', name: '', cert: '', key: '', ca: '', verifyservercert: true },
      ...change,
    };
  }

  for (const [protocolVersion, noted] of [
    ['4', 'p2'],
    ['5', 'p5'],
  ] as const) {
    for (const over of ['TCP', 'TLS', 'websockets', 'websockets over TLS'] as const) {
      it(`works over ${over} with MQTT ${protocolVersion === '5' ? '5' : '3.1.1'}`, async () => {
        const brokers = [brokerNode(over, { protocolVersion }), tlsNode()];
        await works(registryOn({ broker: 'node', brokerNode: 'broker' }), brokers, {
          broker: LOGIN,
          tls: { cadata: certificates.ca },
        });
        assert.deepEqual(connections(), [noted, USER]);
      });
    }

    it(`works with a client certificate instead of a password (MQTT ${protocolVersion})`, async () => {
      const { ca, client } = certificates;
      const brokers = [brokerNode('TLS with client certificates', { protocolVersion }), tlsNode()];
      await works(registryOn({ broker: 'node', brokerNode: 'broker' }), brokers, {
        tls: { cadata: ca, certdata: client.cert, keydata: client.key },
      });
      assert.deepEqual(connections(), [noted, USER]);
    });
  }

  it('takes 3.1.1 where no version is chosen', async () => {
    const brokers = [brokerNode('TCP', { protocolVersion: undefined })];
    await works(registryOn({ broker: 'node', brokerNode: 'broker' }), brokers, { broker: LOGIN });
    assert.deepEqual(connections(), ['p2', USER]);
  });

  for (const over of ['TLS', 'websockets over TLS'] as const) {
    it(`believes any certificate over ${over} where the flow says so`, async () => {
      const brokers = [brokerNode(over, {}), tlsNode({ verifyservercert: false })];
      await works(registryOn({ broker: 'node', brokerNode: 'broker' }), brokers, { broker: LOGIN });
    });

    it(`does not believe one of an unknown authority over ${over}, and says so`, async () => {
      const registry = registryOn({ broker: 'node', brokerNode: 'broker' });
      const running = await run(registry, [brokerNode(over, {}), tlsNode()], { broker: LOGIN });
      await became(running, ({ text }) => /an unknown authority \(give its CA\)/.test(text));
    });
  }

  it('says which protocol it speaks over TLS, where the flow says it', async () => {
    const { cert, key, ca } = certificates;
    const server = createServer({ cert, key, ALPNProtocols: ['mqtt'] });
    const spoken = new Promise((resolve) => {
      server.on('secureConnection', (socket) => {
        resolve(socket.alpnProtocol);
        socket.destroy();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const broker = brokerNode('TLS', { port: String(port) });
    const registry = registryOn({ broker: 'node', brokerNode: 'broker' });
    await run(registry, [broker, tlsNode({ alpnprotocol: 'mqtt' })], { tls: { cadata: ca } });
    assert.equal(await spoken, 'mqtt');
    await new Promise((resolve) => server.close(resolve));
  });

  it('says that the password is wrong', async () => {
    const registry = registryOn({ broker: 'node', brokerNode: 'broker' });
    const wrong = { broker: { user: USER, password: 'guess' } };
    const running = await run(registry, [brokerNode('TCP', {})], wrong);
    await became(running, ({ text }) => /the user name or the password is wrong/.test(text));
  });

  it('works with a URL of websockets, and a user', async () => {
    const url = `ws://localhost:${ports.websockets}`;
    await works(registryOn({ broker: 'url', url }), [], { registry: LOGIN });
    assert.deepEqual(connections(), ['p2', USER]);
  });
});

type Logins = NonNullable<RuntimeOptions['credentials']>;

/** Resolves when the registry of a flow says so of itself. */
function became(running: RunningFlow, isSo: (status: RegistryStatus) => boolean): Promise<void> {
  const node: unknown = running.node('registry');
  const { registry } = node as { readonly registry: Registry };
  return new Promise((resolve) => {
    const look = () => {
      if (isSo(registry.status)) resolve();
    };
    registry.onStatus(look);
    look();
  });
}
