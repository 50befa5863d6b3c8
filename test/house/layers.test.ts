import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from '../support/repository';

/** Each layer's folder, with the layers that it may know. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  'src/core': [],
  'src/protocol': ['src/core'],
  'src/library': ['src/core', 'src/protocol'],
  src: ['src/core', 'src/protocol', 'src/library'],
  'src/mqtt': ['src/core', 'src/protocol', 'src/library'],
  'src/registry': ['src/core', 'src/protocol', 'src/library', 'src/mqtt'],
  'src/cli': ['src/core', 'src/protocol', 'src/library', 'src/mqtt', 'src/registry'],
  nodes: ['src/core', 'src/protocol', 'src/library', 'src/mqtt', 'src/registry', 'src'],
};

/** What a browser does not have, as statements. */
const OF_NODE = ['process.exit();', "import 'node:fs';", "Buffer.from('');", "require('mqtt');"];

/** What a piece without clock and I/O must not be able to say. */
const OF_THE_WORLD = [
  ...OF_NODE,
  'setTimeout;',
  'setInterval;',
  'queueMicrotask;',
  'performance.now();',
  'document.title;',
  'fetch("x");',
  'console.log(1);',
  'new AbortController();',
];

/**
 * The compiler settings of the repository around tiny sources: a wrong one among the real sources would disturb whoever
 * compiles them meanwhile.
 */
class SmallTree {
  readonly #root = mkdtempSync(join(tmpdir(), 'priority-redlock-layers-'));

  constructor() {
    for (const folder of Object.keys(LAYERS)) {
      this.#copy(join(folder, 'tsconfig.json'));
      this.write(join(folder, 'thing.ts'), `export const thing = '${folder}';`);
    }
    this.#copy('tsconfig.base.json');
    symlinkSync(join(REPOSITORY, 'node_modules'), join(this.#root, 'node_modules'));
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.#root, path)), { recursive: true });
    writeFileSync(join(this.#root, path), `${text}\n`);
  }

  /** Compiles and returns what the compiler printed. */
  async compile(...args: string[]): Promise<string> {
    const compiler = join(REPOSITORY, 'node_modules/.bin/tsc');
    try {
      return (await promisify(execFile)(compiler, args, { cwd: this.#root })).stdout;
    } catch (error) {
      return error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error);
    }
  }

  remove(): void {
    rmSync(this.#root, { recursive: true });
  }

  #copy(path: string): void {
    mkdirSync(dirname(join(this.#root, path)), { recursive: true });
    copyFileSync(join(REPOSITORY, path), join(this.#root, path));
  }
}

describe('the compiler', () => {
  let tree: SmallTree;

  before(async () => {
    tree = new SmallTree();
    assert.equal(await tree.compile('-b', ...Object.keys(LAYERS)), '');
  });

  after(() => tree.remove());

  for (const [layer, known] of Object.entries(LAYERS)) {
    it(`lets ${layer} import ${known.length === 0 ? 'no other' : `only ${known.join(', ')}`}`, async () => {
      const others = Object.keys(LAYERS).filter((other) => other !== layer);
      for (const other of others) {
        const from = relative(layer, other);
        const path = from.startsWith('.') ? from : `./${from}`;
        tree.write(
          `${layer}/${fileOf(other)}.ts`,
          `import { thing } from '${path}/thing';\nexport const its = thing;`,
        );
      }
      const errors = await tree.compile('-p', layer, '--noEmit');
      const refused = others.filter((other) => hasError(errors, fileOf(other)));
      assert.deepEqual(
        refused,
        others.filter((other) => !known.includes(other)),
        errors,
      );
    });
  }

  for (const layer of ['src/protocol', 'src/library', 'src']) {
    it(`gives ${layer} nothing that browsers lack`, () => refusesEach(tree, layer, OF_NODE));
  }

  it('gives src/core no timers, no console, no process and no page', () =>
    refusesEach(tree, 'src/core', OF_THE_WORLD));
});

async function refusesEach(tree: SmallTree, layer: string, statements: readonly string[]): Promise<void> {
  for (const [index, statement] of statements.entries()) {
    tree.write(`${layer}/statement-${index}-.ts`, `${statement}\nexport {};`);
  }
  const errors = await tree.compile('-p', layer, '--noEmit');
  const allowed = statements.filter((_, index) => !hasError(errors, `statement-${index}-`));
  assert.deepEqual(allowed, [], errors);
}

function fileOf(layer: string): string {
  return `imports-${layer.replace('/', '-')}-`;
}

function hasError(errors: string, file: string): boolean {
  return errors.split('\n').some((line) => line.includes(`${file}.ts(`));
}
