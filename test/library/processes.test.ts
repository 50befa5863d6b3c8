// What the library does to the process that loads it, seen from outside: each program is a process of its own.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { REPOSITORY } from '../support/repository';

const PACKAGE = '@priority-redlock/node-red';

/** Runs a program with the built package; fails unless it ends by itself, and well. */
async function run(program: string, kind: 'commonjs' | 'module' = 'commonjs'): Promise<string> {
  const args = [`--input-type=${kind}`, '--unhandled-rejections=strict', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: REPOSITORY, timeout: 50_000 });
  return stdout.trim();
}

describe('a program with the library', () => {
  for (const [what, program] of Object.entries({
    'a forgotten lock': "await acquire('a', 'me')",
    'a forgotten lock with a lease': "await acquire('a', 'me', { ttl: 3_600_000 })",
    'a wait with a timeout': "await acquire('a', 'me'); acquire('a', 'you', { timeout: 3_600_000 })",
    'a wait without an end': "await acquire('a', 'me'); acquire('a', 'you', { maxAttempts: 3 })",
    'a grace': "await acquire('a', 'me', { grace: 5_000 }); acquire('a', 'alarm', { priority: 1 })",
    'a watcher': "await acquire('a', 'me'); create.createLocks().watch('#', () => {})",
    'an acquireAll': "await acquire('a', 'me'); create.acquireAll([() => acquire('a', 'you')], 3_600_000)",
  })) {
    it(`is not kept alive by ${what}`, async () => {
      const out = await run(`
        const create = require('${PACKAGE}');
        const acquire = create();
        (async () => { ${program}; console.log('end'); })();
      `);
      assert.equal(out, 'end');
    });
  }

  it('is kept alive by a pause that it has asked for', async () => {
    const out = await run(`
      const { util } = require('${PACKAGE}');
      util.promiseLastingFor(50).then(() => console.log('end'));
    `);
    assert.equal(out, 'end');
  });

  it('hears of what its handlers throw', async () => {
    await assert.rejects(
      run(`
        require('${PACKAGE}')()('a', 'me').then((lock) => {
          lock.onRelease(() => { throw new Error('from the handler'); });
          return lock.release();
        });
      `),
      /from the handler/,
    );
  });

  it('gets the factory itself from require, with all names on it, and the same objects from import', async () => {
    const out = await run(
      `
      import { createRequire } from 'node:module';
      import imported, * as names from '${PACKAGE}';
      const required = createRequire(import.meta.url)('${PACKAGE}');
      const { default: _, ...rest } = names;
      const onFactory = Object.keys(required).filter((name) => name !== 'default').sort();
      console.log(JSON.stringify({
        isFactory: typeof required === 'function' && required === imported && required.default === required,
        sameNames: JSON.stringify(Object.keys(rest).sort()) === JSON.stringify(onFactory),
        sameObjects: onFactory.every((name) => Object.is(required[name], rest[name])),
        count: onFactory.length,
      }));
    `,
      'module',
    );
    const { count, ...checks } = JSON.parse(out);
    assert.deepEqual(checks, { isFactory: true, sameNames: true, sameObjects: true });
    assert(count > 30);
  });

  it('can call what it requires, and what that has for a default', async () => {
    const out = await run(`
      const create = require('${PACKAGE}');
      (async () => {
        for (const make of [create, create.default, create.createAcquire]) {
          const lock = await make()('lights', 'me');
          console.log(lock.isHeld());
        }
      })();
    `);
    assert.equal(out, 'true\ntrue\ntrue');
  });
});
