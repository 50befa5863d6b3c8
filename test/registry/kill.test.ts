// The registry’s process is killed with -9 and started again: nothing may be forgotten, nothing stuck.
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer, ResourceState } from '../../src/mqtt/messages';
import type { BrokerSettings } from '../../src/registry/registry';
import { publish, type Subscription, subscribe } from '../support/mosquitto-tools';
import { freePort, type Mosquitto, startMosquitto } from '../support/mqtt-mosquitto';
import { RegistryProcess } from '../support/registry-process';

const HOUR_MS = 3_600_000;

interface Place {
  readonly broker: BrokerSettings;
  readonly port: number;
  stop(): Promise<void>;
}

async function embedded(): Promise<Place> {
  const port = await freePort();
  return { broker: { kind: 'embedded', port }, port, stop: async () => undefined };
}

async function mosquitto(): Promise<Place> {
  const server: Mosquitto = await startMosquitto({ persistence: true });
  return { broker: { kind: 'url', url: server.url }, port: server.port, stop: () => server.stop() };
}

for (const [name, make] of [
  ['its embedded broker', embedded],
  ['a Mosquitto', mosquitto],
] as const) {
  describe(`a registry on ${name} that is killed with -9`, () => {
    let place: Place;
    let folder: string;
    let registry: RegistryProcess;
    let seen: Subscription | undefined;

    const start = () => RegistryProcess.start({ broker: place.broker, folder, requester: 'house' });

    beforeEach(async () => {
      place = await make();
      folder = mkdtempSync(join(tmpdir(), 'registry-'));
      registry = await start();
    });

    afterEach(async () => {
      await seen?.stop();
      seen = undefined;
      await registry.kill();
      await place.stop();
      await rm(folder, { recursive: true });
    });

    /** What is retained, once `wanted` holds of it. */
    async function retained(wanted: (states: Subscription) => boolean): Promise<Subscription> {
      await seen?.stop();
      seen = await subscribe(place, 'locks/#');
      const { until } = seen;
      await until.call(seen, 'the wanted states', () => wanted(seen as Subscription));
      return seen;
    }

    const state = (of: Subscription, resource: string) => of.latest<ResourceState>(`locks/state/${resource}`);
    const answer = (of: Subscription, topic: string) => of.latest<Answer>(`locks/answer/${topic}`);

    it('has holds, waiters, values, tokens and leases as they were', async () => {
      await publish(place, 'locks/claim/panel/lights', { priority: 'manual', value: 'on', ttl: HOUR_MS });
      await publish(place, 'locks/claim/wall/lights', { priority: 'motion', value: 'dim' });
      await publish(place, 'locks/claim/wall/both', { resources: ['blinds', 'awning'], value: { open: 40 } });
      await registry.order({
        ...{ do: 'claim', path: 'motion', keep: true },
        message: {
          resources: ['hall'],
          locker: 'motion detected',
          priority: 'motion',
          value: 'bright',
          ttl: HOUR_MS,
        },
      });
      await registry.order({
        ...{ do: 'claim', path: 'energy', keep: true },
        message: { resources: ['hall'], locker: 'save energy', priority: 'energy', value: 'off' },
      });
      await registry.order({ do: 'claim', path: 'passing', keep: false, message: { resource: 'door' } });
      const isWhole = (of: Subscription) =>
        state(of, 'lights')?.waitingCount === 1 &&
        state(of, 'awning')?.state === 'held' &&
        state(of, 'hall')?.waitingCount === 1 &&
        state(of, 'door')?.state === 'held' &&
        answer(of, 'house/energy/key') !== undefined;
      const before = await retained(isWhole);
      const claims = await registry.order({ do: 'report' });
      const essence = (of: Subscription) =>
        ['lights', 'blinds', 'awning', 'hall'].map((resource) => {
          const { holder, requester, priority, value, token, since, waiting } = state(of, resource) ?? {};
          return { resource, holder, requester, priority, value, token, since, waiting };
        });
      const was = essence(before);
      const wasExpires = Date.parse(String(state(before, 'lights')?.expires));
      const wasOrder = answer(before, 'wall/lights')?.order;

      await registry.kill();
      registry = await start();

      const after = await retained((of) => isWhole(of) === false && state(of, 'door')?.state === 'free');
      assert.deepEqual(essence(after), was);
      assert.ok(Math.abs(Date.parse(String(state(after, 'lights')?.expires)) - wasExpires) <= 2);
      assert.equal(answer(after, 'wall/lights')?.order, wasOrder);
      assert.equal(answer(after, 'panel/lights')?.result, 'granted');
      const again = await registry.order({ do: 'report' });
      assert.equal(again.passing, undefined);
      for (const path of ['motion', 'energy']) {
        const [one, other] = [claims[path], again[path]];
        assert.deepEqual(
          { ...other, restored: undefined, expires: undefined },
          { ...one, restored: undefined, expires: undefined },
        );
        assert.equal(other?.restored, true);
        assert.ok(Math.abs(Number(other?.expires) - Number(one?.expires)) < 50);
      }

      await publish(place, 'locks/claim/panel/lights');
      await registry.order({ do: 'release', path: 'motion' });
      const next = await retained(
        (of) => state(of, 'lights')?.holder === 'wall' && state(of, 'hall')?.holder === 'save energy',
      );
      assert.equal(state(next, 'lights')?.value, 'dim');
      assert.equal(state(next, 'hall')?.value, 'off');
      const tokens = was.map(({ token }) => Number(token));
      assert.ok(Number(state(next, 'lights')?.token) > Math.max(...tokens));
    });

    it('hears what happened while it was away', async () => {
      await publish(place, 'locks/claim/panel/lights', { value: 'on' });
      await publish(place, 'locks/claim/panel/fan', {});
      await retained((of) => state(of, 'lights')?.value === 'on' && state(of, 'fan')?.state === 'held');
      await registry.kill();
      if (place.broker.kind === 'url') {
        await publish(place, 'locks/claim/panel/lights', { value: 'dim' });
        await publish(place, 'locks/claim/panel/fan');
      }
      registry = await start();
      const isThere = place.broker.kind === 'url';
      await retained(
        (of) =>
          state(of, 'lights')?.value === (isThere ? 'dim' : 'on') &&
          state(of, 'fan')?.state === (isThere ? 'free' : 'held'),
      );
    });
  });
}
