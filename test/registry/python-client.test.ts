// A client in another language, which was written from docs/protocol.md alone: it has what the page promises.
import assert from 'node:assert/strict';
import type { Answer, ArbiterMessage, ResourceState } from '../../src/mqtt/messages';
import { closeAllRegistries, openRegistry } from '../../src/registry/open';
import type { Registry, RegistrySettings } from '../../src/registry/registry';
import { type Mosquitto, startMosquitto } from '../support/mqtt-mosquitto';
import { PythonProgram } from '../support/python-tools';
import { RegistryProcess } from '../support/registry-process';

type Heard =
  | { heard: 'answer'; name: string; isHeld: boolean; answer: Answer }
  | { heard: 'refused'; name: string; answer: Answer }
  | { heard: 'state'; state: ResourceState }
  | { heard: 'arbiter'; presence: ArbiterMessage }
  | { heard: 'claim'; name: string; isHeld: boolean; result: string | null; token: number | null };
type Kind<Name extends Heard['heard']> = Extract<Heard, { heard: Name }>;

/** The device of test/python, in the words of its claims. */
class Device extends PythonProgram<Heard> {
  constructor(requester: string, port: number) {
    super('device_child.py', requester, String(port));
  }

  claim(name: string, wish: object = {}): void {
    this.order({ do: 'claim', name, wish });
  }

  /** An answer to the claim of this name that says so; of those heard after `after`. */
  told(name: string, result: Answer['result'], after?: Heard): Promise<Kind<'answer'>> {
    const from = after === undefined ? 0 : this.heard.indexOf(after) + 1;
    return this.hears(
      (it): it is Kind<'answer'> => it.heard === 'answer' && it.name === name && it.answer.result === result,
      from,
    );
  }

  /** What the claim says of itself now. */
  async ask(name: string): Promise<Kind<'claim'>> {
    const from = this.heard.length;
    this.order({ do: 'ask', name });
    return this.hears((it): it is Kind<'claim'> => it.heard === 'claim' && it.name === name, from);
  }

  sees(wanted: (state: ResourceState) => boolean): Promise<Kind<'state'>> {
    return this.hears((it): it is Kind<'state'> => it.heard === 'state' && wanted(it.state));
  }
}

