import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { type AddressInfo, createServer, type Server, Socket } from 'node:net';
import { promisify } from 'node:util';
import { MqttConnection } from '../../src/mqtt/connection';
import type { Will } from '../../src/mqtt/transport';
import { systemClock } from '../../src/protocol/system-clock';
import { HandClock, promisesSettled } from '../support/hand-clock';
import { makeCertificates } from '../support/mqtt-certificates';
import { mqttClient, type TestClient } from '../support/mqtt-client';
import { freePort, type Mosquitto, startMosquitto } from '../support/mqtt-mosquitto';
import { startProxy, type TcpProxy } from '../support/mqtt-proxy';
import { connected, record } from '../support/mqtt-transport';

const chance = { clock: systemClock, random: () => 0.5 };
const certificates = makeCertificates();

describe('a connection to Mosquitto', () => {
  let mosquitto: Mosquitto;
  let watcher: TestClient;
  let proxy: TcpProxy;
  let wsPort: number;
  let tlsPort: number;
  let wssPort: number;
  const started: MqttConnection[] = [];

  function connection(
    options: Partial<ConstructorParameters<typeof MqttConnection>[0]> = {},
  ): MqttConnection {
    const made = new MqttConnection({ url: mosquitto.url, clientId: 'tested', ...chance, ...options });
    started.push(made);
    return made;
  }

  before(async () => {
    [wsPort, tlsPort, wssPort] = [await freePort(), await freePort(), await freePort()];
    const tls = ['certfile {dir}/cert.pem', 'keyfile {dir}/key.pem'];
    mosquitto = await startMosquitto({
      persistence: true,
      listener: [
        ...[`listener ${wsPort} 127.0.0.1`, 'protocol websockets'],
        ...[`listener ${tlsPort} 127.0.0.1`, ...tls],
        ...[`listener ${wssPort} 127.0.0.1`, 'protocol websockets', ...tls],
      ],
      files: { 'cert.pem': certificates.cert, 'key.pem': certificates.key },
    });
    watcher = await mqttClient(mosquitto.url);
    await watcher.subscribe('#');
    proxy = await startProxy(mosquitto.port);
  });

  afterEach(async () => {
    proxy.resume();
    await Promise.all(started.splice(0).map((each) => each.stop()));
  });

  after(async () => {
    await watcher.close();
    await proxy.close();
    await mosquitto.stop();
  });

  for (const protocolVersion of [4, 5] as const) {
    it(`publishes, subscribes and unsubscribes with protocol version ${protocolVersion}`, async () => {
      await watcher.publish(`kept/${protocolVersion}`, 'old', { retain: true });
      const transport = await connected(connection({ protocolVersion }));
      const recorded = record(transport);
      await transport.subscribe([`kept/${protocolVersion}`, 'live/+'], 1);
      await transport.publish('live/a', 'ä', { qos: 1, retain: false });
      await transport.publish('live/b', '', { qos: 0, retain: false });
      await recorded.until(({ messages }) => messages.length === 3);
      assert.deepEqual(recorded.messages, [
        { topic: `kept/${protocolVersion}`, text: 'old', retain: true },
        { topic: 'live/a', text: 'ä', retain: false },
        { topic: 'live/b', text: '', retain: false },
      ]);
      await transport.unsubscribe('live/+');
      await transport.publish('live/c', 'unheard', { qos: 1, retain: false });
      await transport.publish(`kept/${protocolVersion}`, 'new', { qos: 1, retain: true });
      await recorded.until(({ messages }) => messages.length === 4);
      assert.equal(recorded.messages[3]?.text, 'new');
    });
  }

  it('stays lost where it is not to come back by itself, and can be started again', async () => {
    const transport = connection({ clientId: 'office', reconnects: false });
    const { connections, until } = record(transport);
    transport.start();
    await until(() => connections.length === 1);
    const rival = connection({ clientId: 'office', reconnects: false });
    const rivals = record(rival);
    rival.start();
    await until(() => connections.length === 2);
    assert.equal(transport.connected, false);
    transport.start();
    await Promise.all([
      until(() => connections.length === 3),
      rivals.until(() => rivals.connections.length === 2),
    ]);
    assert.equal(transport.connected, true);
    assert.equal(rival.connected, false);
  });

  it('speaks over TLS, websockets and both', async () => {
    for (const url of [
      `mqtts://localhost:${tlsPort}`,
      `ws://127.0.0.1:${wsPort}/mqtt`,
      `wss://127.0.0.1:${wssPort}/mqtt`,
    ]) {
      const transport = await connected(connection({ url, tls: { ca: certificates.ca } }));
      await transport.publish('over', url, { qos: 1, retain: false });
      assert.equal((await watcher.next('over')).text, url);
      await transport.stop();
    }
  });

  it('switches off the delay of small packets after each connect', async () => {
    const original = Socket.prototype.setNoDelay;
    const set: unknown[] = [];
    Socket.prototype.setNoDelay = function (this: Socket, on?: boolean) {
      if (this.remotePort === proxy.port) set.push(on);
      return original.call(this, on);
    };
    try {
      const recorded = record(await connected(connection({ url: proxy.url })));
      assert.deepEqual(set, [true]);
      proxy.cut();
      await recorded.until(({ connections }) => connections.at(-1) === 'connected');
      assert.deepEqual(set, [true, true]);
    } finally {
      Socket.prototype.setNoDelay = original;
    }
  });

  it('comes back by itself when the broker does, without its subscriptions', async () => {
    const transport = await connected(connection());
    const recorded = record(transport);
    await transport.subscribe('back/#', 1);
    await mosquitto.kill();
    await recorded.until(() => !transport.connected);
    await mosquitto.start();
    await recorded.until(() => transport.connected);
    assert.match(recorded.connections[0] ?? '', /the broker closed the connection \(is it restarting, or/);
    watcher = await mqttClient(mosquitto.url);
    await watcher.subscribe('#');
    await watcher.publish('back/1', 'unheard');
    await transport.subscribe('back/#', 1);
    await watcher.publish('back/2', 'heard');
    await recorded.until(({ messages }) => messages.length > 0);
    assert.deepEqual(recorded.messages, [{ topic: 'back/2', text: 'heard', retain: false }]);
  });

  it('rejects what is published while there is no connection, and never sends it later', async () => {
    const transport = connection({ url: proxy.url });
    await assert.rejects(
      transport.publish('late', '1', { qos: 1, retain: true }),
      /not connected \(not yet\)/,
    );
    await connected(transport);
    const recorded = record(transport);
    proxy.cut();
    await recorded.until(() => !transport.connected);
    for (const qos of [0, 1] as const) {
      await assert.rejects(
        transport.publish('late', '2', { qos, retain: false }),
        /not connected \(mqtt:.*closed/,
      );
    }
    await assert.rejects(transport.subscribe('late', 0), /not connected/);
    await recorded.until(() => transport.connected);
    await transport.publish('after', 'x', { qos: 1, retain: false });
    await watcher.next('after');
    assert.equal(watcher.seen.filter(({ topic }) => topic === 'late').length, 0);
  });

  it('rejects what was not acknowledged when the connection dies, and does not send it again', async () => {
    const transport = await connected(connection({ url: proxy.url }));
    const recorded = record(transport);
    proxy.pause();
    const publishing = transport.publish('unacknowledged', 'x', { qos: 1, retain: false });
    const subscribing = transport.subscribe('unacknowledged', 1);
    proxy.cut();
    await assert.rejects(publishing, /connection lost/);
    await assert.rejects(subscribing, /connection lost/);
    proxy.resume();
    await recorded.until(() => transport.connected);
    await transport.publish('acknowledged', 'x', { qos: 1, retain: false });
    await watcher.next('acknowledged');
    assert.equal(watcher.seen.filter(({ topic }) => topic === 'unacknowledged').length, 0);
  });

  it('leaves a will that is asked for at each connect', async () => {
    let connects = 0;
    const will = (): Will => ({ topic: 'will', payload: `gone ${++connects}`, qos: 1, retain: false });
    const transport = await connected(connection({ url: proxy.url, will }));
    const recorded = record(transport);
    proxy.cut();
    assert.equal((await watcher.next('will')).text, 'gone 1');
    await recorded.until(({ connections }) => connections.at(-1) === 'connected');
    proxy.cut();
    assert.equal((await watcher.next('will')).text, 'gone 2');
  });

  it('says goodbye when stopped, so that there is no will', async () => {
    const will = (): Will => ({ topic: 'will', payload: 'not this one', qos: 1, retain: false });
    const transport = await connected(connection({ will }));
    await transport.publish('last words', 'x', { qos: 1, retain: false });
    await transport.stop();
    await watcher.next('last words');
    await watcher.publish('fence', 'x');
    await watcher.next('fence');
    assert.equal(watcher.seen.filter(({ text }) => text === 'not this one').length, 0);
    assert.equal(transport.connected, false);
  });

  it('lets the process end once it is stopped, whatever it was doing', async () => {
    const script = require.resolve('../support/mqtt-connection-child.ts');
    const args = ['--require', 'tsx', script, mosquitto.url, `mqtt://127.0.0.1:${await freePort()}`];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 50_000 });
    assert.equal(stdout.trim(), 'stopped');
  });

  it('tells nothing after stop', async () => {
    const transport = connection();
    const recorded = record(transport);
    transport.start();
    await transport.stop();
    await transport.stop();
    assert.deepEqual(recorded.connections, []);
  });

  it('does not wait long for a broker that is stuck', async () => {
    const clock = new HandClock();
    const transport = await connected(connection({ url: proxy.url, clock }));
    proxy.pause();
    const publishing = transport.publish('stuck', 'x', { qos: 1, retain: false });
    const rejected = assert.rejects(publishing, /Connection closed|stopped/);
    const stopped = transport.stop();
    await clock.advance(1_000);
    await stopped;
    await rejected;
    assert.equal(clock.timers, 0);
  });

  it('waits longer each time, and starts anew after a connection that lasted', async () => {
    const clock = new HandClock();
    const transport = connection({ url: proxy.url, clock, random: () => 0 });
    await connected(transport);
    const recorded = record(transport);
    const loseAfter = async (lastedMs: number) => {
      await clock.advance(lastedMs);
      proxy.cut();
      await recorded.until(() => !transport.connected);
    };
    const reconnects = async (inMs: number) => {
      await clock.advance(inMs - 1);
      assert.equal(clock.timers, 1, 'it still waits');
      await clock.advance(1);
      await recorded.until(() => transport.connected);
    };
    await loseAfter(100);
    await reconnects(250);
    await loseAfter(100);
    await reconnects(500);
    await loseAfter(100);
    await reconnects(1_000);
    await loseAfter(10_000);
    await reconnects(250);
  });

  it('tells a reason once, and again when it is another one', async () => {
    const clock = new HandClock();
    const port = await freePort();
    const transport = connection({ url: `mqtt://127.0.0.1:${port}`, clock });
    const recorded = record(transport);
    transport.start();
    await recorded.until(({ connections }) => connections.length === 1);
    for (let attempt = 0; attempt < 3; attempt++) {
      // The next try has failed when it has set the timer for the one after it.
      await clock.advance(60_000);
      while (clock.timers === 0) await promisesSettled();
    }
    assert.equal(recorded.connections.length, 1);
    await transport.stop();
  });

  it('gives way to another client with its id, and comes back', async () => {
    const transport = await connected(connection({ clientId: 'shared' }));
    const recorded = record(transport);
    const other = await connected(connection({ clientId: 'shared' }));
    await recorded.until(({ connections }) => connections.length > 0);
    assert.match(recorded.connections[0] ?? '', /has another client the same client id\?/);
    await other.stop();
    await recorded.until(() => transport.connected);
  });
});

