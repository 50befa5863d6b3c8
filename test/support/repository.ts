// The files of the package's repository, as the tests of the house read them.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** The folder of the repository. */
export const REPOSITORY = resolve(__dirname, '../..');

export interface RepositoryFile {
  /** From the folder of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** Every text file that is or would be committed. */
export function readRepository(): RepositoryFile[] {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  const deleted = git('ls-files', '-z', '--deleted');
  return git(...list)
    .filter((path) => !deleted.includes(path))
    .map((path) => ({ path, text: readFileSync(resolve(REPOSITORY, path), 'utf8') }))
    .filter(({ text }) => !text.includes('\0'));
}

function git(...args: string[]): string[] {
  const output = execFileSync('git', args, { cwd: REPOSITORY, encoding: 'utf8', maxBuffer: 2 ** 26 });
  return output.split('\0').filter((path) => path !== '');
}
