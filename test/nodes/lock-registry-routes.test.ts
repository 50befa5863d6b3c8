import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NodeAPI } from 'node-red';
import type { EmbeddedBroker } from '../../src/mqtt/embedded-broker';
import { acquire, resources } from '../support/lock-flow';
import { EmbeddedScene, urlOf } from '../support/mqtt-embedded';
import type { FlowNode, NodeModule, RuntimeOptions } from '../support/node-red';
import { RegistryScene } from '../support/registry-scene';

const LOGIN = { user: 'house', password: 'secret' };
/** What the editor sends for a password that it does not know. */
const UNTOUCHED = '__PWRD__';

describe('what the dialogs ask of a lock-registry', () => {
  let scene: RegistryScene;
  let brokers: EmbeddedScene;
  let broker: EmbeddedBroker;
  let server: Server | undefined;

  beforeEach(async () => {
    scene = new RegistryScene();
    brokers = new EmbeddedScene();
    broker = await brokers.start({ users: [{ username: LOGIN.user, password: LOGIN.password }] });
  });

  afterEach(async () => {
    server?.closeAllConnections();
    server?.close();
    await scene.end();
    await brokers.end();
  });

  const admin: NodeModule = (RED: NodeAPI) => {
    server = RED.httpAdmin.listen(0, '127.0.0.1');
    // The runtime waits for it.
    return once(server, 'listening');
  };

  const run = (all: readonly FlowNode[], options: RuntimeOptions = {}) =>
    scene.run(all, { ...options, modules: [admin] });

  async function ask(path: string, body?: object): Promise<unknown> {
    const { port } = (server?.address() ?? {}) as Partial<AddressInfo>;
    const method = body === undefined ? 'GET' : 'POST';
    const response = await fetch(`http://127.0.0.1:${port}/lock-registry/registry/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return response.json();
  }

  it('are the names of the resources that it knows', async () => {
    const flow = await run(
      scene.withRegistries([scene.registry()], acquire('motion', resources('kitchen light'))),
    );
    flow.send('motion');
    await flow.next('motion.1');
    assert.deepEqual(await ask('resources'), ['kitchen light']);
  });

  it('are no names before it is deployed', async () => {
    await run(scene.withRegistries([]));
    assert.deepEqual(await ask('resources'), []);
  });

  it('is whether a broker can be reached, also before it is deployed', async () => {
    await run(scene.withRegistries([]));
    const dialog = { broker: 'url', url: urlOf(broker), prefix: 'locks' };
    assert.deepEqual(await ask('try', { ...dialog, ...LOGIN }), { isWell: true, text: '' });
    const { isWell, text } = (await ask('try', { ...dialog, user: 'house', password: 'guess' })) as Trial;
    assert.equal(isWell, false);
    assert.match(text, /the user name or the password is wrong/);
  });

  it('tries the deployed password where the one of the dialog was not touched, and never tells it', async () => {
    const all = scene.withRegistries([scene.registry({ broker: 'url', url: urlOf(broker) })]);
    await run(all, { credentials: { registry: LOGIN } });
    const dialog = { broker: 'url', url: urlOf(broker), prefix: 'locks', user: 'house', password: UNTOUCHED };
    assert.deepEqual(await ask('try', dialog), { isWell: true, text: '' });
    const { text } = (await ask('try', { ...dialog, user: 'garden' })) as Trial;
    assert.match(text, /the user name or the password is wrong/);
    assert.doesNotMatch(text, /secret/);
  });

  it('says that the connection of the flows is not there', async () => {
    await run(scene.withRegistries([]));
    const { isWell, text } = (await ask('try', { broker: 'node', brokerNode: 'gone' })) as Trial;
    assert.equal(isWell, false);
    assert.match(text, /an mqtt-broker node that is enabled/);
  });

  it('says what is wrong with something else than a dialog', async () => {
    await run(scene.withRegistries([]));
    const { isWell, text } = (await ask('try', [])) as Trial;
    assert.equal(isWell, false);
    assert.match(text, /is not like mqtt:\/\/host:1883/);
  });
});

interface Trial {
  readonly isWell: boolean;
  readonly text: string;
}
