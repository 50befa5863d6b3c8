// A registry on a real Mosquitto that goes away and comes back, or does not let it write.
import assert from 'node:assert/strict';
import type { Answer, ResourceState } from '../../src/mqtt/messages';
import { closeAllRegistries, openRegistry } from '../../src/registry/open';
import type { Registry, RegistryStatus } from '../../src/registry/registry';
import { publish, type Subscription, subscribe } from '../support/mosquitto-tools';
import { mqttClient } from '../support/mqtt-client';
import { type Mosquitto, startMosquitto } from '../support/mqtt-mosquitto';

describe('a registry on a Mosquitto', () => {
  let mosquitto: Mosquitto | undefined;
  let seen: Subscription | undefined;
  const said: string[] = [];
  const log = { info: (text: string) => void said.push(text), warn: (text: string) => void said.push(text) };

  afterEach(async () => {
    await seen?.stop();
    await closeAllRegistries();
    await mosquitto?.stop();
    mosquitto = undefined;
    seen = undefined;
    said.length = 0;
  });

  function open(url: string, more: object = {}, startWait = 1_000): Registry {
    return openRegistry(
      { broker: { kind: 'url', url, ...more }, requester: 'house' },
      { log, timing: { startWait, echoWait: 500 } },
    );
  }

  async function became(
    registry: Registry,
    wanted: (status: RegistryStatus) => boolean,
  ): Promise<RegistryStatus> {
    if (wanted(registry.status)) return registry.status;
    return new Promise((resolve) => {
      const stop = registry.onStatus((status) => {
        if (!wanted(status)) return;
        stop();
        resolve(status);
      });
    });
  }

  const state = (resource: string) => seen?.latest<ResourceState>(`locks/state/${resource}`);
  const answer = (topic: string) => seen?.latest<Answer>(`locks/answer/${topic}`);

  it('warns once of a broker that is not there from the start, and says when it is', async () => {
    mosquitto = await startMosquitto();
    await mosquitto.kill();
    const lines: string[] = [];
    const noted = {
      info: (text: string) => lines.push(`info ${text}`),
      warn: (text: string) => lines.push(`warn ${text}`),
    };
    const registry = openRegistry(
      { broker: { kind: 'url', url: mosquitto.url }, requester: 'house' },
      { log: noted, timing: { startWait: 60_000, echoWait: 500 } },
    );
    await became(registry, ({ text }) => text.includes('ECONNREFUSED'));
    await mosquitto.start();
    await became(registry, ({ state }) => state === 'ready');
    const warnings = lines.filter((line) => line.startsWith('warn '));
    assert.equal(warnings.length, 1, warnings.join(' | '));
    assert.match(String(warnings[0]), /nothing listens there .*ECONNREFUSED/);
    assert.equal(lines.at(-1), `info locks on locks/: ${mosquitto.url}`);
  });

  for (const persistence of [true, false]) {
    it(`goes on when the broker is killed, and brings all together when it is back ${persistence ? 'with' : 'without'} its store`, async () => {
      mosquitto = await startMosquitto({
        persistence,
        settings: ['allow_anonymous true', 'autosave_interval 1'],
      });
      const { port, url } = mosquitto;
      const registry = open(url);
      await registry.ready;
      seen = await subscribe({ port }, 'locks/#');
      await publish({ port }, 'locks/claim/panel/lights', { priority: 'motion', value: 'on' });
      await publish({ port }, 'locks/claim/panel/fan', { value: 'low' });
      await seen.until('both grants', () => answer('panel/lights') && answer('panel/fan'));
      const { token } = registry.state('fan');

      // As on a restart of the machine: it has time to write its store, if it has one.
      await mosquitto.kill('SIGTERM');
      const offline = await became(registry, (status) => status.state === 'offline');
      assert.match(offline.text, /locks work in this Node-RED meanwhile/);
      const alarm = registry
        .owner('alarm')
        .claim('k', { resource: 'lights', locker: 'alarm', priority: 'security' });
      assert.equal(alarm.state, 'held');
      await mosquitto.start();
      await became(registry, (status) => status.state === 'ready');
      await seen.stop();
      seen = await subscribe({ port }, 'locks/#');
      await seen.until(
        'the states',
        () => state('lights')?.holder === 'alarm' && state('fan')?.state === 'held',
      );
      await seen.until(
        'the answers',
        () => answer('panel/lights')?.result === 'requeued' && answer('panel/fan'),
      );
      assert.equal(state('fan')?.token, token);
      alarm.release();
      await seen.until('the return', () => state('lights')?.value === 'on');
      await publish({ port }, 'locks/claim/panel/lights');
      await seen.until('the end', () => state('lights')?.state === 'free');
    });
  }

  it('starts to decide without it, and shows it what was claimed when it comes', async () => {
    mosquitto = await startMosquitto();
    const { port, url, kill, start } = mosquitto;
    await kill();
    const registry = open(url);
    const starting = await became(registry, ({ text }) => /nothing listens/.test(text));
    assert.equal(starting.state, 'starting');
    await registry.ready;
    assert.equal(registry.status.state, 'offline');
    const claim = registry.owner('node').claim('k', { resource: 'lights', locker: 'me' });
    assert.equal(claim.state, 'held');
    await start();
    await became(registry, ({ state: is }) => is === 'ready');
    seen = await subscribe({ port }, 'locks/#');
    await seen.until('the state', () => state('lights')?.holder === 'me');
  });

  it('says that it may not write there, and its flows go on', async () => {
    mosquitto = await startMosquitto({
      settings: ['allow_anonymous true', 'acl_file {dir}/acl'],
      files: { acl: 'topic read #\ntopic write somewhere/else\n' },
    });
    const registry = open(mosquitto.url);
    await registry.ready;
    const status = await became(registry, ({ text }) => /may not write/.test(text));
    assert.equal(status.state, 'offline');
    assert.match(
      status.text,
      /may not write under locks\/ here: nothing comes back from locks\/session\/house\/mark/,
    );
    assert.equal(registry.owner('node').claim('k', { resource: 'lights' }).state, 'held');
  });

  it('shows no password in its status', async () => {
    mosquitto = await startMosquitto();
    const registry = open(mosquitto.url.replace('//', '//me:secret@'));
    await registry.ready;
    assert.equal(registry.status.text, mosquitto.url);
    assert.ok(
      said.every((text) => !text.includes('secret')),
      said.join('\n'),
    );
    assert.match(String(said.at(-1)), /^locks on locks\/: mqtt:/);
  });

  it('gives way to another one on the same prefix, and says so', async () => {
    mosquitto = await startMosquitto();
    const { port, url } = mosquitto;
    const first = open(url);
    await first.ready;
    const presence = { v: 1, online: true, requester: 'pi', instance: 'other', epoch: 9, tokenFloor: 0 };
    await publish({ port }, 'locks/arbiter', presence);
    await became(first, ({ text }) => /^pi decides, but does not answer$/.test(text));
    const claim = first.owner('node').claim('k', { resource: 'lights' });
    assert.equal(claim.state, 'asked');
    assert.equal(first.role(), 'participant');
    await closeAllRegistries();
    const watcher = await mqttClient(url);
    const kept = await watcher.retained('locks/arbiter');
    await watcher.close();
    assert.equal(JSON.parse(kept.get('locks/arbiter') ?? '{}').requester, 'pi');
  });

  it('never leaves a message unread that thousands of retained ones push aside', async () => {
    mosquitto = await startMosquitto();
    const { port, url } = mosquitto;
    const devices = await mqttClient(url);
    const claims = 2_000;
    const sent = Array.from({ length: claims }, (_, count) =>
      devices.publish(`locks/claim/panel/${count}`, { resource: `r${count}` }, { retain: true }),
    );
    await Promise.all(sent);
    const registry = open(url, {}, 15_000);
    await registry.ready;
    assert.equal(registry.status.state, 'ready');
    assert.equal([...registry.states()].filter(({ holder }) => holder === 'panel').length, claims);
    seen = await subscribe({ port }, `locks/answer/panel/${claims - 1}`);
    await seen.until('the last answer', () => answer(`panel/${claims - 1}`)?.result === 'granted');
    await devices.close();
  });
});
