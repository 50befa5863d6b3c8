import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer } from '../../src/mqtt/messages';
import { closeAllRegistries, openRegistry } from '../../src/registry/open';
import type { ClaimOwner, Registry, RegistryClaim, RegistrySettings } from '../../src/registry/registry';
import { HandClock, promisesSettled } from '../support/hand-clock';

const HOUR_MS = 3_600_000;
const KEEP_MS = 30_000;

describe('a node’s claims', () => {
  let clock: HandClock;
  let registry: Registry;
  let folder: string;
  let told: string[];
  const warnings: string[] = [];

  const settings = (): RegistrySettings => ({ broker: { kind: 'none' }, requester: 'house', folder });

  async function open(more: Partial<RegistrySettings> = {}): Promise<Registry> {
    const log = { info: () => undefined, warn: (text: string) => void warnings.push(text) };
    registry = openRegistry({ ...settings(), ...more }, { clock, log });
    await turnUntilReady();
    return registry;
  }

  /** The embedded broker reads real files meanwhile. */
  async function turnUntilReady(): Promise<void> {
    let isReady = false;
    void registry.ready.then(() => {
      isReady = true;
    });
    while (!isReady) {
      await promisesSettled();
      await clock.advance(0);
    }
  }

  function listen(owner: ClaimOwner): void {
    owner.onAnswer((claim, answer) => told.push(`${claim.key} ${answer.result} ${claim.state}`));
  }

  beforeEach(() => {
    clock = new HandClock();
    folder = mkdtempSync(join(tmpdir(), 'registry-'));
    told = [];
  });

  afterEach(async () => {
    const closed = closeAllRegistries();
    await clock.advance(5_000);
    await closed;
    await rm(folder, { recursive: true });
  });

  it('are made, changed and ended under a key', async () => {
    const owner = (await open()).owner('node');
    listen(owner);
    const claim = owner.claim('k', { resources: ['lights'], locker: 'me', value: 'on', ttl: HOUR_MS });
    assert.equal(claim.state, 'held');
    assert.equal(claim.isHeld(), true);
    assert.equal(claim.expires, clock.wall + HOUR_MS);
    assert.equal(registry.find(claim.id), claim);
    assert.deepEqual(registry.findByLocker('lights', 'me'), [claim]);
    assert.equal(owner.claim('k', { value: 'dim', renew: true, ttl: 2 * HOUR_MS }), claim);
    assert.deepEqual([claim.message.value, claim.expires], ['dim', clock.wall + 2 * HOUR_MS]);
    claim.update({ priority: 'manual' });
    assert.equal(registry.state('lights').priority, 500);
    claim.release();
    claim.release();
    assert.deepEqual(told, ['k granted held', 'k granted held', 'k granted held', 'k released ended']);
    assert.equal(owner.claims.size, 0);
    assert.equal(registry.find(claim.id), undefined);
    assert.deepEqual(registry.findByLocker('lights', 'me'), []);
    assert.equal(claim.isHeld(), false);
    assert.equal(claim.answer?.result, 'released');
  });

  it('are answered also when they are refused, and are then none', async () => {
    const owner = (await open()).owner('node');
    listen(owner);
    const claim = owner.claim('k', { resource: 'a//b' });
    assert.deepEqual(told, ['k denied ended']);
    assert.match(String(claim.answer?.detail), /has an empty level/);
    assert.equal(owner.claims.size, 0);
  });

  it('keep what was refused out of the message', async () => {
    const owner = (await open()).owner('node');
    listen(owner);
    const claim = owner.claim('k', { resource: 'lights', priority: 'motion' });
    claim.update({ priority: 'urgent' });
    assert.deepEqual(told, ['k granted held', 'k denied held']);
    assert.equal(claim.message.priority, 'motion');
    assert.equal(claim.answer?.result, 'denied');
  });

  it('do not change with an object that the flow goes on with', async () => {
    const owner = (await open()).owner('node');
    const value = { brightness: 40 };
    const claim = owner.claim('k', { resource: 'lights', value });
    value.brightness = 100;
    assert.deepEqual(registry.state('lights').value, { brightness: 40 });
    claim.update({ value });
    value.brightness = 7;
    assert.deepEqual(registry.state('lights').value, { brightness: 100 });
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    assert.throws(() => owner.claim('c', { resource: 'x', value: circle as never }), TypeError);
  });

  it('are not held any more when the lease is over, whatever was told', async () => {
    const owner = (await open()).owner('node');
    const claim = owner.claim('k', { resource: 'lights', ttl: 1_000 });
    clock.monotonic += 1_000;
    assert.equal(claim.state, 'held');
    assert.equal(claim.isHeld(), false);
  });

  it('wind down and yield', async () => {
    const owner = (await open()).owner('node');
    listen(owner);
    const claim = owner.claim('k', { resource: 'lights', locker: 'a', grace: 3_000 });
    const alarm = owner.claim('alarm', { resource: 'lights', locker: 'b', priority: 1 });
    assert.deepEqual([claim.state, claim.isHeld(), alarm.state], ['revoking', true, 'waiting']);
    assert.equal(Date.parse(String(claim.answer?.expires)), clock.wall + 3_000);
    claim.yield();
    assert.deepEqual([claim.state, alarm.state], ['waiting', 'held']);
  });

  it('that are told can be acted on at once', async () => {
    const owner = (await open()).owner('node');
    owner.onAnswer((claim, { result }) => {
      told.push(`${claim.key} ${result}`);
      if (claim.key === 'low' && result === 'requeued') claim.release();
      if (claim.key === 'high' && result === 'granted') owner.claim('next', { resource: 'fan' });
    });
    owner.claim('low', { resource: 'lights', locker: 'a' });
    const high = owner.claim('high', { resource: 'lights', locker: 'b', priority: 1 });
    assert.deepEqual(told, ['low granted', 'low requeued', 'high granted', 'low released', 'next granted']);
    assert.equal(high.state, 'held');
    assert.equal(registry.state('lights').waitingCount, 0);
  });

  it('may be made before the registry is ready', async () => {
    const early = openRegistry(settings(), { clock });
    registry = early;
    const owner = early.owner('node');
    listen(owner);
    const claim = owner.claim('k', { resource: 'lights', value: 'on', priority: 'motion' });
    const gone = owner.claim('gone', { resource: 'fan' });
    assert.deepEqual([claim.state, claim.isHeld(), claim.expires], ['asked', false, Infinity]);
    claim.update({ value: 'dim' });
    claim.yield();
    gone.release();
    gone.release();
    assert.deepEqual(told, ['gone released ended']);
    assert.deepEqual(registry.findByLocker('lights', 'house'), [claim]);
    await turnUntilReady();
    assert.deepEqual(told, ['gone released ended', 'k granted held']);
    assert.equal(registry.state('lights').value, 'dim');
    assert.equal(registry.state('fan').state, 'free');
  });

  describe('over a deploy', () => {
    it('wait half a minute for the node to come back', async () => {
      const owner = (await open()).owner('node');
      listen(owner);
      const claim = owner.claim('k', { resource: 'lights' });
      owner.detach(false);
      await clock.advance(KEEP_MS - 1);
      const again = registry.owner('node');
      assert.equal(again, owner);
      assert.equal(again.claims.get('k'), claim);
      await clock.advance(KEEP_MS);
      assert.equal(claim.state, 'held');
    });

    it('end when it does not come back', async () => {
      const owner = (await open()).owner('node');
      listen(owner);
      const claim = owner.claim('k', { resource: 'lights' });
      owner.detach(false);
      await clock.advance(KEEP_MS);
      assert.equal(claim.state, 'ended');
      assert.equal(registry.state('lights').state, 'free');
      assert.deepEqual(told, ['k granted held']);
      assert.notEqual(registry.owner('node'), owner);
    });

    it('end at once when the node is deleted, also when that is known only later', async () => {
      const owner = (await open()).owner('node');
      const claim = owner.claim('k', { resource: 'lights' });
      owner.detach(false);
      owner.detach(true);
      assert.equal(claim.state, 'ended');
    });

    it('go on being told to the listener of the node that has closed', async () => {
      const owner = (await open()).owner('node');
      listen(owner);
      owner.claim('k', { resource: 'lights', ttl: 1_000 });
      owner.detach(false);
      await clock.advance(1_000);
      assert.deepEqual(told, ['k granted held', 'k lost ended']);
    });

    it('that ended while nobody listened are told to who comes', async () => {
      const owner = (await open()).owner('node');
      const stop = owner.onAnswer(() => undefined);
      owner.claim('k', { resource: 'lights', ttl: 1_000 });
      stop();
      stop();
      await clock.advance(1_000);
      listen(registry.owner('node'));
      assert.deepEqual(told, []);
      await promisesSettled();
      assert.deepEqual(told, ['k lost ended']);
    });
  });

  describe('over a restart', () => {
    /** As if the process had been killed: nothing says goodbye. */
    async function restart(awayMs: number): Promise<Registry> {
      // Stopping says goodbye, but what is kept stays as it is.
      const closed = closeAllRegistries();
      await clock.advance(5_000);
      await closed;
      await clock.advance(awayMs);
      return open();
    }

    it('are there for the node that comes back, if they are kept', async () => {
      const first = (await open()).owner('node');
      const claim = first.claim('k', { resources: ['lights'], value: 'on', ttl: HOUR_MS }, { keep: true });
      first.claim('other', { resource: 'fan' });
      const { expires, id } = claim;
      await clock.advance(1);
      await restart(1_000);
      const owner = registry.owner('node');
      listen(owner);
      const [again] = [...owner.claims.values()] as [RegistryClaim];
      assert.deepEqual([...owner.claims.keys()], ['k']);
      assert.deepEqual([again.id, again.state, again.restored], [id, 'held', true]);
      assert.ok(Math.abs(again.expires - expires) <= 1);
      assert.deepEqual([again.message.value, again.message.resources], ['on', ['lights']]);
      assert.equal(again.answer?.result, 'granted');
      await clock.advance(2 * KEEP_MS);
      assert.equal(again.state, 'held');
      again.release();
      assert.deepEqual(told, ['k released ended']);
    });

    it('end after half a minute in which no node came for them', async () => {
      (await open()).owner('node').claim('k', { resource: 'lights' }, { keep: true });
      await clock.advance(1);
      await restart(1_000);
      assert.equal(registry.state('lights').state, 'held');
      await clock.advance(KEEP_MS);
      assert.equal(registry.state('lights').state, 'free');
      await clock.advance(1);
      await restart(1_000);
      assert.equal(registry.owner('node').claims.size, 0);
    });

    it('whose lease ran out meanwhile are told as lost to the node that comes', async () => {
      (await open()).owner('node').claim('k', { resource: 'lights', ttl: HOUR_MS }, { keep: true });
      await clock.advance(1);
      await restart(2 * HOUR_MS);
      const answers: Answer[] = [];
      const claims: RegistryClaim[] = [];
      registry.owner('node').onAnswer((claim, answer) => {
        claims.push(claim);
        answers.push(answer);
      });
      await promisesSettled();
      assert.deepEqual([answers[0]?.result, answers[0]?.reason], ['lost', 'expired']);
      assert.deepEqual([claims[0]?.restored, claims[0]?.state], [true, 'ended']);
    });

    it('are kept or not as they were last asked for', async () => {
      const owner = (await open()).owner('node');
      owner.claim('a', { resource: 'a', locker: 'a' });
      owner.claim('a', {}, { keep: true });
      owner.claim('b', { resource: 'b', locker: 'b' }, { keep: true });
      owner.claim('b', {}, { keep: false });
      owner.claim('c', { resource: 'c', locker: 'c' }, { keep: true });
      owner.claim('c', {});
      await clock.advance(1);
      await restart(1_000);
      assert.deepEqual([...registry.owner('node').claims.keys()].sort(), ['a', 'c']);
    });

    it('become one with what a node asks for before the registry is ready', async () => {
      (await open())
        .owner('node')
        .claim('k', { resource: 'lights', value: 'old', ttl: HOUR_MS }, { keep: true });
      await clock.advance(1);
      const { token } = registry.state('lights');
      const closed = closeAllRegistries();
      await clock.advance(5_000);
      await closed;
      registry = openRegistry(settings(), { clock });
      const owner = registry.owner('node');
      listen(owner);
      const claim = owner.claim('k', { resource: 'lights', value: 'new', ttl: HOUR_MS }, { keep: true });
      await turnUntilReady();
      assert.deepEqual(told, ['k granted held']);
      assert.equal(registry.find(claim.id), claim);
      assert.equal(claim.expires, clock.wall + HOUR_MS);
      assert.deepEqual([registry.state('lights').value, registry.state('lights').token], ['new', token]);
      assert.equal(registry.state('lights').claims.length, 1);
      claim.release();
      assert.equal(registry.state('lights').state, 'free');
    });
  });
});
