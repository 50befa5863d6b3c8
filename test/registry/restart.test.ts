// A registry that is started again in the same folder: it takes its name back at once from a process that was killed,
// and brings its claims along under another name.
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResourceState } from '../../src/mqtt/messages';
import { closeAllRegistries, openRegistry } from '../../src/registry/open';
import type { Registry, RegistrySettings } from '../../src/registry/registry';
import { type Subscription, subscribe } from '../support/mosquitto-tools';
import { freePort, type Mosquitto, startMosquitto } from '../support/mqtt-mosquitto';
import type { Order } from '../support/registry-child';
import { RegistryProcess } from '../support/registry-process';
import { until } from '../support/until-registry';

/** In it nobody is taken for dead because nothing was heard of him. */
const FOREVER = { session: 3_600_000, handoverTimeout: 0 };

const KEPT: Order = {
  do: 'claim',
  path: 'motion',
  keep: true,
  message: { resources: ['hall'], locker: 'motion detected', value: 'bright', ttl: 3_600_000 },
};
const PASSING: Order = { do: 'claim', path: 'passing', keep: false, message: { resource: 'door' } };

let folder: string;
let mosquitto: Mosquitto | undefined;
let desk: RegistryProcess | undefined;
let seen: Subscription | undefined;

async function start(settings: RegistrySettings): Promise<RegistryProcess> {
  desk = await RegistryProcess.start({ folder, ...settings });
  return desk;
}

const holderOf = (house: Registry, resource: string) => house.state(resource).requester;

describe('a registry that is started again in its folder', () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'registry-'));
  });

  afterEach(async () => {
    await seen?.stop();
    await desk?.kill();
    await closeAllRegistries();
    await mosquitto?.stop();
    await rm(folder, { recursive: true });
    seen = desk = mosquitto = undefined;
  });

  describe('a registry that takes part and is started again', () => {
    let house: Registry;
    let settings: RegistrySettings;

    beforeEach(async () => {
      mosquitto = await startMosquitto();
      const broker = { kind: 'url', url: mosquitto.url } as const;
      house = openRegistry({ broker, requester: 'house', timing: FOREVER });
      await house.ready;
      settings = { broker, requester: 'desk', decide: 'never' };
    });

    it('has its name back at once after kill -9, and what it did not keep is free', async () => {
      const first = await start(settings);
      await first.order(KEPT);
      await first.order(PASSING);
      await until(house, () => holderOf(house, 'hall') === 'desk' && holderOf(house, 'door') === 'desk');
      const { token } = house.state('hall');
      await first.kill();
      const second = await start(settings);
      await until(house, () => house.state('door').state === 'free');
      await second.order(PASSING);
      await until(house, () => holderOf(house, 'door') === 'desk');
      const { motion } = await second.order({ do: 'report' });
      assert.deepEqual([motion?.restored, motion?.value], [true, 'bright']);
      assert.deepEqual([house.state('hall').requester, house.state('hall').token], ['desk', token]);
    });

    it('is refused in another folder: the one before may be alive', async () => {
      const first = await start(settings);
      await first.order(PASSING);
      await until(house, () => holderOf(house, 'door') === 'desk');
      await first.kill();
      const heard = await subscribe({ port: mosquitto?.port ?? 0 }, 'locks/session/desk/answers');
      seen = heard;
      await start({ ...settings, folder: join(folder, 'other') });
      await heard.message<{ refused?: string }>('locks/session/desk/answers', ({ refused }) => {
        return refused?.includes('another one of the name desk is alive') === true;
      });
      assert.equal(holderOf(house, 'door'), 'desk');
    });

    it('has what it keeps under another name, too', async () => {
      const first = await start(settings);
      await first.order(KEPT);
      await until(house, () => holderOf(house, 'hall') === 'desk');
      // With a goodbye: else its session of before would have to end first.
      await first.stop();
      const topics = await subscribe({ port: mosquitto?.port ?? 0 }, 'locks/#');
      seen = topics;
      await start({ ...settings, requester: 'attic' });
      await until(house, () => holderOf(house, 'hall') === 'attic');
      const isGone = (topic: string) => topics.latest(topic) === undefined;
      await topics.until('nothing under the name before', () =>
        ['claim', 'answer'].every((kind) => isGone(`locks/${kind}/desk/motion/key`)),
      );
      assert.equal(house.state('hall').value, 'bright');
    });
  });

  for (const [name, makeBroker] of [
    ['its embedded broker', async () => ({ kind: 'embedded', port: await freePort() }) as const],
    [
      'a Mosquitto',
      async () => {
        mosquitto = await startMosquitto();
        return { kind: 'url', url: mosquitto.url } as const;
      },
    ],
  ] as const) {
    describe(`a registry on ${name} that decides and is started again under another name`, () => {
      it('has what it kept before, as it was', async () => {
        const broker = await makeBroker();
        const port = broker.kind === 'url' ? (mosquitto?.port ?? 0) : broker.port;
        const first = await start({ broker, requester: 'desk' });
        const { motion: before } = await first.order(KEPT);
        await first.order(PASSING);
        const held = (topics: Subscription, requester: string) =>
          topics.message<ResourceState>('locks/state/hall', (state) => state.requester === requester);
        seen = await subscribe({ port }, 'locks/#');
        const { token } = await held(seen, 'desk');
        await seen.message<ResourceState>('locks/state/door', ({ state }) => state === 'held');
        await seen.stop();
        await first.kill();
        const second = await start({ broker, requester: 'attic' });
        const { motion } = await second.order({ do: 'report' });
        assert.deepEqual([motion?.id, motion?.state, motion?.restored], [before?.id, 'held', true]);
        const topics = await subscribe({ port }, 'locks/#');
        seen = topics;
        assert.equal((await held(topics, 'attic')).token, token);
        await topics.message<ResourceState>('locks/state/door', ({ state }) => state === 'free');
        assert.equal(topics.latest('locks/claim/desk/motion/key'), undefined);
      });
    });
  }
});
