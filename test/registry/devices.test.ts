// Devices that have nothing but mosquitto_pub and mosquitto_sub, on real brokers.
import assert from 'node:assert/strict';
import type { Answer, AuditEvent, ResourceState } from '../../src/mqtt/messages';
import { closeAllRegistries, openRegistry } from '../../src/registry/open';
import type { BrokerSettings, Registry } from '../../src/registry/registry';
import { publish, type Subscription, subscribe, type ToolOptions } from '../support/mosquitto-tools';
import { freePort, startMosquitto } from '../support/mqtt-mosquitto';

interface Place {
  readonly broker: BrokerSettings;
  readonly tools: ToolOptions;
  stop(): Promise<void>;
}

const PLACES: readonly (readonly [name: string, make: () => Promise<Place>])[] = [
  [
    'the embedded broker',
    async () => {
      const port = await freePort();
      return { broker: { kind: 'embedded', port }, tools: { port }, stop: async () => undefined };
    },
  ],
  ['Mosquitto with MQTT 3.1.1', () => onMosquitto('311')],
  ['Mosquitto with MQTT 5', () => onMosquitto('5')],
];

async function onMosquitto(version: '311' | '5'): Promise<Place> {
  const { url, port, stop } = await startMosquitto();
  const broker: BrokerSettings = { kind: 'url', url, protocolVersion: version === '5' ? 5 : 4 };
  return { broker, tools: { port, version }, stop };
}

for (const [name, make] of PLACES) {
  describe(`on ${name}, mosquitto_pub alone`, () => {
    let place: Place;
    let registry: Registry;
    let seen: Subscription;

    before(async () => {
      place = await make();
      const policy = [
        { requester: 'ops', resource: '#', mayForce: true },
        { requester: 'panel', resource: 'vault', allowed: false, name: 'nobody opens the vault' },
      ];
      registry = openRegistry({ broker: place.broker, requester: 'house', policy });
      await registry.ready;
      assert.equal(registry.status.state, 'ready', registry.status.text);
      seen = await subscribe(place.tools, 'locks/#');
    });

    after(async () => {
      await seen.stop();
      await closeAllRegistries();
      await place.stop();
    });

    const claim = (topic: string, message?: unknown) => publish(place.tools, `locks/claim/${topic}`, message);
    const answered = (topic: string, wanted: (answer: Answer) => boolean) =>
      seen.message<Answer>(`locks/answer/${topic}`, wanted);
    const became = (resource: string, wanted: (state: ResourceState) => boolean) =>
      seen.message<ResourceState>(`locks/state/${resource}`, wanted);

    it('holds, waits, updates, renews, and withdraws', async () => {
      await claim('panel/lights', { priority: 'manual', value: 'on', ttl: 60_000 });
      const granted = await answered('panel/lights', ({ result }) => result === 'granted');
      const held = await became('lights', ({ state }) => state === 'held');
      assert.deepEqual([held.holder, held.value, held.token], ['panel', 'on', granted.token]);
      assert.ok(Number(granted.remaining) > 59_000 && Number(granted.remaining) <= 60_000);

      await claim('wall/lights', {});
      await answered('wall/lights', ({ result }) => result === 'queued');
      await became('lights', ({ waitingCount }) => waitingCount === 1);

      await claim('panel/lights', { priority: 'manual', value: 'dim', ttl: 60_000 });
      await became('lights', ({ value, token }) => value === 'dim' && token === granted.token);
      await claim('panel/lights', { renew: true, ttl: 90_000 });
      await answered('panel/lights', ({ remaining }) => Number(remaining) > 60_000);

      await claim('panel/lights');
      const released = await answered('panel/lights', ({ result }) => result === 'released');
      assert.equal(released.reason, 'withdrawn');
      await became('lights', ({ holder }) => holder === 'wall');
      await answered('wall/lights', ({ result }) => result === 'granted');
      await claim('wall/lights');
      await became('lights', ({ state }) => state === 'free');
    });

    it('is denied with a reason that names the rule', async () => {
      await claim('panel/vault', {});
      const denied = await answered('panel/vault', ({ result }) => result === 'denied');
      assert.equal(denied.reason, 'policy');
      assert.match(String(denied.detail), /panel may not claim this \(rule: nobody opens the vault\)/);
    });

    it('is preempted by a flow, and has it back', async () => {
      await claim('panel/fan', { priority: 'motion', value: 'low' });
      await became('fan', ({ value }) => value === 'low');
      const alarm = registry
        .owner('alarm')
        .claim('fan', { resource: 'fan', priority: 'security', value: 'off' });
      assert.equal(alarm.state, 'held');
      const requeued = await answered('panel/fan', ({ result }) => result === 'requeued');
      assert.equal(requeued.by?.level, 'security');
      alarm.release();
      await answered('panel/fan', ({ regained }) => regained === true);
      await claim('panel/fan');
    });

    it('takes several resources together', async () => {
      await claim('panel/all', { resources: ['kitchen', 'bedroom'], locker: 'good night' });
      const kitchen = await became('kitchen', ({ holder }) => holder === 'good night');
      const bedroom = await became('bedroom', ({ holder }) => holder === 'good night');
      assert.equal(kitchen.token, bedroom.token);
      await claim('panel/all');
    });

    it('ends a hold by force, if a rule lets it, and is heard of in the audit stream', async () => {
      await claim('panel/door', {});
      const { token } = await became('door', ({ state }) => state === 'held');
      await publish(place.tools, 'locks/force/somebody/door', { token }, false);
      await seen.message<AuditEvent>('locks/event', ({ event }) => event === 'force-denied');
      await publish(place.tools, 'locks/force/ops/door', { token }, false);
      await answered('panel/door', ({ reason }) => reason === 'forced');
      await seen.message<AuditEvent>(
        'locks/event',
        ({ event, requester }) => event === 'forced' && requester === 'ops',
      );
    });

    it('that sends what cannot be read is answered, and changes nothing', async () => {
      await claim('panel/gate', { value: 'shut' });
      await became('gate', ({ value }) => value === 'shut');
      const bad: readonly (readonly [text: string, detail: RegExp])[] = [
        ['{"value"', /not JSON/],
        ['{"ttl":"long"}', /ttl is "long"/],
        ['{"priority":"urgent"}', /name of a level/],
        [JSON.stringify({ value: 'x'.repeat(66_000) }), /over 65536/],
      ];
      for (const [text, detail] of bad) {
        await claim('panel/gate', text);
        const answer = await answered(
          'panel/gate',
          (told) => told.result === 'error' && detail.test(String(told.detail)),
        );
        assert.equal(answer.reason, 'malformed');
      }
      assert.equal(registry.state('gate').value, 'shut');
      await publish(place.tools, 'locks/claim/panel/%zz', {});
      await answered('panel/%zz', ({ result }) => result === 'error');
    });

    it('sees who decides', async () => {
      const lines = await subscribe(place.tools, 'locks/arbiter/#');
      const presence = await lines.message('locks/arbiter');
      assert.deepEqual([presence.online, presence.requester], [true, 'house']);
      await lines.stop();
    });
  });
}
