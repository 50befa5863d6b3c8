import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { EmbeddedBroker } from '../../src/mqtt/embedded-broker';
import { mqttClient, type TestClient } from '../support/mqtt-client';
import { EmbeddedScene, urlOf } from '../support/mqtt-embedded';
import { connected, record } from '../support/mqtt-transport';

describe('a connection to the embedded broker without a socket', () => {
  let scene: EmbeddedScene;
  let broker: EmbeddedBroker;
  let device: TestClient;

  beforeEach(async () => {
    scene = new EmbeddedScene();
    broker = await scene.start();
    device = await mqttClient(urlOf(broker));
  });

  afterEach(async () => {
    await device.close();
    await scene.end();
  });

  it('hears what devices publish, and they hear it', async () => {
    const transport = await connected(broker.transport());
    const recorded = record(transport);
    await transport.subscribe(['a/+', 'b'], 1);
    await device.subscribe('c/#');
    await device.publish('a/1', 'from a device', { retain: true });
    await device.publish('x', 'not this');
    await device.publish('b', 'this too', { qos: 0 });
    await recorded.until(({ messages }) => messages.length === 2);
    assert.deepEqual(recorded.messages, [
      { topic: 'a/1', text: 'from a device', retain: false },
      { topic: 'b', text: 'this too', retain: false },
    ]);
    await transport.publish('c/1', 'from inside', { qos: 1, retain: true });
    const seen = await device.next('c/1');
    assert.deepEqual([seen.text, seen.retain], ['from inside', false]);
    assert.equal((await device.retained('c/#')).get('c/1'), 'from inside');
  });

  it('tells a watcher of everything each message, also those of both qualities at once', async () => {
    const transport = await connected(broker.transport());
    await device.subscribe('#');
    const topics = ['state/1', 'event/1', 'state/2', 'event/2', 'end'];
    await Promise.all(
      topics.map((topic) => {
        const isState = topic.startsWith('state');
        return transport.publish(topic, topic, { qos: isState ? 1 : 0, retain: isState });
      }),
    );
    for (const topic of topics) await device.next(topic);
    assert.equal(device.seen.length, topics.length);
  });

  it('tells a client with overlapping subscriptions each message once', async () => {
    const transport = await connected(broker.transport());
    await device.subscribe('#', 'a/#', 'a/1');
    await transport.publish('a/1', 'once', { qos: 1, retain: false });
    await transport.publish('end', '', { qos: 1, retain: false });
    await device.next('end');
    assert.deepEqual(
      device.seen.map(({ topic }) => topic),
      ['a/1', 'end'],
    );
  });

  it('gets what is retained before its subscription resolves, in the order of the filters, but never at once', async () => {
    for (const topic of ['a', 'b/1', 'b/2']) await device.publish(topic, topic, { retain: true });
    const transport = await connected(broker.transport());
    const recorded = record(transport);
    const subscribing = transport.subscribe(['b/#', 'a'], 0);
    assert.equal(recorded.messages.length, 0);
    await subscribing;
    assert.deepEqual(recorded.messages, [
      { topic: 'b/1', text: 'b/1', retain: true },
      { topic: 'b/2', text: 'b/2', retain: true },
      { topic: 'a', text: 'a', retain: true },
    ]);
  });

  it('hears its own messages, each once, in the order in which it published them', async () => {
    const transport = await connected(broker.transport());
    const recorded = record(transport);
    await transport.subscribe(['#', 'own/#', 'own/1'], 1);
    const topics = Array.from({ length: 20 }, (_, index) => `own/${index}`);
    for (const topic of topics) void transport.publish(topic, 'x', { qos: 1, retain: true });
    await recorded.until(({ messages }) => messages.length >= 20);
    await transport.publish('own/end', 'x', { qos: 1, retain: true });
    await recorded.until(({ messages }) => messages.at(-1)?.topic === 'own/end');
    assert.deepEqual(
      recorded.messages.map(({ topic }) => topic),
      [...topics, 'own/end'],
    );
  });

  it('has its message in the journal when it is acknowledged', async () => {
    const transport = await connected(broker.transport());
    await transport.publish('own', 'safe', { qos: 1, retain: true });
    assert.match(readFileSync(`${scene.directory}/retained.journal`, 'utf8'), /"own"/);
    await transport.publish('own', '', { qos: 1, retain: true });
    assert.deepEqual([...(await device.retained('#'))], []);
  });

  it('hears nothing of what it no longer wants', async () => {
    const transport = await connected(broker.transport());
    const recorded = record(transport);
    await transport.subscribe('a', 1);
    await transport.subscribe('b', 1);
    await transport.unsubscribe('a');
    await device.publish('a', 'x');
    await device.publish('b', 'x');
    await recorded.until(({ messages }) => messages.length > 0);
    assert.deepEqual(
      recorded.messages.map(({ topic }) => topic),
      ['b'],
    );
  });

  it('is connected as soon as the broker runs, and says when it has stopped', async () => {
    const later = scene.make({ directory: undefined });
    const transport = later.transport();
    const recorded = record(transport);
    transport.start();
    await assert.rejects(transport.publish('a', 'x', { qos: 1, retain: false }), /not connected/);
    await assert.rejects(transport.subscribe('a', 1), /not connected/);
    await assert.rejects(transport.unsubscribe('a'), /not connected/);
    assert.deepEqual(recorded.connections, []);
    await later.start();
    await recorded.until(() => transport.connected);
    await later.stop();
    assert.deepEqual(recorded.connections, ['connected', 'the embedded broker has stopped']);
    assert.equal(transport.connected, false);
  });

  it('says and hears nothing after it was stopped', async () => {
    const transport = await connected(broker.transport());
    const recorded = record(transport);
    await transport.subscribe('#', 1);
    await transport.stop();
    await device.publish('a', 'x');
    const early = broker.transport();
    const recordedEarly = record(early);
    early.start();
    await early.stop();
    await broker.stop();
    assert.deepEqual([recorded.connections, recorded.messages, recordedEarly.connections], [[], [], []]);
  });

  it('rejects what was under way when it stops', async () => {
    const transport = await connected(broker.transport());
    const publishing = transport.publish('a', 'x', { qos: 1, retain: true });
    const subscribing = transport.subscribe('a', 1);
    const stopping = transport.stop();
    await assert.rejects(publishing, /connection lost \(stopped\)/);
    await assert.rejects(subscribing, /connection lost/);
    await stopping;
  });

  it('works without any port', async () => {
    const hidden = await scene.start({ port: undefined, directory: undefined });
    assert.deepEqual(hidden.status, {
      address: undefined,
      text: 'embedded broker, in this process only',
      warning: undefined,
    });
    const [one, other] = [await connected(hidden.transport()), await connected(hidden.transport())];
    const recorded = record(other);
    await other.subscribe('a', 1);
    await one.publish('a', 'x', { qos: 0, retain: false });
    await recorded.until(({ messages }) => messages.length === 1);
  });
});