describe('a connection to a broker that says why', () => {
  const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

  /** A broker of a few bytes: accepts, and answers the packet after that. */
  async function brokerOf(
    connack: string,
    answer: (socket: Socket, packet: Buffer) => void,
  ): Promise<Server> {
    const server = createServer((socket) => {
      socket.once('data', () => {
        socket.write(bytes(connack));
        socket.once('data', (packet) => answer(socket, packet));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  function connectTo(server: Server, protocolVersion: 4 | 5): Promise<MqttConnection> {
    const url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return connected(new MqttConnection({ url, clientId: 'x', protocolVersion, ...chance }));
  }

  it('tells that another client has taken its id, where MQTT 5 says so', async () => {
    const server = await brokerOf('20 03 00 00 00', (socket) => socket.end(bytes('e0 01 8e')));
    const transport = await connectTo(server, 5);
    const recorded = record(transport);
    await assert.rejects(transport.publish('x', 'x', { qos: 1, retain: false }), /connection lost/);
    assert.match(recorded.connections[0] ?? '', /another client has taken this client id \(142\)/);
    await transport.stop();
    server.close();
  });

  it('rejects a subscription that the broker refuses, and stays connected', async () => {
    const refuse = (socket: Socket, packet: Buffer) => {
      socket.write(Buffer.concat([bytes('90 03'), packet.subarray(2, 4), bytes('80')]));
    };
    const server = await brokerOf('20 02 00 00', refuse);
    const transport = await connectTo(server, 4);
    await assert.rejects(
      transport.subscribe('a/#', 1),
      /^Error: the broker refuses the subscription to a\/#$/,
    );
    assert.equal(transport.connected, true);
    await transport.stop();
    server.close();
  });
});
