// What `npm run simulate` says to options that it does not have.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { REPOSITORY } from '../support/repository';

describe('npm run simulate', () => {
  it('answers an unknown option with its usage, and no stack', () => {
    const args = ['--import', 'tsx', 'scripts/simulate.ts', '--bogus'];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: REPOSITORY, encoding: 'utf8' });
    assert.equal(status, 1);
    assert.match(stderr, /^Unknown option '--bogus'/);
    assert.match(stderr, /--seed N {6}the first seed/);
    assert.doesNotMatch(stderr, /\n {4}at /);
  });
});
