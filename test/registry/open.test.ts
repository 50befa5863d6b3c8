import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeAllRegistries, findRegistry, openRegistry } from '../../src/registry/open';
import { ownName } from '../../src/registry/own-name';
import type { Registry, RegistrySettings, RegistryStatus } from '../../src/registry/registry';
import { HandClock, promisesSettled } from '../support/hand-clock';
import { freePort } from '../support/mqtt-mosquitto';

const NONE: RegistrySettings = { broker: { kind: 'none' }, requester: 'house' };

describe('opening a registry', () => {
  let clock: HandClock;
  const said: string[] = [];
  const log = { info: (text: string) => void said.push(text), warn: (text: string) => void said.push(text) };

  beforeEach(() => {
    clock = new HandClock();
    said.length = 0;
  });

  afterEach(async () => {
    const closed = closeAllRegistries();
    await clock.advance(5_000);
    await closed;
  });

  const open = (more: Partial<RegistrySettings> = {}) => openRegistry({ ...NONE, ...more }, { clock, log });

  it('gives the one that is there for the same broker and prefix', () => {
    const registry = open();
    assert.equal(open(), registry);
    assert.notEqual(open({ prefix: 'other' }), registry);
    assert.notEqual(open({ folder: join(tmpdir(), 'registry-of-nobody') }), registry);
  });

  it('takes over in place what has changed in the settings', async () => {
    const registry = open();
    await registry.ready;
    const claim = registry.owner('node').claim('k', { resource: 'lights', priority: 7 });
    const levels = [{ id: 'seven', name: 'Seven', priority: 7 }];
    const policy = [{ requester: '#', resource: 'vault', allowed: false }];
    const values = [{ resource: 'fan', value: 'off' }];
    open({ levels, policy, values, requester: 'renamed', name: 'home' });
    assert.equal(claim.state, 'held');
    assert.equal(registry.state('lights').level, 'Seven');
    assert.equal(registry.levels.priorityOf('Seven'), 7);
    assert.equal(registry.state('fan').value, 'off');
    assert.equal(registry.owner('node').claim('v', { resource: 'vault' }).answer?.reason, 'policy');
    assert.equal(registry.requester, 'house');
    assert.match(String(said.at(-1)), /is called renamed from its next start on/);
    assert.equal(findRegistry('home'), registry);
  });

  it('says once per change that it is called otherwise from its next start on', () => {
    open();
    const told = () => said.filter((text) => text.includes('from its next start on'));
    open({ requester: 'renamed' });
    open({ requester: 'renamed' });
    assert.equal(told().length, 1);
    open({ requester: 'again' });
    assert.match(String(told()[1]), /is called again/);
    open();
    open({ requester: 'again' });
    assert.equal(told().length, 3);
  });

  it('refuses settings that cannot be, and leaves nothing behind', () => {
    const wrong: readonly Partial<RegistrySettings>[] = [
      { prefix: 'a/#' },
      { levels: [{ id: 'a', name: 'a', priority: Number.NaN }] },
      {
        levels: [
          { id: 'a', name: 'Motion', priority: 1 },
          { id: 'b', name: 'motion', priority: 2 },
        ],
      },
      { policy: [{ requester: 'a+', resource: '#' }] },
      { values: [{ resource: '#/a', value: 1 }] },
      { broker: { kind: 'url', url: 'nonsense' } },
    ];
    for (const settings of wrong) assert.throws(() => open(settings), RangeError, JSON.stringify(settings));
    assert.equal(findRegistry(), undefined);
  });

  it('finds it by its name, or without one if it is the only one', () => {
    assert.equal(findRegistry(), undefined);
    const registry = open({ name: 'house' });
    assert.equal(findRegistry('house'), registry);
    assert.equal(findRegistry(), registry);
    assert.equal(findRegistry('other'), undefined);
    open({ prefix: 'other' });
    assert.equal(findRegistry(), undefined);
  });

  it('that was closed goes on for half a minute, and is the same if it is opened again', async () => {
    const registry = open();
    await registry.ready;
    const claim = registry.owner('node').claim('k', { resource: 'lights' });
    open();
    await registry.close();
    await registry.close();
    await registry.close();
    await clock.advance(29_999);
    assert.equal(open(), registry);
    await clock.advance(60_000);
    assert.equal(claim.state, 'held');
    await registry.close();
    await clock.advance(30_000);
    await promisesSettled();
    assert.equal(registry.status.text, 'stopped');
    assert.notEqual(open(), registry);
  });

  it('stops at once when that is wanted', async () => {
    const registry = open();
    await registry.ready;
    await registry.close({ now: true });
    assert.deepEqual(registry.status, { state: 'failed', text: 'stopped' });
    assert.equal(clock.timers, 0);
    await registry.close({ now: true });
  });

  it('stops cleanly also before it was ready', async () => {
    const registry = open({ folder: join(tmpdir(), 'registry-of-nobody') });
    await registry.close({ now: true });
    assert.equal(clock.timers, 0);
  });
});

