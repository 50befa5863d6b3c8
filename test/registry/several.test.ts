// Several registries on one broker, as those of several Node-REDs are: one decides, the others take part.
import assert from 'node:assert/strict';
import { createLocks } from '../../src/library';
import { closeAllRegistries, openRegistry } from '../../src/registry/open';
import type { ClaimOwner, Registry, RegistryClaim, RegistrySettings } from '../../src/registry/registry';
import { freePort, startMosquitto } from '../support/mqtt-mosquitto';
import { until } from '../support/until-registry';

/** Resolves with the claim when it was answered so. */
function answered(owner: ClaimOwner, result: string): Promise<RegistryClaim> {
  return new Promise((resolve) => {
    owner.onAnswer((claim, answer) => {
      if (answer.result === result) resolve(claim);
    });
  });
}

function joined(registry: Registry): Promise<void> {
  return until(registry, () => registry.status.state === 'ready');
}

const FAST = { session: 1_500, failoverDelay: 700, handoverTimeout: 500 };

interface Place {
  /** For the first one, and for the others; their names differ, or they were one registry. */
  readonly settings: readonly RegistrySettings[];
  stop(): Promise<void>;
}

async function onMosquitto(more: Partial<RegistrySettings> = {}): Promise<Place> {
  const { port, stop } = await startMosquitto();
  const settings = ['127.0.0.1', 'localhost'].map((host, index) => ({
    broker: { kind: 'url', url: `mqtt://${host}:${port}` } as const,
    requester: index === 0 ? 'house' : 'garage',
    timing: FAST,
    ...more,
  }));
  return { settings, stop };
}

async function onEmbedded(): Promise<Place> {
  const port = await freePort();
  const garage = { kind: 'url', url: `mqtt://127.0.0.1:${port}` } as const;
  const settings = [
    { broker: { kind: 'embedded', port }, requester: 'house', timing: FAST } as const,
    { broker: garage, requester: 'garage', timing: FAST },
  ];
  return { settings, stop: async () => undefined };
}

let place: Place | undefined;

async function leave(): Promise<void> {
  await closeAllRegistries();
  await place?.stop();
  place = undefined;
}

function open(index: number): Registry {
  const settings = place?.settings[index];
  if (settings === undefined) throw new Error('no such settings');
  return openRegistry(settings, { timing: { beat: 200 } });
}

for (const [name, make] of Object.entries({
  'a Mosquitto': onMosquitto,
  'the broker of one of them': onEmbedded,
})) {
  describe(`two registries on ${name}`, () => {
    afterEach(leave);
    let house: Registry;
    let garage: Registry;

    beforeEach(async () => {
      place = await make();
      house = open(0);
      await house.ready;
      garage = open(1);
      await Promise.all([joined(house), joined(garage)]);
    });

    it('have one set of locks: the one decides, the other says so', async () => {
      assert.deepEqual([house.role(), garage.role()], ['arbiter', 'participant']);
      assert.match(garage.status.text, /; house decides alone; allow takeover there$/);
      const owner = garage.owner('node');
      const granted = answered(owner, 'granted');
      owner.claim('k', { resource: 'lights', value: 'on' });
      const claim = await granted;
      assert.equal(claim.isHeld(), true);
      assert.equal(house.state('lights').requester, 'garage');
      const lost = answered(owner, 'requeued');
      const alarm = house.owner('alarm').claim('k', { resource: 'lights', priority: 900, value: 'flash' });
      await lost;
      assert.equal(claim.isHeld(), false);
      await until(garage, () => garage.state('lights').value === 'flash');
      const again = answered(owner, 'granted');
      alarm.release();
      assert.equal((await again).answer?.regained, true);
      claim.update({ value: 'dim' });
      await until(garage, () => garage.state('lights').value === 'dim');
      claim.release();
      await until(house, () => house.state('lights').state === 'free');
    });

    it('serve programs on either of them', async () => {
      const [here, there] = [createLocks(house.protocol('code')), createLocks(garage.protocol('code'))];
      const lock = await there.acquire('lights', 'program', { priority: 5, ttl: 60_000 });
      const before = lock.expires;
      await lock.extend(120_000);
      assert.ok(lock.expires > before + 50_000);
      await assert.rejects(here.acquire('lights', 'other', { timeout: 0 }));
      const waiting = here.acquire('lights', 'other');
      await lock.release();
      await (await waiting).release();
    });

    it('let an operator of the one end the hold of the other only where a rule says so', async () => {
      const owner = house.owner('node');
      const claim = owner.claim('k', { resource: 'lights' });
      await until(garage, () => garage.state('lights').state === 'held');
      const seen = garage.state('lights').token ?? 0;
      assert.equal(typeof (await garage.force('lights', seen, 'me')), 'string');
      assert.equal(claim.isHeld(), true);
      const rule = { requester: 'garage', resource: '#', allowed: true, mayForce: true };
      openRegistry({ ...place?.settings[0], policy: [rule] } as RegistrySettings);
      const ended = answered(owner, 'lost');
      assert.equal(await garage.force('lights', seen, 'me'), undefined);
      await ended;
      assert.equal(claim.state, 'ended');
    });
  });
}

describe('a registry that takes part', () => {
  afterEach(leave);
  it('is told nothing new while the one that decides is away, and can take over by hand', async () => {
    place = await onMosquitto();
    const house = open(0);
    await house.ready;
    const garage = open(1);
    await joined(garage);
    const owner = garage.owner('node');
    const granted = answered(owner, 'granted');
    const claim = owner.claim('k', { resource: 'lights' });
    await granted;
    await house.close({ now: true });
    await until(garage, () => garage.status.state === 'offline');
    await garage.takeOver();
    assert.equal(garage.role(), 'arbiter');
    assert.equal(garage.epoch(), 2);
    assert.equal(claim.isHeld(), true);
    assert.equal(claim.state, 'held');
    assert.equal(garage.status.state, 'ready');
    assert.deepEqual(garage.deadClaims(0), []);
  });

  it('takes over by itself where that is allowed, and nobody notices', async () => {
    place = await onMosquitto({ decide: 'takeover' });
    const house = open(0);
    await until(house, () => house.role() === 'arbiter');
    const garage = open(1);
    await joined(garage);
    assert.match(garage.status.text, /; house decides$/);
    const owner = garage.owner('node');
    const granted = answered(owner, 'granted');
    const claim = owner.claim('k', { resource: 'lights' });
    await granted;
    await house.close({ now: true });
    await until(garage, () => garage.role() === 'arbiter');
    assert.equal(garage.epoch(), 2);
    assert.equal(claim.isHeld(), true);
    const own = garage.owner('own');
    const second = answered(own, 'granted');
    own.claim('k', { resource: 'fan' });
    await second;
  });
});
