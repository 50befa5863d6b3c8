import assert from 'node:assert/strict';
import { SplitTransport } from '../../src/mqtt/split-transport';
import { HandClock } from '../support/hand-clock';
import { record } from '../support/mqtt-transport';
import { SimulatedBroker } from '../support/simulated-broker';

describe('one transport of two connections', () => {
  let clock: HandClock;
  let broker: SimulatedBroker;

  beforeEach(() => {
    clock = new HandClock();
    broker = new SimulatedBroker({ clock, latencyMs: 1, reconnectMs: 100 });
  });

  function split() {
    const will = { topic: 'gone', payload: 'yes', qos: 1, retain: false } as const;
    return new SplitTransport({
      write: broker.client({ clientId: 'w', will: () => will }),
      read: broker.client({ clientId: 'r' }),
    });
  }

  it('publishes over one, and hears over the other', async () => {
    const transport = split();
    const { messages } = record(transport);
    transport.start();
    await clock.advance(5);
    const subscribed = transport.subscribe('a/#', 0);
    await clock.advance(5);
    await subscribed;
    const published = transport.publish('a/b', 'text', { qos: 1, retain: false });
    await clock.advance(5);
    await published;
    assert.deepEqual(messages, [{ topic: 'a/b', text: 'text', retain: false }]);
    assert.equal(broker.log.at(-1)?.by, 'w');
    const ended = transport.unsubscribe('a/#');
    await clock.advance(5);
    await ended;
    broker.publish('a/b', 'unheard');
    await clock.advance(5);
    assert.equal(messages.length, 1);
  });

  for (const half of ['w', 'r']) {
    it(`is lost with ${half}, and there again when that is`, async () => {
      const transport = split();
      const { connections } = record(transport);
      transport.start();
      assert.equal(transport.connected, false);
      await clock.advance(5);
      broker.cut(half, 'cut');
      assert.equal(transport.connected, false);
      await clock.advance(200);
      assert.equal(transport.connected, true);
      assert.deepEqual(connections, ['connected', 'cut', 'connected']);
      assert.equal(broker.log.filter(({ topic }) => topic === 'gone').length, half === 'w' ? 1 : 0);
    });
  }

  it('tells once why neither is there', async () => {
    const transport = split();
    const { connections } = record(transport);
    transport.start();
    await clock.advance(5);
    broker.stop();
    await clock.advance(1_000);
    assert.deepEqual(connections, ['connected', 'the broker is gone']);
    broker.start();
    await clock.advance(200);
    assert.deepEqual(connections, ['connected', 'the broker is gone', 'connected']);
  });

  it('leaves nothing behind, and can be started again', async () => {
    const transport = split();
    const { connections } = record(transport);
    transport.start();
    transport.start();
    await clock.advance(5);
    await transport.stop();
    broker.cut('w');
    await clock.advance(500);
    assert.deepEqual(connections, ['connected']);
    assert.equal(clock.timers, 0);
    transport.start();
    await clock.advance(5);
    assert.deepEqual(connections, ['connected', 'connected']);
  });
});
