import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import fc from 'fast-check';
import { decodeLine, encodeLine, readJournal } from '../../src/mqtt/journal-format';
import { HandClock, promisesSettled } from '../support/hand-clock';
import { append, contents, JournalFolder } from '../support/mqtt-journal';

const seed = Number(process.env.SEED ?? Date.now());

/** Goes round the event loop, where real files are at work, until it is so; mocha's time limit ends it else. */
async function until(satisfied: () => boolean): Promise<void> {
  while (!satisfied()) await promisesSettled();
}

describe(`the journal (SEED=${seed})`, () => {
  let clock: HandClock;
  let folder: JournalFolder;

  beforeEach(() => {
    clock = new HandClock();
    folder = new JournalFolder(clock);
  });

  afterEach(() => folder.remove());

  it('keeps the last message of each topic over a restart, and forgets what was emptied', async () => {
    const journal = await folder.open();
    await append(journal, 'a', 'one');
    await append(journal, 'b', 'ä\n😀');
    await append(journal, 'a', 'two');
    await append(journal, 'c', 'gone soon');
    await append(journal, 'c', '');
    assert.deepEqual(contents(journal), { a: 'two', b: 'ä\n😀' });
    await journal.stop();
    const again = await folder.open();
    assert.deepEqual(contents(again), { a: 'two', b: 'ä\n😀' });
    assert.equal(again.retained.get('a')?.qos, 1);
  });

  it('keeps any bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.uint8Array({ minLength: 1 }), (topic, bytes) => {
        const entry = { topic, payload: Buffer.from(bytes), qos: 2 } as const;
        assert.deepEqual(decodeLine(encodeLine(entry).subarray(0, -1)), entry);
        assert.equal(encodeLine(entry).indexOf('\n'), encodeLine(entry).length - 1);
      }),
      { seed },
    );
  });

  it('acknowledges what stands in the file, and not before', async () => {
    const journal = await folder.open();
    for (let count = 0; count < 50; count++) {
      const acknowledged = append(journal, `topic/${count}`, 'x');
      await acknowledged;
      assert.ok(readFileSync(folder.path, 'utf8').includes(`"topic/${count}"`));
    }
  });

  it('acknowledges in order, also what only waits for those before it', async () => {
    const journal = await folder.open();
    const order: string[] = [];
    journal.after(() => order.push('at once'));
    const all = ['1', '2'].map((topic) => append(journal, topic, 'x').then(() => order.push(topic)));
    const waited = new Promise<void>((resolve) => {
      journal.after(() => {
        order.push('after 2');
        resolve();
      });
    });
    await Promise.all([...all, append(journal, '3', 'x').then(() => order.push('3')), waited]);
    assert.equal(order[0], 'at once');
    assert.deepEqual(order.toSorted(), ['1', '2', '3', 'after 2', 'at once']);
    assert.ok(order.indexOf('after 2') < order.indexOf('3'));
  });

  it('has everything before a line that was torn by a crash, wherever it was torn, and goes on', async () => {
    const journal = await folder.open();
    await append(journal, 'a', 'whole');
    const start = statSync(folder.path).size;
    await append(journal, 'b', 'törn');
    await journal.stop();
    const bytes = readFileSync(folder.path);
    for (let end = start; end < bytes.length; end++) {
      writeFileSync(folder.path, bytes.subarray(0, end));
      const after = await folder.open();
      assert.deepEqual(contents(after), { a: 'whole' });
      await append(after, 'c', 'new');
      await after.stop();
      assert.deepEqual(contents(await folder.reopen()), { a: 'whole', c: 'new' });
    }
    assert.deepEqual(folder.warnings, []);
    assert.deepEqual(folder.troubles, []);
  });

  it('leaves out damaged lines, says how many, and keeps all others', async () => {
    const journal = await folder.open();
    for (const topic of ['a', 'b', 'c', 'd']) await append(journal, topic, `value of ${topic}`);
    await journal.stop();
    const bytes = readFileSync(folder.path);
    const inB = bytes.indexOf('value of b');
    bytes[inB] = 0xff;
    bytes.write('\n', bytes.indexOf('value of c') + 3);
    writeFileSync(folder.path, Buffer.concat([Buffer.from('\n\0junk\n{"t":"z"}\n'), bytes]));
    const again = await folder.open();
    assert.deepEqual(contents(again), { a: 'value of a', d: 'value of d' });
    assert.deepEqual(folder.warnings, [`${folder.path}: damaged lines were left out: 6`]);
    await again.stop();
    assert.equal(readJournal(readFileSync(folder.path)).damaged, 0, 'it was written anew');
  });

  it('never takes damage for a message', () => {
    const line = encodeLine({ topic: 'locks/claim/a/b', payload: Buffer.from('{"priority":900}'), qos: 1 });
    fc.assert(
      fc.property(fc.nat(line.length - 2), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Buffer.from(line);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        const { retained } = readJournal(damaged);
        assert.equal(retained.size, 0);
      }),
      { seed, numRuns: 2_000 },
    );
  });

  it('never takes for a message what only has the right checksum', () => {
    for (const json of [
      'null',
      '7',
      '{"t":',
      '{}',
      '{"t":"a","q":3,"p":"x"}',
      '{"t":1,"q":1,"p":"x"}',
      '{"t":"a","q":1}',
    ]) {
      const checksum = createHash('sha256').update(json).digest('hex').slice(0, 8);
      const { retained, damaged } = readJournal(Buffer.from(`${checksum} ${json}\n`));
      assert.deepEqual([retained.size, damaged], [0, 1], json);
    }
  });

  it('is written anew when it has grown, while appending goes on', async () => {
    const journal = await folder.open({ compactAfter: 20_000 });
    let largest = 0;
    for (let round = 0; round < 60; round++) {
      const writes = Array.from({ length: 40 }, (_, index) =>
        append(journal, `t/${index}`, `${round} ${'x'.repeat(50)}`),
      );
      await Promise.all(writes);
      largest = Math.max(largest, statSync(folder.path).size);
      const expected = Object.fromEntries(
        Array.from({ length: 40 }, (_, index) => [`t/${index}`, `${round} ${'x'.repeat(50)}`]),
      );
      assert.deepEqual(contents(await folder.reopen()), expected);
    }
    assert.ok(largest < 100_000, `of 240 000 bytes written at most ${largest} were there`);
    await journal.stop();
    assert.deepEqual(readdirSync(folder.directory), ['retained.journal']);
    assert.deepEqual(folder.troubles, []);
  });

  it('forgets a draft that a crash has left', async () => {
    writeFileSync(`${folder.path}.new`, 'half a draft');
    const journal = await folder.open({ compactAfter: 10 });
    await append(journal, 'a', 'x');
    await append(journal, 'a', 'y');
    await journal.stop();
    assert.equal(existsSync(`${folder.path}.new`), false);
    assert.deepEqual(contents(await folder.reopen()), { a: 'y' });
  });

  describe('on the disk', () => {
    let flushes: number;
    let prototype: FileHandle;
    let original: FileHandle['datasync'];

    beforeEach(async () => {
      const file = await open(__filename, 'r');
      prototype = Object.getPrototypeOf(file);
      await file.close();
      flushes = 0;
      original = prototype.datasync;
      prototype.datasync = async function (this: FileHandle) {
        await original.call(this);
        flushes += 1;
      };
    });

    afterEach(() => {
      prototype.datasync = original;
    });

    it('is flushed once a second, while something comes', async () => {
      const journal = await folder.open();
      await append(journal, 'a', '1');
      await append(journal, 'a', '2');
      assert.equal(flushes, 0);
      await clock.advance(1_000);
      await until(() => flushes === 1);
      assert.equal(clock.timers, 0);
      await clock.advance(5_000);
      assert.equal(flushes, 1);
    });

    it('is flushed before each acknowledgement, where that was asked for', async () => {
      const journal = await folder.open({ syncEach: true });
      await append(journal, 'a', '1');
      assert.equal(flushes, 1);
      await Promise.all(['1', '2', '3'].map((topic) => append(journal, topic, 'together')));
      assert.equal(flushes, 2);
    });
  });

  describe('in trouble', () => {
    /** Takes the open file away from under the journal, as a disk that is pulled out. */
    function breakFile(): void {
      for (const fd of readdirSync('/proc/self/fd')) {
        try {
          if (readlinkSync(`/proc/self/fd/${fd}`) === folder.path) closeSync(Number(fd));
        } catch {
          // The one that listed the folder is closed already.
        }
      }
    }

    it('goes on in memory, says so once, and writes everything when it can again', async () => {
      const journal = await folder.open();
      await append(journal, 'a', 'before');
      breakFile();
      await append(journal, 'b', 'during');
      await append(journal, 'c', 'during');
      assert.equal(folder.troubles.length, 1);
      assert.match(folder.troubles[0] ?? '', /cannot be written \(EBADF.*is not kept over a restart/);
      await clock.advance(60_000);
      await until(() => folder.troubles.length === 2);
      assert.equal(folder.troubles[1], undefined);
      await append(journal, 'd', 'after');
      assert.deepEqual(contents(await folder.reopen()), {
        a: 'before',
        b: 'during',
        c: 'during',
        d: 'after',
      });
    });

    it('goes on with the old file while there is no room for a new one, and tries again later', async () => {
      const journal = await folder.open({ compactAfter: 10 });
      mkdirSync(`${folder.path}.new/in the way`, { recursive: true });
      await append(journal, 'a', 'one');
      await until(() => folder.warnings.length > 0);
      assert.match(folder.warnings[0] ?? '', /cannot be written anew \(.*\), and grows/);
      await append(journal, 'b', 'two');
      assert.deepEqual(contents(await folder.reopen()), { a: 'one', b: 'two' });
      rmSync(`${folder.path}.new`, { recursive: true });
      await append(journal, 'a', 'three');
      const grown = statSync(folder.path).size;
      await clock.advance(60_000);
      await until(() => statSync(folder.path).size < grown);
      assert.deepEqual(contents(await folder.reopen()), { a: 'three', b: 'two' });
      assert.deepEqual(folder.troubles, []);
    });

    it('says so when the file cannot be read', async () => {
      mkdirSync(folder.path);
      await folder.open();
      assert.match(folder.troubles[0] ?? '', /cannot be read \(EISDIR/);
    });

    it('runs in memory where it can write nothing, and says so once', async () => {
      writeFileSync(`${folder.directory}/file`, '');
      for (const directory of [
        `${folder.directory}/file`,
        `${folder.directory}/file/below`,
        '/proc/no/such',
      ]) {
        folder.troubles.length = 0;
        const journal = await folder.open({ directory });
        await append(journal, 'a', 'x');
        await append(journal, 'b', 'x');
        assert.deepEqual(contents(journal), { a: 'x', b: 'x' });
        assert.equal(folder.troubles.length, 1, directory);
        assert.match(folder.troubles[0] ?? '', /cannot be written \(E[A-Z]+/);
        await journal.stop();
      }
      assert.equal(clock.timers, 0);
    });
  });
});
