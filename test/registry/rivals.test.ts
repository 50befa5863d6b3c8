// A Mosquitto that gives all connections of a user one client id, so that those of a registry throw each other out.
import assert from 'node:assert/strict';
import { connectLocks } from '../../src/registry/connect-locks';
import { closeAllRegistries, openRegistry } from '../../src/registry/open';
import type { RegistryStatus } from '../../src/registry/registry';
import { type Mosquitto, startMosquitto } from '../support/mqtt-mosquitto';

const SAID = /throws the other one out: .*turn use_username_as_clientid off/;

describe('a broker that lets only one connection of a user live', () => {
  let mosquitto: Mosquitto;

  before(async () => {
    mosquitto = await startMosquitto({ listener: ['use_username_as_clientid true'] });
  });

  after(() => mosquitto.stop());

  afterEach(() => closeAllRegistries());

  for (const protocolVersion of [4, 5] as const) {
    for (const decide of ['alone', 'never', 'takeover'] as const) {
      it(`is found out, and what to do is said (decide ${decide}, MQTT ${protocolVersion})`, async () => {
        const warned: string[] = [];
        const log = { info: () => undefined, warn: (text: string) => void warned.push(text) };
        const { url } = mosquitto;
        const broker = { kind: 'url', url, user: 'house', protocolVersion } as const;
        const registry = openRegistry({ broker, requester: 'house', decide }, { log });
        const { warning } = await new Promise<RegistryStatus>((resolve) => {
          registry.onStatus((status) => {
            if (status.warning !== undefined) resolve(status);
          });
        });
        assert.match(warning ?? '', SAID);
        assert.equal(warned.filter((text) => SAID.test(text)).length, 1);
      });
    }
  }

  it('is what a program is told that finds no locks there', async () => {
    const { url } = mosquitto;
    const connecting = connectLocks({ url, user: 'house', requester: 'house', connectTimeout: 60_000 });
    await assert.rejects(connecting, SAID);
  });

  it('is not suspected where there are users, and connections that come and go', async () => {
    const plain = await startMosquitto();
    const broker = { kind: 'url', url: plain.url, user: 'house' } as const;
    const registry = openRegistry({ broker, requester: 'house', decide: 'alone' });
    await registry.ready;
    for (let round = 0; round < 4; round++) {
      await plain.kill();
      await plain.start();
      await new Promise<void>((resolve) => {
        const look = () => {
          if (registry.status.state === 'ready') resolve();
        };
        registry.onStatus(look);
        look();
      });
    }
    assert.equal(registry.status.warning, undefined);
    await closeAllRegistries();
    await plain.stop();
  });
});
