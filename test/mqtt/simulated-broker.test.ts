import assert from 'node:assert/strict';
import { HandClock } from '../support/hand-clock';
import { SimulatedBroker } from '../support/simulated-broker';

function record(client: ReturnType<SimulatedBroker['client']>): string[] {
  const seen: string[] = [];
  client.onMessage(({ topic, payload, retain }) => {
    seen.push(`${topic}=${Buffer.from(payload)}${retain ? ' (retained)' : ''}`);
  });
  client.onConnection((connected, reason) => seen.push(connected ? 'connected' : `lost: ${reason}`));
  return seen;
}

describe('the simulated broker', () => {
  let clock: HandClock;
  let broker: SimulatedBroker;

  beforeEach(() => {
    clock = new HandClock();
    broker = new SimulatedBroker({ clock, latencyMs: 1, reconnectMs: 100 });
  });

  it('sends what is retained to a new subscription, and the rest as it comes', async () => {
    broker.publish('a/1', 'one', { retain: true });
    const client = broker.client({ clientId: 'c' });
    const seen = record(client);
    client.start();
    await clock.advance(2);
    const subscribed = client.subscribe('a/+');
    await clock.advance(2);
    await subscribed;
    broker.publish('a/2', 'two', { retain: true });
    broker.publish('b/2', 'no');
    await clock.advance(1);
    assert.deepEqual(seen, ['connected', 'a/1=one (retained)', 'a/2=two']);
    assert.deepEqual([...broker.retained.keys()], ['a/1', 'a/2']);
  });

  it('forgets a retained message when an empty one comes', () => {
    broker.publish('a', 'x', { retain: true });
    broker.publish('a', '', { retain: true });
    assert.equal(broker.retained.size, 0);
  });

  it('acknowledges after a round trip, and rejects what the connection did not live to see', async () => {
    const client = broker.client({ clientId: 'c' });
    client.start();
    await clock.advance(2);
    const done = client.publish('a', '1', { qos: 1, retain: true });
    await clock.advance(2);
    await done;
    const lost = assert.rejects(
      client.publish('a', '2', { qos: 1, retain: true }),
      /the connection was lost/,
    );
    broker.cut('c');
    await lost;
    await clock.advance(50);
    assert.equal(broker.retained.get('a'), '1');
    await assert.rejects(client.publish('a', '3', { qos: 0, retain: false }), /not connected/);
  });

  it('publishes the will of a client that is cut or replaced, not of one that stops', async () => {
    const will = () => ({ topic: 'will', payload: 'gone', qos: 1, retain: true }) as const;
    const first = broker.client({ clientId: 'c', will });
    const seen = record(first);
    first.start();
    await clock.advance(2);
    broker.client({ clientId: 'c' }).start();
    await clock.advance(2);
    assert.equal(broker.retained.get('will'), 'gone');
    assert.deepEqual(seen, ['connected', 'lost: another client has taken this client id']);
    broker.retained.clear();
    await clock.advance(100);
    await first.stop();
    assert.equal(broker.retained.size, 0);
    assert.equal(clock.timers, 1, 'the replaced client tries again, the stopped one does not');
  });

  it('comes back with its store or without', async () => {
    const client = broker.client({ clientId: 'c' });
    const seen = record(client);
    client.start();
    await clock.advance(2);
    broker.publish('a', 'x', { retain: true });
    broker.stop();
    await clock.advance(250);
    broker.start();
    await clock.advance(100);
    assert.deepEqual(seen, ['connected', 'lost: the broker is gone', 'connected']);
    assert.equal(broker.retained.get('a'), 'x');
    broker.stop('lost');
    assert.equal(broker.retained.size, 0);
  });

  it('drops what a client may not write', async () => {
    broker.mayPublish = (_clientId, topic) => topic !== 'secret';
    const client = broker.client({ clientId: 'c' });
    client.start();
    await clock.advance(2);
    const published = client.publish('secret', 'x', { qos: 1, retain: true });
    await clock.advance(2);
    await published;
    assert.deepEqual(broker.log, []);
  });
});
