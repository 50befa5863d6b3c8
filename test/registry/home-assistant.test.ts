// What Home Assistant is told on a real broker, from the settings of a registry to its end.
import assert from 'node:assert/strict';
import { closeAllRegistries, openRegistry } from '../../src/registry/open';
import type { Registry } from '../../src/registry/registry';
import { HandClock } from '../support/hand-clock';
import { publish, type Subscription, subscribe } from '../support/mosquitto-tools';
import { startMosquitto } from '../support/mqtt-mosquitto';

interface Device {
  readonly dev: { readonly name: string };
  readonly cmps: { readonly hold: { readonly command_topic: string } };
}

const KEEP_MS = 30_000;

describe('a registry that tells Home Assistant', () => {
  let broker: Awaited<ReturnType<typeof startMosquitto>>;
  let clock: HandClock;
  let seen: Subscription;
  let registry: Registry;

  const open = (homeAssistant?: string) =>
    openRegistry(
      {
        broker: { kind: 'url', url: broker.url },
        requester: 'house',
        ...(homeAssistant !== undefined && { homeAssistant }),
      },
      { clock },
    );
  /** Does what is due now while something is waited for that real sockets bring. */
  async function during<Value>(awaited: Promise<Value>): Promise<Value> {
    let isOver = false;
    const over = awaited.finally(() => {
      isOver = true;
    });
    while (!isOver) await clock.advance(0);
    return over;
  }
  const isOf = (name: string) => (message: Device | undefined) => message?.dev.name === name;

  beforeEach(async () => {
    broker = await startMosquitto();
    clock = new HandClock();
    seen = await subscribe({ port: broker.port }, '#');
    registry = open('homeassistant');
    await during(registry.ready);
    registry.owner('node').claim('key', { resource: 'lights', value: 'on' });
  });

  afterEach(async () => {
    await during(closeAllRegistries());
    await seen.stop();
    await broker.stop();
  });

  const isGone = () =>
    seen.lines.some(({ topic, text }) => topic.startsWith('homeassistant/device/') && text === '');
  const forgotten = () => during(seen.until('an empty message', isGone));
  const told = () => during(seen.message<Device>('homeassistant/device/+/+/config', isOf('lights')));

  it('lets it hold by what it was told', async () => {
    const { cmps } = await told();
    assert.equal(cmps.hold.command_topic, 'locks/claim/homeassistant/lights');
    await publish({ port: broker.port }, cmps.hold.command_topic, { priority: 500 });
    const state = seen.message<{ requester?: string }>(
      'locks/state/lights',
      ({ requester }) => requester === 'homeassistant',
    );
    await during(state);
    assert.equal(registry.state('lights').level, 'manual');
  });

  it('has it forget everything when a deploy says so', async () => {
    await told();
    open();
    await forgotten();
  });

  it('has it forget everything when nobody has come back to the registry', async () => {
    await told();
    await registry.close();
    await clock.advance(KEEP_MS / 2);
    assert.equal(isGone(), false);
    await clock.advance(KEEP_MS / 2);
    await forgotten();
  });

  it('leaves it what it knows when Node-RED ends', async () => {
    await told();
    await during(closeAllRegistries());
    const later = await subscribe({ port: broker.port }, 'homeassistant/#');
    await later.message<Device>('homeassistant/device/+/+/config', isOf('lights'));
    await later.stop();
  });

  it('refuses a prefix that can be none', () => {
    assert.throws(() => open('home/#'), /the prefix of Home Assistant cannot be "home\/#"/);
  });
});
