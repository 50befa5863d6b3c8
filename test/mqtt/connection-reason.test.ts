import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { MqttConnection } from '../../src/mqtt/connection';
import { readAddress } from '../../src/mqtt/connection-address';
import { explainFailure } from '../../src/mqtt/connection-reason';
import { systemClock } from '../../src/protocol/system-clock';
import { makeCertificates } from '../support/mqtt-certificates';
import { freePort, type Mosquitto, startMosquitto } from '../support/mqtt-mosquitto';
import { record } from '../support/mqtt-transport';

type Options = Partial<ConstructorParameters<typeof MqttConnection>[0]>;

/** The first thing that a connection says, which is why it has failed. */
async function reasonOf(options: Options & { readonly url: string }): Promise<string> {
  const transport = new MqttConnection({ clientId: 'x', clock: systemClock, random: () => 0, ...options });
  const recorded = record(transport);
  transport.start();
  await recorded.until(({ connections }) => connections.length > 0);
  await transport.stop();
  return recorded.connections[0] ?? '';
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe('why there is no connection', () => {
  const certificates = makeCertificates();
  let mosquitto: Mosquitto;
  let tlsPort: number;

  before(async () => {
    tlsPort = await freePort();
    mosquitto = await startMosquitto({
      settings: ['allow_anonymous false', 'password_file {dir}/passwords', 'acl_file {dir}/acl'],
      listener: [`listener ${tlsPort} 127.0.0.1`, 'certfile {dir}/cert.pem', 'keyfile {dir}/key.pem'],
      files: {
        passwords: '',
        acl: 'user panel\ntopic readwrite own/#\n',
        'cert.pem': certificates.cert,
        'key.pem': certificates.key,
      },
    });
    execFileSync('mosquitto_passwd', ['-b', `${mosquitto.dir}/passwords`, 'panel', 'secret'], {
      stdio: 'pipe',
    });
    await mosquitto.kill();
    await mosquitto.start();
  });

  after(() => mosquitto.stop());

  it('nobody listens', async () => {
    const port = await freePort();
    const reason = await reasonOf({ url: `mqtt://127.0.0.1:${port}` });
    assert.equal(
      reason,
      `mqtt://127.0.0.1:${port}: nothing listens there (is the broker running, and the port right?) (ECONNREFUSED)`,
    );
    assert.match(await reasonOf({ url: `mqtt://localhost:${port}` }), /nothing listens there .*ECONNREFUSED/);
    assert.match(await reasonOf({ url: `ws://127.0.0.1:${port}` }), /nothing listens there .*ECONNREFUSED/);
  });

  it('the host name is unknown', async () => {
    assert.match(
      await reasonOf({ url: 'mqtt://no-such-host.invalid' }),
      /no host has this name|cannot be looked up/,
    );
  });

  for (const protocolVersion of [4, 5] as const) {
    it(`the password is wrong, with protocol version ${protocolVersion}`, async () => {
      const options = { url: mosquitto.url, protocolVersion, username: 'panel' };
      assert.match(
        await reasonOf({ ...options, password: 'wrong' }),
        /not authorized: the user name or the password/,
      );
      assert.match(await reasonOf({ url: mosquitto.url, protocolVersion }), /wrong or missing/);
      assert.equal(await reasonOf({ ...options, password: 'secret' }), 'connected');
    });
  }

  it('takes credentials from the URL, too', async () => {
    assert.equal(await reasonOf({ url: `mqtt://panel:secret@127.0.0.1:${mosquitto.port}` }), 'connected');
  });

  it('the certificate comes from an unknown authority', async () => {
    const url = `mqtts://localhost:${tlsPort}`;
    assert.match(
      await reasonOf({ url }),
      /unknown authority \(give its CA\) \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)/,
    );
    const credentials = { username: 'panel', password: 'secret' };
    assert.equal(await reasonOf({ url, tls: { rejectUnauthorized: false }, ...credentials }), 'connected');
  });

  it('the certificate is for another host', async () => {
    const tls = { ca: certificates.ca, servername: 'elsewhere.example' };
    assert.match(await reasonOf({ url: `mqtts://127.0.0.1:${tlsPort}`, tls }), /is for another host name/);
  });

  it('a certificate that cannot be read', async () => {
    const tls = { cert: 'nonsense', key: 'nonsense' };
    assert.match(await reasonOf({ url: `mqtts://127.0.0.1:${tlsPort}`, tls }), /no connection \(.*PEM/);
  });

  it('TLS where there is none, and none where there is TLS', async () => {
    assert.match(await reasonOf({ url: `mqtts://127.0.0.1:${mosquitto.port}` }), /TLS/);
    assert.match(
      await reasonOf({ url: `mqtt://127.0.0.1:${tlsPort}` }),
      /closed before any answer.*is TLS right/,
    );
  });

  it('it is no MQTT at all', async () => {
    const http = createHttpServer((_request, response) => response.writeHead(404).end());
    const port = await listening(http);
    assert.match(await reasonOf({ url: `mqtt://127.0.0.1:${port}` }), /is it MQTT/);
    assert.match(await reasonOf({ url: `ws://127.0.0.1:${port}` }), /is it MQTT.*404/);
    http.close();
  });

  it('somebody listens and never answers', async () => {
    const silent = createServer((socket) => socket.resume());
    const port = await listening(silent);
    const reason = await reasonOf({ url: `mqtt://127.0.0.1:${port}`, connectTimeout: 50 });
    assert.match(reason, /connected, but nobody answers: is it MQTT\?/);
    silent.close();
  });

  it('knows the codes of both versions, and keeps what it does not know', () => {
    const of = (error: unknown, established = false) => explainFailure({ address: 'a', error, established });
    assert.equal(of({ code: 1 }), 'a: it does not speak this MQTT version: choose another one (1)');
    assert.equal(of({ code: 132 }), 'a: it does not speak this MQTT version: choose another one (132)');
    assert.equal(of(new Error('odd'), true), 'a: the broker closed the connection (odd)');
    assert.equal(
      of(undefined, true),
      'a: the broker closed the connection (is it restarting, or has another client the same client id?)',
    );
    assert.equal(of({ code: 'EODD' }), 'a: no connection (EODD)');
    assert.equal(of(Object.assign(new Error('very odd'), { code: 'EODD' })), 'a: no connection (very odd)');
  });
});

describe('the address of a broker', () => {
  it('has a default port for each protocol', () => {
    const texts = ['mqtt', 'tcp', 'mqtts', 'ssl', 'tls', 'ws', 'wss'].map(
      (it) => readAddress(`${it}://host`).text,
    );
    assert.deepEqual(texts, [
      ...[
        'mqtt://host:1883',
        'mqtt://host:1883',
        'mqtts://host:8883',
        'mqtts://host:8883',
        'mqtts://host:8883',
      ],
      ...['ws://host:80/', 'wss://host:443/'],
    ]);
  });

  it('reads user, password, path and IPv6', () => {
    const { text, client } = readAddress('wss://me%40home:p%2Fw@[::1]:9/mqtt?x=1');
    assert.equal(text, 'wss://[::1]:9/mqtt');
    assert.equal(client.username, 'me@home');
    assert.equal(client.password, 'p/w');
    assert.equal(client.path, '/mqtt?x=1');
    assert.equal(client.host, '[::1]');
    assert.equal(readAddress('mqtt://[::1]').client.host, '::1');
  });

  it('refuses what is none, and does not repeat its password', () => {
    for (const url of ['', 'house', 'house:1883', 'http://house', 'mqtt://', 'mqtt://house:99999']) {
      assert.throws(() => readAddress(url), RangeError, url);
    }
    assert.throws(
      () => readAddress('http://me:secret@house'),
      (error: Error) => /\/\/…@house/.test(error.message) && !error.message.includes('secret'),
    );
  });
});