describe('a registry', () => {
  let clock: HandClock;
  let registry: Registry;

  beforeEach(async () => {
    clock = new HandClock();
    registry = openRegistry({ ...NONE, values: [{ resource: 'lights', value: 'off' }] }, { clock });
    await registry.ready;
  });

  afterEach(async () => {
    await closeAllRegistries();
  });

  it('tells what matches a pattern, when it changes', () => {
    const seen: string[] = [];
    const stop = registry.watch('house/+', ({ resource, state }) => seen.push(`${resource} ${state}`));
    const owner = registry.owner('node');
    const claim = owner.claim('k', { resources: ['house/a', 'garden'] });
    claim.release();
    stop();
    owner.claim('k', { resource: 'house/a' });
    assert.deepEqual(seen, ['house/a held', 'house/a free']);
    assert.throws(() => registry.watch('a/#/b', () => undefined), RangeError);
  });

  it('shows the default value of what nobody has claimed', () => {
    const { state, value, claims } = registry.state('lights');
    assert.deepEqual([state, value, claims], ['free', 'off', []]);
    assert.deepEqual(
      [...registry.states()].map(({ resource }) => resource),
      ['lights'],
    );
  });

  it('ends a hold by force if it is the one that was seen, and tells it', async () => {
    const events: string[] = [];
    const stop = registry.onEvent(({ event, locker }) => events.push(`${event} ${locker}`));
    const claim = registry.owner('node').claim('k', { resource: 'lights', locker: 'me' });
    const { token = 0 } = registry.state('lights');
    assert.match(String(await registry.force('lights', token + 1, 'admin')), /is over/);
    assert.equal(await registry.force('lights', token, 'admin'), undefined);
    stop();
    assert.equal(claim.answer?.reason, 'forced');
    assert.deepEqual(events, ['granted me', 'force-denied admin', 'lost me', 'forced admin']);
  });

  it('says how it is', async () => {
    assert.deepEqual(registry.status, { state: 'ready', text: 'embedded broker, in this process only' });
    const statuses: RegistryStatus[] = [];
    const stop = registry.onStatus((status) => statuses.push(status));
    await registry.close({ now: true });
    stop();
    assert.equal(statuses.at(-1)?.state, 'failed');
  });
});

describe('an embedded broker', () => {
  it('whose port is taken stops no locks, and says so', async () => {
    const port = await freePort();
    const broker = { kind: 'embedded', port } as const;
    const first = openRegistry({ broker, requester: 'house' });
    await first.ready;
    const second = openRegistry({ broker: { ...broker, host: '0.0.0.0' }, requester: 'house' });
    await second.ready;
    assert.equal(first.status.state, 'ready');
    assert.equal(second.status.state, 'offline');
    assert.match(second.status.text, new RegExp(`${port}`));
    assert.equal(second.owner('node').claim('k', { resource: 'lights' }).state, 'held');
    await closeAllRegistries();
  });

  it('is shared by registries with other prefixes', async () => {
    const broker = { kind: 'embedded', port: await freePort() } as const;
    const one = openRegistry({ broker, requester: 'house', prefix: 'one' });
    const two = openRegistry({ broker, requester: 'house', prefix: 'two' });
    await Promise.all([one.ready, two.ready]);
    assert.deepEqual([one.status.state, two.status.state], ['ready', 'ready']);
    await one.close({ now: true });
    assert.equal(two.status.state, 'ready');
    await closeAllRegistries();
  });

  it('that nobody uses any more gives its port to one with other settings', async () => {
    const broker = { kind: 'embedded', port: await freePort() } as const;
    const before = openRegistry({ broker, requester: 'house' });
    await before.ready;
    await before.close();
    const after = openRegistry({
      broker: { ...broker, user: 'panel', password: 'secret' },
      requester: 'house',
    });
    await after.ready;
    assert.equal(after.status.state, 'ready');
    assert.equal(before.status.text, 'stopped');
    await closeAllRegistries();
  });
});

describe('a registry without a given name', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'registry-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('makes one up and keeps it in its folder', () => {
    const warnings: string[] = [];
    const inside = join(folder, 'new');
    const name = ownName(inside, (text) => warnings.push(text));
    assert.match(name, /^node-red-[a-z0-9]+$/);
    assert.equal(
      ownName(inside, (text) => warnings.push(text)),
      name,
    );
    assert.equal(readFileSync(join(inside, 'requester'), 'utf8').trim(), name);
    assert.deepEqual(warnings, []);
  });

  it('has another one each time where there is no folder, or nothing sensible in it', async () => {
    const warn = () => assert.fail('nothing to warn of');
    assert.notEqual(ownName(undefined, warn), ownName(undefined, warn));
    writeFileSync(join(folder, 'requester'), '\n');
    assert.match(ownName(folder, warn), /^node-red-/);
  });

  it('warns where it cannot be kept', async () => {
    const warnings: string[] = [];
    writeFileSync(join(folder, 'file'), '');
    ownName(join(folder, 'file'), (text) => warnings.push(text));
    assert.match(String(warnings[0]), /the name node-red-\w+ of this Node-RED cannot be kept/);
    await mkdir(join(folder, 'dir', 'requester'), { recursive: true });
    ownName(join(folder, 'dir'), (text) => warnings.push(text));
    assert.match(String(warnings[1]), /EISDIR/);
  });

  it('uses it', async () => {
    const registry = openRegistry({ broker: { kind: 'none' }, folder, requester: '' });
    await registry.ready;
    assert.equal(
      registry.requester,
      ownName(folder, () => undefined),
    );
    await closeAllRegistries();
  });
});