describe('a device in Python', () => {
  let mosquitto: Mosquitto;
  let registry: Registry;
  let device: Device;

  before(async () => {
    mosquitto = await startMosquitto({ logs: 'few' });
    const policy = [
      { requester: 'gauge', resource: 'vault', allowed: false, name: 'nobody opens the vault' },
    ];
    registry = openRegistry({ broker: { kind: 'url', url: mosquitto.url }, requester: 'house', policy });
    await registry.ready;
    assert.equal(registry.status.state, 'ready', registry.status.text);
    device = new Device('gauge', mosquitto.port);
  });

  after(async () => {
    await device.stop();
    await closeAllRegistries();
    await mosquitto.stop();
  });

  it('is granted what is free, is seen to hold it, and lets it go', async () => {
    device.order({ do: 'watch', name: 'cellar/lamp #1' });
    device.claim('cellar/lamp #1', { priority: 'manual', value: 'on', ttl: 60_000 });
    const granted = await device.told('cellar/lamp #1', 'granted');
    assert.equal(granted.isHeld, true);
    const { state } = await device.sees((it) => it.state === 'held');
    assert.deepEqual(
      [state.resource, state.holder, state.requester, state.value, state.token],
      ['cellar/lamp #1', 'gauge', 'gauge', 'on', granted.answer.token],
    );
    device.order({ do: 'release', name: 'cellar/lamp #1' });
    const released = await device.told('cellar/lamp #1', 'released');
    assert.deepEqual([released.isHeld, released.answer.reason], [false, 'withdrawn']);
    await device.sees((it) => it.state === 'free');
  });

  it('waits for its turn, and has it with a greater token', async () => {
    const other = registry.owner('other').claim('fan', { resource: 'fan', value: 'low' });
    device.claim('fan');
    const queued = await device.told('fan', 'queued');
    assert.equal(queued.isHeld, false);
    const before = registry.state('fan').token;
    other.release();
    const granted = await device.told('fan', 'granted');
    assert.ok(Number(granted.answer.token) > Number(before));
    device.order({ do: 'release', name: 'fan' });
  });

  it('changes its value in place, and starts its lease again', async () => {
    device.order({ do: 'watch', name: 'dimmer' });
    device.claim('dimmer', { value: 10, ttl: 60_000 });
    const granted = await device.told('dimmer', 'granted');
    device.order({ do: 'change', name: 'dimmer', fields: { value: 20 } });
    const changed = await device.sees((it) => it.resource === 'dimmer' && it.value === 20);
    assert.equal(changed.state.token, granted.answer.token);
    assert.ok(Number(changed.state.remaining) < 60_000);
    const again = await device.told('dimmer', 'granted', granted);
    assert.ok(Number(again.answer.remaining) < 60_000);
    device.order({ do: 'renew', name: 'dimmer', fields: { ttl: 120_000 } });
    await device.sees((it) => it.resource === 'dimmer' && Number(it.remaining) > 60_000);
    device.order({ do: 'release', name: 'dimmer' });
  });

  it('is told to give way, winds down, yields, and has it back', async () => {
    device.claim('blinds', { priority: 'comfort', value: 'open', ttl: 60_000, grace: 5_000 });
    const granted = await device.told('blinds', 'granted');
    const storm = registry
      .owner('storm')
      .claim('blinds', { resource: 'blinds', priority: 'weather', value: 'up' });
    const revoking = await device.told('blinds', 'revoking');
    assert.deepEqual([revoking.isHeld, revoking.answer.by?.level], [true, 'weather']);
    assert.ok(Number(revoking.answer.remaining) > 0 && Number(revoking.answer.remaining) <= 5_000);
    assert.equal(storm.state, 'waiting');

    const started = performance.now();
    device.order({ do: 'give_way', name: 'blinds' });
    const requeued = await device.told('blinds', 'requeued');
    assert.equal(requeued.isHeld, false);
    assert.ok(performance.now() - started < 4_000, 'the grace was waited for');
    assert.equal(storm.state, 'held');

    storm.release();
    const back = await device.told('blinds', 'granted', requeued);
    assert.deepEqual([back.isHeld, back.answer.regained], [true, true]);
    assert.ok(Number(back.answer.token) > Number(granted.answer.token));
    device.order({ do: 'release', name: 'blinds' });
  });

  it('loses for good what it claimed once', async () => {
    device.claim('radio', { once: true, ttl: 60_000 });
    await device.told('radio', 'granted');
    const alarm = registry.owner('alarm').claim('radio', { resource: 'radio', priority: 'security' });
    const lost = await device.told('radio', 'lost');
    assert.deepEqual([lost.isHeld, lost.answer.reason], [false, 'preempted']);
    alarm.release();
  });

  it('loses what it does not renew, and may claim it anew', async () => {
    device.claim('heater', { ttl: 300 });
    await device.told('heater', 'granted');
    const lost = await device.told('heater', 'lost');
    assert.deepEqual([lost.isHeld, lost.answer.reason], [false, 'expired']);
    assert.equal(registry.state('heater').state, 'free');
    device.claim('heater', { ttl: 60_000 });
    await device.told('heater', 'granted', lost);
    device.order({ do: 'release', name: 'heater' });
  });

  it('is denied with the rule that forbids it', async () => {
    device.claim('vault');
    const denied = await device.told('vault', 'denied');
    assert.deepEqual([denied.isHeld, denied.answer.reason], [false, 'policy']);
    assert.match(String(denied.answer.detail), /nobody opens the vault/);
  });

  it('is answered with the name of the field when it claims nonsense, and keeps what it holds', async () => {
    device.claim('gate', { value: 'shut', ttl: 60_000 });
    const granted = await device.told('gate', 'granted');
    const text = JSON.stringify({ id: granted.answer.id, ttl: 'long' });
    device.order({ do: 'publish', topic: 'claim/gauge/gate', text });
    const refused = await device.hears(
      (it): it is Kind<'refused'> => it.heard === 'refused' && it.name === 'gate',
    );
    assert.equal(refused.answer.reason, 'malformed');
    assert.match(String(refused.answer.detail), /ttl/);
    const claim = await device.ask('gate');
    assert.deepEqual([claim.isHeld, claim.token], [true, granted.answer.token]);
    device.order({ do: 'release', name: 'gate' });
    await device.told('gate', 'released');
  });

  it('keeps what it holds when a change of it is refused', async () => {
    device.claim('pump', { ttl: 60_000 });
    const granted = await device.told('pump', 'granted');
    device.order({ do: 'change', name: 'pump', fields: { priority: 'life-safety' } });
    const refused = await device.hears(
      (it): it is Kind<'refused'> => it.heard === 'refused' && it.name === 'pump',
    );
    assert.deepEqual([refused.answer.result, refused.answer.reason], ['denied', 'policy']);
    const claim = await device.ask('pump');
    assert.deepEqual([claim.isHeld, claim.token], [true, granted.answer.token]);
    device.order({ do: 'release', name: 'pump' });
  });
});

describe('a device in Python whose arbiter is killed', () => {
  let mosquitto: Mosquitto;
  const registries: RegistryProcess[] = [];
  let device: Device;

  const start = async (requester: string) => {
    const settings: RegistrySettings = {
      broker: { kind: 'url', url: mosquitto.url },
      requester,
      decide: 'takeover',
      timing: { session: 1_500, failoverDelay: 700 },
    };
    const registry = await RegistryProcess.start(settings, { beat: 200 });
    registries.push(registry);
    return registry;
  };

  before(async () => {
    mosquitto = await startMosquitto({ logs: 'few' });
  });

  after(async () => {
    await device.stop();
    for (const registry of registries) await registry.kill();
    await mosquitto.stop();
  });

  it('keeps its hold under the one that takes over, and is heard by that', async () => {
    const first = await start('first');
    device = new Device('gauge', mosquitto.port);
    device.order({ do: 'watch', name: 'lights' });
    device.claim('lights', { value: 'on', ttl: 3_600_000 });
    const granted = await device.told('lights', 'granted');
    const { presence } = await device.hears(isDeciding);
    await first.kill();
    await start('second');
    const next = await device.hears(
      (it): it is Kind<'arbiter'> => isDeciding(it) && it.presence.requester === 'second',
    );
    assert.ok(next.presence.epoch > presence.epoch);
    const held = await device.sees(({ state, epoch }) => state === 'held' && epoch === next.presence.epoch);
    assert.deepEqual([held.state.holder, held.state.token], ['gauge', granted.answer.token]);
    const claim = await device.ask('lights');
    assert.deepEqual([claim.isHeld, claim.token], [true, granted.answer.token]);
    device.order({ do: 'change', name: 'lights', fields: { value: 'dim' } });
    await device.sees(({ value }) => value === 'dim');
    device.order({ do: 'release', name: 'lights' });
    await device.told('lights', 'released');
  });
});

function isDeciding(heard: Heard): heard is Kind<'arbiter'> {
  return heard.heard === 'arbiter' && heard.presence.online;
}
