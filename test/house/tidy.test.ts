import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY, type RepositoryFile, readRepository } from '../support/repository';

interface Rule {
  readonly name: string;
  /** Where it holds. */
  readonly holdsFor: RegExp;
  /** Files that may break it, each with the reason why. */
  readonly except?: Readonly<Record<string, string>>;
  /** What no line may contain, spelt so that it doesn't find itself. */
  readonly never: RegExp;
  /** Lines that it must find, with a `~` so that they aren't found here. */
  readonly finds: readonly string[];
  /** Comments may say it. */
  readonly codeOnly?: boolean;
  /** A line may break it after a comment that says why. */
  readonly unlessExplained?: boolean;
}

const CODE = /\.(ts|mts|mjs|js|cjs|html|sh)$|^\.ci\/run$/;
/** At the top; what begins with a dot is not seen. */
const FOLDERS = ['bench', 'docs', 'examples', 'icons', 'nodes', 'scripts', 'src', 'test'];
const LONGEST_FILE = 400;
const MOST_DEPENDENCIES = 6;

const RULES: readonly Rule[] = [
  {
    name: 'leaves nothing for later',
    holdsFor: CODE,
    never: /\b(TO[D]O|FIX[M]E|X[X]X)\b/,
    finds: ['// TO~DO: the rest', '// FIX~ME'],
  },
  {
    name: 'looks at the time, waits and draws lots only through a clock that is given to it',
    // A page of the editor is an outermost layer: nobody gives it a clock.
    holdsFor: /^(src|nodes(?!\/editor))\/.*\.m?ts$/,
    except: {
      'nodes/shared/turn.ts': 'waits for the runtime to deliver messages, which takes a turn and no time',
      'src/protocol/system-clock.ts': 'is the clock that everything else is given',
      'src/cli/priority-lock.ts': 'stays alive while it waits for a broker',
      'src/mqtt/journal-lock.ts': 'tells processes apart that use the same folder',
    },
    never:
      /\b(Date\.now|performance|Math\.random|hrtime|set(Timeout|Interval|Immediate)|random(Bytes|UUID|Int))\b|\bnew Date\(\)|\btimers\b/,
    finds: [
      'Date.now()',
      'performance.now()',
      'set~Timeout(f, 5)',
      'new Date()',
      "from 'node:timers/~promises'",
    ],
    codeOnly: true,
  },
  {
    name: 'sleeps in no test',
    holdsFor: /^test\/.*\.test\.ts$/,
    never: /\bset(Timeout|Interval)\(|\btimers\/promises|\bsleep\(/,
    finds: ['set~Timeout(resolve, 20)', 'await sl~eep(5);'],
    codeOnly: true,
  },
  {
    name: 'skips and singles out no test',
    holdsFor: /^test\/.*\.ts$/,
    never: /\b(it|describe|context|specify)\.(only|skip)\b|\bthis\.skip\(|\bx(it|describe)\(/,
    finds: ["it.~only('works')", 'this.~skip()'],
    codeOnly: true,
  },
  {
    name: 'hooks into no tests but those of its own file',
    holdsFor: /^test\/.*\.ts$/,
    never: /^(before|after)(Each)?\(/,
    finds: ['before~Each(() => {', 'after~(() => {'],
  },
  {
    name: 'swallows no error without saying why',
    holdsFor: CODE,
    never: /\bcatch\s*(\([^)]*\)\s*)?\{\s*\}|\.catch\(\(\) => (\{\s*\}|undefined|null)\)/,
    finds: ['catch ~{}', 'catch (error) ~{ }', '.catch(() => ~{})'],
    codeOnly: true,
    unlessExplained: true,
  },
  {
    name: 'silences no checker',
    holdsFor: CODE,
    never: /@ts-(ign[o]re|nocheck)|\b(c8|v8|istanbul) ign[o]re\b/,
    finds: ['// @ts-~ignore', '/* c8 ~ignore next */'],
  },
  {
    name: 'forces no type',
    holdsFor: /^(src|nodes)\/.*\.m?ts$/,
    never: /\bas unknown as\b/,
    finds: ['value as unknown as Claim'],
  },
  {
    name: 'brings no dependency into the library',
    holdsFor: /^src\/((core|protocol|library)\/|[^/]*$)/,
    never: /\b(from|import|require\() ?'[^.']/,
    finds: ["import { connect } from 'mqtt';", "import 'ajv';", "require('node:fs')"],
    codeOnly: true,
  },
  {
    name: 'takes from core, protocol and library only what their index gives, since each is one file when built',
    holdsFor: /^(src|nodes)\/.*\.m?ts$/,
    never: /^(?!(import|export) type\b).*\bfrom '(\.\.\/)+(src\/)?(core|protocol|library)\/(?!index\b)/,
    finds: ["import { Heap } from '../core/heap';", "} from '../../src/library/lock';"],
  },
  {
    name: 'names nothing of the place where it was written',
    holdsFor: /^(?!.*(package-lock\.json|\.gitignore)$)/,
    never:
      /\/(w[o]rk|f[a]rm|r[o]ot)\/|\/t[m]p\/[a-z]|\/[.]l[i]brary\b|f[a]rm-(studio|bench)|issues (show|file)|befor[e]-stop|\b(DESIG[N]|STYL[E])([.]md|\s\d)|registr[y][.]npmjs/,
    finds: ['/wo~rk/main', '/tm~p/x', 'DESIGN~.md', 'DESIGN~ 4'],
  },
];

describe('the house', () => {
  let files: readonly RepositoryFile[] = [];

  before(() => {
    files = readRepository();
  });

  for (const rule of RULES) {
    it(rule.name, () => {
      for (const line of rule.finds) assert.match(line.replace('~', ''), rule.never);
      const offenders = files.filter(
        ({ path }) => rule.holdsFor.test(path) && rule.except?.[path] === undefined,
      );
      assert.deepEqual(
        offenders.flatMap((file) => findLines(file, rule)),
        [],
      );
    });
  }

  it('makes exceptions only for files that need them', () => {
    const needless = RULES.flatMap((rule) =>
      Object.keys(rule.except ?? {}).filter((path) => {
        const file = files.find((candidate) => candidate.path === path);
        return file === undefined || findLines(file, rule).length === 0;
      }),
    );
    assert.deepEqual(needless, []);
  });

  it('opens every source with a sentence that says what it is for', () => {
    const sources = files.filter(({ path }) =>
      /^(src|nodes|scripts|bench|test\/support)\/.*\.m?ts$/.test(path),
    );
    const silent = sources.filter(({ text }) => !/^(#!.*\n)?\/[/*]\*? ?\n?( \* )?[A-Z`].*/.test(text));
    assert.deepEqual(pathsOf(silent), []);
  });

  it('has no other folders at the top', () => {
    const tops = files.map(({ path }) => path).filter((path) => path.includes('/') && !path.startsWith('.'));
    const folders = [...new Set(tops.map((path) => path.slice(0, path.indexOf('/'))))];
    assert.deepEqual(folders.sort(), FOLDERS);
  });

  it(`has no source of more than ${LONGEST_FILE} lines`, () => {
    const long = files.filter(
      ({ path, text }) => CODE.test(path) && text.split('\n').length - 1 > LONGEST_FILE,
    );
    assert.deepEqual(pathsOf(long), []);
  });

  it('locks its dependencies without the addresses they came from', () => {
    const locks = files.filter(({ path }) => path.endsWith('package-lock.json'));
    assert.ok(locks.length > 0);
    assert.deepEqual(pathsOf(locks.filter(({ text }) => text.includes('"resolved"'))), []);
  });

  it(`has at most ${MOST_DEPENDENCIES} dependencies at run time`, () => {
    const { dependencies } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'));
    assert.ok(Object.keys(dependencies).length <= MOST_DEPENDENCIES);
  });
});

function pathsOf(files: readonly RepositoryFile[]): string[] {
  return files.map(({ path }) => path);
}

function findLines({ path, text }: RepositoryFile, rule: Rule): string[] {
  const found: string[] = [];
  let isExplained = false;
  for (const [index, line] of text.split('\n').entries()) {
    const code = withoutComment(line);
    const breaks = rule.never.test(rule.codeOnly === true ? code : line);
    if (breaks && !(rule.unlessExplained === true && isExplained)) {
      found.push(`${path}:${index + 1}: ${line.trim()}`);
    }
    isExplained = code.trim() === '' && line.trim() !== '';
  }
  return found;
}

/** Good enough for the sources here: line comments, and the lines of a block comment. */
function withoutComment(line: string): string {
  if (/^\s*(\*|\/\*)/.test(line)) return '';
  return line.replace(/(^|\s)\/\/.*$/, '');
}
