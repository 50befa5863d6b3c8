import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockFolder } from '../../src/mqtt/journal-lock';
import { systemClock } from '../../src/protocol';
import type { Past } from '../../src/registry/local-registry';
import { openPast } from '../../src/registry/own-past';

describe('what a runtime was before its start', () => {
  let folder: string;
  let count: number;
  const opened: Past[] = [];
  const warnings: string[] = [];

  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'past-')), 'inside');
    count = 0;
    warnings.length = 0;
  });

  afterEach(async () => {
    for (const past of opened.splice(0)) await past.close();
    await rm(join(folder, '..'), { recursive: true });
  });

  /** A start under this name, at one of the places. */
  async function start(requester: string, place = 'locks none'): Promise<Past> {
    const instance = `life ${++count}`;
    const warn = (text: string) => void warnings.push(text);
    const past = await openPast({ folder, place, requester, instance, clock: systemClock, warn });
    opened.push(past);
    return past;
  }

  /** A start after which it ends. */
  async function live(requester: string, place?: string): Promise<Past> {
    const past = await start(requester, place);
    await past.close();
    return past;
  }

  it('is nothing at its first start', async () => {
    assert.deepEqual((await start('house')).before, { former: [] });
    assert.deepEqual(warnings, []);
  });

  it('is the instance that ran last under its name, at each place by itself', async () => {
    await live('house');
    await live('house', 'other mqtt://house');
    assert.deepEqual((await live('house')).before, { former: [], instance: 'life 1' });
    assert.deepEqual((await live('house')).before, { former: [], instance: 'life 3' });
    assert.deepEqual((await live('house', 'other mqtt://house')).before, { former: [], instance: 'life 2' });
  });

  it('is every other name until what was left under it is settled', async () => {
    await live('attic');
    const former = [{ name: 'attic', instance: 'life 1' }];
    assert.deepEqual((await live('house')).before, { former });
    assert.deepEqual((await live('house')).before, { former, instance: 'life 2' });
    const roof = await start('roof');
    assert.deepEqual(roof.before, { former: [...former, { name: 'house', instance: 'life 3' }] });
    await Promise.all([roof.settle(), roof.settle()]);
    await roof.close();
    assert.deepEqual((await start('roof')).before, { former: [], instance: 'life 4' });
  });

  it('is no longer a name that it has again', async () => {
    await live('attic');
    await live('house');
    assert.deepEqual((await start('attic')).before, { former: [{ name: 'house', instance: 'life 2' }] });
  });

  it('is whether others may hold something, from when they came until the last of them was gone', async () => {
    const first = await start('house');
    assert.equal(first.memory.othersMayHold, false);
    first.memory.note({ othersMayHold: true });
    first.memory.note({ othersMayHold: true });
    // What was to be written is, before anybody else may have the folder.
    await first.close();
    const second = await start('roof');
    assert.equal(second.memory.othersMayHold, true);
    assert.equal((await start('house', 'two')).memory.othersMayHold, false);
    await second.settle();
    await second.close();
    const third = await start('roof');
    assert.equal(third.memory.othersMayHold, true);
    third.memory.note({ othersMayHold: false });
    assert.equal(third.memory.othersMayHold, false);
    await third.close();
    assert.equal((await start('roof')).memory.othersMayHold, false);
  });

  it('is above which tokens none was given', async () => {
    const first = await start('house');
    assert.equal(first.memory.tokenFloor, 0);
    first.memory.note({ tokenFloor: 7 });
    await first.close();
    const second = await start('house');
    assert.equal(second.memory.tokenFloor, 7);
    second.memory.note({ othersMayHold: true });
    await second.close();
    const { tokenFloor, othersMayHold } = (await start('house')).memory;
    assert.deepEqual([tokenFloor, othersMayHold], [7, true]);
  });

  it('is known to a registry that comes while the last one leaves', async () => {
    const first = await start('house');
    first.memory.note({ othersMayHold: true });
    const [second] = await Promise.all([start('house'), first.close()]);
    assert.equal(second.memory.othersMayHold, true);
    second.memory.note({ othersMayHold: false });
    await Promise.all([second.close(), second.close()]);
    assert.equal((await start('house')).memory.othersMayHold, false);
    assert.deepEqual(warnings, []);
  });

  it('is shared by the registries of one process', async () => {
    const [one] = await Promise.all([start('house'), start('house', 'two')]);
    await one?.close();
    assert.deepEqual((await start('house')).before, { former: [], instance: 'life 1' });
    const lives = JSON.parse(readFileSync(join(folder, 'lives.json'), 'utf8'));
    assert.deepEqual(Object.keys(lives).sort(), ['locks none', 'two']);
  });

  it('is not known while another process has the folder, which is said', async () => {
    await live('house');
    const lock = await lockFolder(folder, systemClock);
    assert.ok(typeof lock === 'object');
    const past = await start('roof');
    await past.settle();
    past.memory.note({ othersMayHold: false });
    await lock.release();
    assert.deepEqual([past.before, past.memory.othersMayHold], [{}, true]);
    assert.match(
      String(warnings[0]),
      new RegExp(`another Node-RED \\(pid ${process.pid}\\) uses .*inside: give each`),
    );
    await past.close();
    assert.deepEqual((await start('house')).before.instance, 'life 1');
  });

  describe('with the lock of somebody else', () => {
    const lockedBy = (pid: number, place: string) =>
      writeFileSync(join(folder, 'in-use.json'), JSON.stringify({ pid, place, start: 'then', id: 'x' }));

    it('is known when that one is dead', async () => {
      await live('house');
      lockedBy(2 ** 22 + 1, `${hostname()} pid:[1]`);
      assert.deepEqual((await start('house')).before.instance, 'life 1');
    });

    it('is not known when that one was elsewhere, and may be alive', async () => {
      await live('house');
      lockedBy(1, 'another-container pid:[1]');
      assert.deepEqual((await live('house')).before, { former: [] });
      lockedBy(1, 'another-container pid:[1]');
      assert.deepEqual((await start('roof')).before, { former: [{ name: 'house', instance: '' }] });
    });
  });

  it('is nothing where what is kept cannot be read', async () => {
    await live('house');
    for (const text of ['', '[]', 'null', '{"locks none":{"requester":"a"}}', '{"locks none":null}']) {
      writeFileSync(join(folder, 'lives.json'), text);
      assert.deepEqual((await live('house')).before, { former: [] }, text);
    }
    const broken = { requester: 'a', instance: 'b', former: [{ name: 1 }] };
    writeFileSync(join(folder, 'lives.json'), JSON.stringify({ 'locks none': broken }));
    assert.deepEqual((await live('house')).before, { former: [] });
    for (const odd of [{ others: 'many' }, { tokenFloor: 'high' }, { tokenFloor: 0.5 }]) {
      const life = { requester: 'a', instance: 'b', former: [], ...odd };
      writeFileSync(join(folder, 'lives.json'), JSON.stringify({ 'locks none': life }));
      assert.deepEqual((await live('house')).before, { former: [] });
    }
  });

  it('is nothing where nothing can be kept, which is said', async () => {
    writeFileSync(join(folder, '..', 'file'), '');
    folder = join(folder, '..', 'file');
    const past = await start('house');
    assert.deepEqual(past.before, {});
    await past.settle();
    assert.match(String(warnings[0]), /cannot be kept \(E/);
    await past.close();
    opened.length = 0;
    folder = join(folder, '..', 'inside');
  });
});
