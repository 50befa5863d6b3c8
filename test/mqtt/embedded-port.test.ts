import assert from 'node:assert/strict';
import { connect, createServer, type Server } from 'node:net';
import { findListener } from '../../src/mqtt/embedded-port';
import { HandClock, promisesSettled } from '../support/hand-clock';
import { mqttClient } from '../support/mqtt-client';
import { EmbeddedScene, portOf } from '../support/mqtt-embedded';
import { freePort, startMosquitto } from '../support/mqtt-mosquitto';
import { connected } from '../support/mqtt-transport';

async function occupy(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}

describe('the port of the embedded broker', () => {
  let scene: EmbeddedScene;
  let clock: HandClock;

  beforeEach(() => {
    scene = new EmbeddedScene();
    clock = new HandClock();
  });

  afterEach(() => scene.end());

  it('is said when it is open', async () => {
    const broker = await scene.start();
    const port = portOf(broker);
    assert.deepEqual(broker.status, {
      address: { host: '127.0.0.1', port },
      text: `embedded broker on 127.0.0.1:${port}`,
      warning: undefined,
    });
    assert.deepEqual(scene.log, [`info: embedded broker on 127.0.0.1:${port}`]);
  });

  it('is open before the broker has read what it retains: who comes that early waits, and may give up', async () => {
    const port = await freePort();
    const broker = scene.make({ port });
    const starting = broker.start();
    assert.equal(broker.status.text, 'embedded broker is starting');
    const hasty = connect(port, '127.0.0.1');
    hasty.once('connect', () => hasty.resetAndDestroy());
    const early = await mqttClient(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0 });
    await starting;
    assert.deepEqual(scene.log, [`info: embedded broker on 127.0.0.1:${port}`]);
    await early.close();
  });

  it('is open for this machine only unless told otherwise, and warns when everybody may come', async () => {
    const everywhere = await scene.start({ host: '0.0.0.0', directory: undefined });
    assert.match(everywhere.status.warning ?? '', /everybody in the network may use the broker/);
    const users = [{ username: 'a', password: 'b' }];
    assert.equal(
      (await scene.start({ host: '0.0.0.0', directory: undefined, users })).status.warning,
      undefined,
    );
    const six = await scene.start({ host: '::1', directory: undefined });
    assert.match(six.status.text, /^embedded broker on \[::1\]:\d+$/);
    assert.equal(six.status.warning, undefined);
  });

  it('may be taken by Mosquitto: said once by name, and everything works in this process', async () => {
    const mosquitto = await startMosquitto();
    const broker = await scene.start({ port: mosquitto.port, clock });
    const { text, address } = broker.status;
    assert.equal(address, undefined);
    const { port } = mosquitto;
    const advice = `use that broker (mqtt://127.0.0.1:${port}), or choose another port; locks work in this process meanwhile`;
    assert.match(text, new RegExp(`^port ${port} is taken, probably by mosquitto \\(pid \\d+\\): `));
    assert.ok(text.endsWith(advice), text);
    const transport = await connected(broker.transport());
    await transport.publish('a', 'x', { qos: 1, retain: true });
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    for (let tries = 0; tries < 12; tries++) {
      await clock.advance(10_000);
      while (clock.timers === 0) await promisesSettled();
    }
    process.off('warning', note);
    assert.deepEqual([scene.log, warnings], [[`warn: ${text}`], []]);
    await mosquitto.stop();
  });

  it('is tried again, and opened when it is free, with what was retained meanwhile', async () => {
    const port = await freePort();
    const other = await occupy(port);
    const broker = await scene.start({ port, clock });
    const transport = await connected(broker.transport());
    await transport.publish('a', 'meanwhile', { qos: 1, retain: true });
    const listening = new Promise<void>((resolve) => {
      broker.onStatus(({ address }) => {
        if (address !== undefined) resolve();
      });
    });
    await new Promise((resolve) => other.close(resolve));
    await clock.advance(10_000);
    await listening;
    assert.equal(broker.status.text, `embedded broker on 127.0.0.1:${port}`);
    const client = await mqttClient(`mqtt://127.0.0.1:${port}`);
    assert.deepEqual([...(await client.retained('#'))], [['a', 'meanwhile']]);
    await client.close();
  });

  it('is explained when the address is not one of this machine', async () => {
    const broker = await scene.start({ host: '192.0.2.1', clock });
    assert.match(broker.status.text, /^this machine has no address 192\.0\.2\.1 \(EADDRNOTAVAIL\): choose/);
  });

  it('names who listens, also when it is this process, and nobody where nobody does', async () => {
    const port = await freePort();
    assert.equal(await findListener(port), undefined);
    const server = await occupy(port);
    assert.match((await findListener(port)) ?? '', new RegExp(`\\(pid ${process.pid}\\)$`));
    server.close();
  });

  it('leaves no timer and no socket when it is stopped, open or not', async () => {
    const port = await freePort();
    const other = await occupy(port);
    const taken = await scene.start({ port, clock, directory: undefined });
    assert.equal(clock.timers, 1);
    await taken.stop();
    assert.equal(clock.timers, 0);
    assert.equal(taken.status.text, 'embedded broker has stopped');
    other.close();
    const open = await scene.start({ directory: undefined, clock });
    const client = await mqttClient(`mqtt://127.0.0.1:${portOf(open)}`);
    const closed = new Promise<void>((resolve) => client.mqtt.once('close', resolve));
    await open.stop();
    await closed;
    await assert.rejects(mqttClient(`mqtt://127.0.0.1:${open.status.address?.port ?? port}`));
  });
});
