import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { HandClock, promisesSettled } from '../support/hand-clock';
import { append, contents, JournalFolder } from '../support/mqtt-journal';

interface Found {
  readonly trouble?: string;
  readonly topics: readonly string[];
}

describe('two on one folder of a journal', () => {
  let clock: HandClock;
  let folder: JournalFolder;
  const children: ChildProcess[] = [];

  beforeEach(() => {
    clock = new HandClock();
    folder = new JournalFolder(clock);
  });

  afterEach(async () => {
    for (const child of children.splice(0)) await kill(child);
    await folder.remove();
  });

  async function openInChild(): Promise<{ readonly child: ChildProcess; readonly found: Found }> {
    const script = require.resolve('../support/mqtt-journal-child.ts');
    const child = spawn(process.execPath, ['--require', 'tsx', script, folder.directory], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(child);
    const [line] = await once(createInterface(child.stdout), 'line');
    return { child, found: JSON.parse(line) };
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  it('are noticed: the second one keeps nothing, and says who has it', async () => {
    const first = await folder.open();
    await append(first, 'a', 'x');
    const { found } = await openInChild();
    assert.match(found.trouble ?? '', new RegExp(`is in use by another process \\(pid ${process.pid}\\)`));
    assert.deepEqual(found.topics, []);
    await append(first, 'b', 'x');
    assert.deepEqual(contents(await folder.reopen()), { a: 'x', b: 'x' });
  });

  it('are noticed within one process', async () => {
    await folder.open();
    await folder.open();
    assert.match(folder.troubles[0] ?? '', new RegExp(`pid ${process.pid}`));
  });

  it('do not stand in each other’s way when the first was killed', async () => {
    const { child } = await openInChild();
    const second = await folder.open();
    assert.match(folder.troubles[0] ?? '', new RegExp(`pid ${child.pid}`));
    await second.stop();
    await kill(child);
    folder.troubles.length = 0;
    const third = await folder.open();
    assert.deepEqual(folder.troubles, []);
    await append(third, 'a', 'x');
    assert.deepEqual(contents(await folder.reopen()), { a: 'x' });
  });

  it('do not, when the first has stopped', async () => {
    const first = await folder.open();
    await append(first, 'a', 'x');
    await first.stop();
    const { found } = await openInChild();
    assert.deepEqual(found, { topics: ['a'] });
  });

  const stale: readonly (readonly [string, (holder: Record<string, unknown>) => string])[] = [
    ['a lock whose number another process has now', (holder) => JSON.stringify({ ...holder, start: 'x 1' })],
    [
      'a lock with our own number, of a process before us',
      (holder) => JSON.stringify({ ...holder, pid: process.pid }),
    ],
    ['a lock from another container', (holder) => JSON.stringify({ ...holder, place: 'elsewhere' })],
    ['a lock that was torn', () => '{"pid":'],
    ['a lock that is none', () => '{"pid":-1,"place":"a","start":"b","id":"c"}'],
    ['an empty lock', () => ''],
  ];
  for (const [what, change] of stale) {
    it(`do not, with ${what}`, async () => {
      const { child } = await openInChild();
      const holder = JSON.parse(readFileSync(folder.lockPath, 'utf8'));
      assert.equal(holder.pid, child.pid);
      writeFileSync(folder.lockPath, change(holder));
      await folder.open();
      assert.deepEqual(folder.troubles, []);
      assert.notEqual(JSON.parse(readFileSync(folder.lockPath, 'utf8')).id, holder.id);
    });
  }

  it('are noticed by the first when the second could not know better', async () => {
    const first = await folder.open();
    const lock = JSON.parse(readFileSync(folder.lockPath, 'utf8'));
    writeFileSync(folder.lockPath, JSON.stringify({ ...lock, id: 'of the second' }));
    await append(first, 'a', 'x');
    await clock.advance(1_000);
    while (folder.troubles.length === 0) await promisesSettled();
    assert.match(folder.troubles[0] ?? '', /another process has taken it over/);
    await append(first, 'b', 'x');
    assert.deepEqual(contents(await folder.reopen()), { a: 'x' });
    assert.equal(clock.timers, 0, 'it does not try again');
    await first.stop();
    assert.equal(JSON.parse(readFileSync(folder.lockPath, 'utf8')).id, 'of the second');
    rmSync(folder.lockPath);
  });
});
