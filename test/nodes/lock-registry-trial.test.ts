import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tryBroker } from '../../nodes/lock-registry/trial';
import { EmbeddedBroker } from '../../src/mqtt/embedded-broker';
import { systemClock } from '../../src/protocol';
import { HandClock } from '../support/hand-clock';
import { portOf, urlOf } from '../support/mqtt-embedded';
import { freePort } from '../support/mqtt-mosquitto';

describe('the trial of a broker', () => {
  let broker: EmbeddedBroker;
  let server: Server | undefined;

  before(async () => {
    const users = [{ username: 'house', password: 'secret' }];
    const log = { info: () => undefined, warn: () => undefined };
    broker = new EmbeddedBroker({ port: 0, users, clock: systemClock, log });
    await broker.start();
  });

  after(() => broker.stop());

  afterEach(() => {
    server?.close();
    server = undefined;
  });

  const attempt = (url: string, login = { user: 'house', password: 'secret' }, prefix = 'locks') =>
    tryBroker({ kind: 'url', url, ...login }, prefix, systemClock);

  const said = async (...told: Parameters<typeof attempt>) => {
    const { isWell, text } = await attempt(...told);
    assert.equal(isWell, false);
    assert.doesNotMatch(text, /secret/);
    return text;
  };

  /** Something else than a broker; resolves to its URL. */
  async function listen(onSocket: (socket: Socket) => void): Promise<string> {
    server = createServer(onSocket).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('ends well where the broker lets us in', async () => {
    assert.deepEqual(await attempt(urlOf(broker)), { isWell: true, text: '' });
  });

  it('says that the password is wrong', async () => {
    assert.match(
      await said(urlOf(broker), { user: 'house', password: 'guess' }),
      /user name or the password is wrong/,
    );
  });

  it('says that nothing listens there', async () => {
    assert.match(await said(`mqtt://127.0.0.1:${await freePort()}`), /nothing listens there/);
  });

  it('says that no host has this name, or that none can be looked up', async () => {
    assert.match(await said('mqtt://nowhere.invalid'), /no host has this name|cannot be looked up/);
  });

  it('says that the port does not speak TLS', async () => {
    assert.match(await said(`mqtts://127.0.0.1:${portOf(broker)}`), /TLS/);
  });

  it('says that it is no broker', async () => {
    const url = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    assert.match(await said(url), /MQTT|no connection/);
  });

  it('says what is wrong with the address, without the password in it', async () => {
    assert.match(await said('house:secret@nowhere'), /is not like mqtt:\/\/host:1883/);
  });

  it('gives up when nobody answers, and hangs up', async () => {
    const clock = new HandClock();
    const url = await listen((socket) => socket.resume());
    const connected = once(server as Server, 'connection');
    const trial = tryBroker({ kind: 'url', url }, 'locks', clock);
    const [socket]: Socket[] = await connected;
    const closed = once(socket as Socket, 'close');
    await clock.advance(8_000);
    assert.deepEqual(await trial, { isWell: false, text: 'no answer within 8 seconds' });
    await closed;
    assert.equal(clock.timers, 0);
  });
});
