import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { compileChecks } from '../../scripts/compile-checks';
import { type Check, type Checked, checkOf, SCHEMAS } from '../../src/mqtt/checks';
import { payloads } from '../support/nearly-messages';

const seed = Number(process.env.SEED ?? Date.now());
const NAMES = Object.keys(SCHEMAS) as (keyof Checked)[];

describe(`the checks of messages that the package has (SEED=${seed})`, () => {
  let folder: string;
  let compiled: typeof checkOf;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'checks-'));
    const file = join(folder, 'checks.js');
    await compileChecks(file);
    const exports = {} as { checkOf: typeof checkOf };
    // As in a page: with nothing to require, and where no text may become code.
    const options = { contextCodeGeneration: { strings: false, wasm: false } };
    runInNewContext(readFileSync(file, 'utf8'), { exports, module: { exports } }, options);
    compiled = exports.checkOf;
  });

  after(() => rmSync(folder, { recursive: true }));

  for (const name of NAMES) {
    it(`say of any ${name} what the schema says`, () => {
      const [ours, theirs] = [checkOf(name), compiled(name)];
      fc.assert(
        fc.property(payloads, (payload) => {
          const text = Buffer.from(payload).toString();
          assert.equal(outcome(theirs, text), outcome(ours, text));
        }),
        { seed, numRuns: 2_000 },
      );
    });
  }

  it('know times', () => {
    const state = { v: 1, resource: 'a', state: 'free', claims: [], waiting: [], waitingCount: 0, epoch: 1 };
    assert.equal(compiled('state')({ ...state, since: '2026-01-01T00:00:00.000Z' }), true);
    assert.equal(compiled('state')({ ...state, since: '2026-13-01T00:00:00.000Z' }), false);
  });
});

/** Whether it is right, what is left of it, and what is wrong with it. */
function outcome(check: Check<unknown>, text: string): string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return 'no JSON at all';
  }
  const isRight = check(json);
  const [error] = check.errors ?? [];
  // As text: each side has objects of its own kind.
  return JSON.stringify([isRight, json, error]);
}
