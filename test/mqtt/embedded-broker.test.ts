import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { MqttConnection } from '../../src/mqtt/connection';
import { systemClock } from '../../src/protocol/system-clock';
import { mqttClient, type TestClient } from '../support/mqtt-client';
import { EmbeddedScene, portOf, urlOf } from '../support/mqtt-embedded';
import { mosquittoPub, mosquittoSub } from '../support/mqtt-mosquitto';
import { connected, record } from '../support/mqtt-transport';

describe('the embedded broker', () => {
  let scene: EmbeddedScene;
  const clients: TestClient[] = [];

  async function client(...args: Parameters<typeof mqttClient>): Promise<TestClient> {
    const made = await mqttClient(...args);
    clients.push(made);
    return made;
  }

  beforeEach(() => {
    scene = new EmbeddedScene();
  });

  afterEach(async () => {
    for (const each of clients.splice(0)) await each.close();
    await scene.end();
  });

  it('serves real clients of others: live and retained messages', async () => {
    const port = portOf(await scene.start());
    await mosquittoPub(port, '-t', 'lamp/a', '-m', 'on', '-r', '-q', '1');
    await mosquittoPub(port, '-t', 'lamp/b', '-m', 'off', '-r', '-q', '0');
    await mosquittoPub(port, '-t', 'lamp/c', '-m', 'passing', '-q', '1');
    const lines = await mosquittoSub(port, 2, '-t', 'lamp/+', '-q', '1');
    assert.deepEqual(lines, ['lamp/a on', 'lamp/b off']);
    const listening = await client(`mqtt://127.0.0.1:${port}`);
    await listening.subscribe('lamp/#');
    await mosquittoPub(port, '-t', 'lamp/c', '-m', 'live', '-r', '-q', '2');
    const seen = await listening.next('lamp/c');
    assert.equal(seen.text, 'live');
    assert.equal(seen.retain, false);
    await mosquittoPub(port, '-t', 'lamp/a', '-n', '-r', '-q', '1');
    assert.deepEqual([...(await listening.retained('lamp/#')).keys()].sort(), ['lamp/b', 'lamp/c']);
  });

  it('has everything that is retained after a restart, and nothing else', async () => {
    const first = await scene.start();
    await mosquittoPub(portOf(first), '-t', 'a/kept', '-m', 'ä 😀', '-r', '-q', '1');
    await mosquittoPub(portOf(first), '-t', 'a/emptied', '-m', 'x', '-r', '-q', '1');
    await mosquittoPub(portOf(first), '-t', 'a/emptied', '-n', '-r', '-q', '1');
    await mosquittoPub(portOf(first), '-t', 'a/passing', '-m', 'x', '-q', '1');
    await first.stop();
    const second = await client(urlOf(await scene.start()));
    assert.deepEqual([...(await second.retained('#'))], [['a/kept', 'ä 😀']]);
  });

  it('forgets everything without a folder', async () => {
    const first = await scene.start({ directory: undefined });
    await mosquittoPub(portOf(first), '-t', 'a', '-m', 'x', '-r', '-q', '1');
    assert.deepEqual(await mosquittoSub(portOf(first), 1, '-t', 'a'), ['a x']);
    await first.stop();
    const second = await client(urlOf(await scene.start({ directory: undefined })));
    assert.deepEqual([...(await second.retained('#'))], []);
  });

  it('sends what is retained in the order of the filters, with wildcards as MQTT has them', async () => {
    const publisher = await client(urlOf(await scene.start()));
    for (const topic of ['b/1', 'a', 'a/1', 'a//2', 'a/1/x', '/a', 'b/2']) {
      await publisher.publish(topic, topic, { retain: true });
    }
    const of = async (filter: string) => [...(await publisher.retained(filter)).keys()];
    assert.deepEqual(await of('a/#'), ['a', 'a/1', 'a//2', 'a/1/x']);
    assert.deepEqual(await of('a/+'), ['a/1']);
    assert.deepEqual(await of('a/+/+'), ['a//2', 'a/1/x']);
    assert.deepEqual(await of('+/a'), ['/a']);
    assert.deepEqual(await of('a/1'), ['a/1']);
    assert.deepEqual(await of('none'), []);
  });

  it('answers small messages at once: neither side waits to fill a packet', async () => {
    const options = {
      url: urlOf(await scene.start()),
      clientId: 'fast',
      clock: systemClock,
      random: () => 0,
    };
    const transport = await connected(new MqttConnection(options));
    const recorded = record(transport);
    await transport.subscribe('ping', 1);
    let fastest = Infinity;
    for (let count = 1; count <= 50; count++) {
      const start = systemClock.now().monotonic;
      await transport.publish('ping', 'x', { qos: 1, retain: true });
      await recorded.until(({ messages }) => messages.length === count);
      fastest = Math.min(fastest, systemClock.now().monotonic - start);
    }
    // With that wait every round takes 40 ms and more.
    assert.ok(fastest < 20, `the fastest round took ${fastest} ms`);
    await transport.stop();
  });

  it('publishes the will of a client that breaks off, and retains it', async () => {
    const broker = await scene.start();
    const will = { topic: 'will', payload: Buffer.from('gone'), qos: 1, retain: true } as const;
    const dying = await mqttClient(urlOf(broker), { will });
    const watcher = await client(urlOf(broker));
    await watcher.subscribe('will');
    dying.mqtt.stream.destroy();
    assert.equal((await watcher.next('will')).text, 'gone');
    await broker.stop();
    const later = await client(urlOf(await scene.start()));
    assert.deepEqual([...(await later.retained('#'))], [['will', 'gone']]);
  });

  it('publishes no wills when it stops: it is not the devices that are gone', async () => {
    const broker = await scene.start();
    const will = { topic: 'claim', payload: Buffer.alloc(0), qos: 1, retain: true } as const;
    const device = await client(urlOf(broker), { will });
    await device.publish('claim', 'mine', { retain: true });
    await broker.stop();
    const later = await client(urlOf(await scene.start()));
    assert.deepEqual([...(await later.retained('#'))], [['claim', 'mine']]);
  });

  it('closes the older of two clients with one id, and publishes its will before the messages of the newer', async () => {
    const broker = await scene.start();
    const watcher = await client(urlOf(broker));
    await watcher.subscribe('#');
    const will = { topic: 'older', payload: Buffer.from('gone'), qos: 1, retain: false } as const;
    const older = await mqttClient(urlOf(broker), { clientId: 'same', will });
    const closed = new Promise<void>((resolve) => older.mqtt.once('close', resolve));
    const newer = await client(urlOf(broker), { clientId: 'same' });
    await newer.publish('newer', 'here');
    await closed;
    await watcher.next('newer');
    assert.deepEqual(
      watcher.seen.map(({ topic }) => topic),
      ['older', 'newer'],
    );
  });

  it('tells a client of MQTT 5 that it speaks 3.1.1', async () => {
    const transport = new MqttConnection({
      ...{
        url: urlOf(await scene.start()),
        clientId: 'five',
        protocolVersion: 5,
        clock: systemClock,
        random: () => 0,
      },
    });
    const recorded = record(transport);
    transport.start();
    await recorded.until(({ connections }) => connections.length > 0);
    assert.match(recorded.connections[0] ?? '', /does not speak this MQTT version: choose another one/);
    await transport.stop();
  });

  it('keeps 1 000 messages for a client that is away, and drops the rest', async () => {
    const url = urlOf(await scene.start());
    const away = await mqttClient(url, { clientId: 'away', clean: false });
    await away.subscribe('news');
    await away.close();
    const publisher = await client(url);
    for (let count = 1; count <= 1_200; count++) await publisher.publish('news', String(count));
    const back = await client(url, { clientId: 'back', clean: true });
    await back.subscribe('fence');
    const returned = await client(url, { clientId: 'away', clean: false });
    await returned.next('news', ({ text }) => text === '1000');
    await publisher.publish('news', 'end');
    await returned.next('news', ({ text }) => text === 'end');
    assert.deepEqual(returned.seen.map(({ text }) => text).slice(-2), ['1000', 'end']);
  });

  it('survives nonsense, topics of too many levels and a client that sends neither', async () => {
    const broker = await scene.start();
    const raw = (bytes: Buffer) =>
      new Promise((resolve) => {
        const socket = new Socket().connect(portOf(broker), '127.0.0.1', () => socket.end(bytes));
        socket.on('error', () => undefined).on('close', resolve);
      });
    await raw(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    await raw(Buffer.alloc(64, 0xff));
    await raw(Buffer.alloc(0));
    const deep = await mqttClient(urlOf(broker));
    const closed = new Promise<void>((resolve) => deep.mqtt.once('close', resolve));
    deep.mqtt.publish('a/'.repeat(150), 'x', { qos: 0, retain: true });
    await closed;
    const good = await client(urlOf(broker));
    await good.publish('still', 'alive', { retain: true });
    assert.deepEqual([...(await good.retained('#'))], [['still', 'alive']]);
  });

  it('cuts off a client that does not read, and goes on with the others', async () => {
    const broker = await scene.start();
    const connect = Buffer.from('100d00044d51545404020000000173', 'hex');
    const subscribe = Buffer.from('820600010001' + '2300', 'hex');
    const stuck = new Socket().connect(portOf(broker), '127.0.0.1');
    stuck.on('error', () => undefined);
    stuck.write(Buffer.concat([connect, subscribe]));
    await once(stuck, 'readable');
    const publisher = await client(urlOf(broker));
    const isCutOff = () => scene.log.some((line) => /client s reads too slowly and was cut off/.test(line));
    for (let count = 0; count < 60 && !isCutOff(); count++) {
      await publisher.publish('flood', 'x'.repeat(1024 * 1024));
    }
    assert.ok(isCutOff());
    await publisher.publish('still', 'alive', { retain: true });
    assert.deepEqual([...(await publisher.retained('still'))], [['still', 'alive']]);
    stuck.destroy();
  });

  it('passes large messages on, and does not retain what is over 16 MiB', async () => {
    const broker = await scene.start();
    const watcher = await client(urlOf(broker));
    await watcher.subscribe('camera');
    const image = 'x'.repeat(5 * 1024 * 1024);
    await (await client(urlOf(broker))).publish('camera', image, { retain: true });
    assert.equal((await watcher.next('camera')).text.length, image.length);
    const sender = await mqttClient(urlOf(broker));
    const closed = new Promise<void>((resolve) => sender.mqtt.once('close', resolve));
    sender.mqtt.publish('camera', Buffer.alloc(17 * 1024 * 1024, 'y'), { qos: 1, retain: true });
    await closed;
    assert.match(scene.log.at(-1) ?? '', /17825792 bytes on camera is too large to be retained/);
    assert.equal((await watcher.retained('camera')).get('camera')?.length, image.length);
  });
});
