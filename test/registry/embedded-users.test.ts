// A registry with a broker of its own that has a user: programs take part under that name, and under no other.
import assert from 'node:assert/strict';
import { type ConnectedLocks, type ConnectOptions, connectLocks } from '../../src/registry/connect-locks';
import { closeAllRegistries, openRegistry } from '../../src/registry/open';
import type { Registry } from '../../src/registry/registry';
import { mqttClient, type TestClient } from '../support/mqtt-client';

const PASSWORD = 'secret';

describe('a registry with a broker of its own that has a user', () => {
  let house: Registry;
  let url: string;
  let program: ConnectedLocks | undefined;
  let client: TestClient | undefined;

  beforeEach(async () => {
    const broker = { kind: 'embedded', port: 0, user: 'panel', password: PASSWORD } as const;
    house = openRegistry({ broker, requester: 'house' });
    await house.ready;
    const [, port] = /:(\d+)$/.exec(house.status.text) ?? [];
    url = `mqtt://127.0.0.1:${port}`;
  });

  afterEach(async () => {
    await program?.close();
    await client?.close();
    [program, client] = [undefined, undefined];
    await closeAllRegistries();
  });

  const connect = (more: Partial<ConnectOptions> = {}) =>
    connectLocks({ url, user: 'panel', password: PASSWORD, requester: 'panel', ...more });

  it('lets a program take part under that name', async () => {
    program = await connect();
    const lock = await program.acquire('lights', 'wall', { value: 'on' });
    const { holder, requester, value, token } = house.state('lights');
    assert.deepEqual([holder, requester, value, token], ['wall', 'panel', 'on', lock.token]);
    const lost = new Promise<void>((resolve) => lock.onRelease(() => resolve()));
    const taken = new Promise<void>((resolve) => {
      house.watch('lights', ({ holder: now }) => {
        if (now === 'alarm') resolve();
      });
    });
    house.owner('alarm').claim('k', { resource: 'lights', locker: 'alarm', priority: 'security' });
    await lost;
    await taken;
  });

  it('lets nobody take part under another name, which is told in words', async () => {
    const broker = { kind: 'url', url, user: 'panel', password: PASSWORD } as const;
    const other = openRegistry(
      { broker, requester: 'kitchen', decide: 'never' },
      { timing: { startWait: 300, echoWait: 300 } },
    );
    const text = await new Promise<string>((resolve) => {
      other.onStatus((status) => {
        if (status.text.includes('may not')) resolve(status.text);
      });
    });
    assert.match(text, /^may not write.* under locks\/ here: .*the user wants the name kitchen/);
  });

  it('passes nothing on that is said in the name of another session, or of the arbiter', async () => {
    client = await mqttClient(url, { username: 'panel', password: PASSWORD });
    await client.subscribe('locks/#');
    for (const topic of [
      'locks/session/house',
      'locks/session/house/claims',
      'locks/session/panel/answers',
      'locks/session/house/answers',
      'locks/beat/house',
      'locks/arbiter',
      'locks/arbiter/beat',
      'locks/arbiter/mark/panel',
    ]) {
      await client.publish(topic, '{"forged":true}');
    }
    await client.publish('locks/beat/panel', '{"session":"mine","beat":1}');
    await client.next('locks/beat/panel');
    assert.deepEqual(
      client.seen.filter(({ text }) => text.includes('forged')),
      [],
    );
  });
});
