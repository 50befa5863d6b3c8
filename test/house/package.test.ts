import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startNodeRed } from '../support/node-red-process';
import { NODE_RED_4, NODE_RED_5 } from '../support/node-red-runtimes';
import { REPOSITORY } from '../support/repository';

const { name, version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'));
const NODE_TYPES = ['acquire', 'lock-guard', 'lock-registry', 'lock-status', 'release'];

/** The example flows, as the import dialog of the editor lists them. */
const EXAMPLES = readdirSync(join(REPOSITORY, 'examples'))
  .filter((file) => file.endsWith('.json'))
  .sort()
  .map((file) => ({ fn: file.replace('.json', '') }));

/** What users need: compiled code with its types, what the editor reads, examples, and what says what this is. */
const WANTED = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
  /^dist\/(mqtt-)?browser\.mjs$/,
  /^dist\/(src|nodes)\/([\w-]+\/)*[\w-]+(\.d\.ts|\.js|\.d\.mts|\.mjs)$/,
  /^dist\/nodes\/[\w-]+\.html$/,
  /^dist\/nodes\/locales\/[\w-]+\/[\w-]+\.(json|html)$/,
  /^dist\/nodes\/icons\/[\w-]+\.svg$/,
  // A folder of programs would stand empty in the import dialog, and can hide the flows beside it.
  /^examples\/[\w-]+\.json$/,
];

const NEEDED = [
  'LICENSE',
  'README.md',
  'CHANGELOG.md',
  'package.json',
  'dist/browser.mjs',
  'dist/mqtt-browser.mjs',
  'dist/src/cli/priority-lock.js',
  'dist/src/registry/browser.d.mts',
  'dist/src/index.js',
  'dist/src/index.d.ts',
  'dist/src/index.mjs',
  'dist/src/index.d.mts',
  ...NODE_TYPES.flatMap((type) => [`dist/nodes/${type}.js`, `dist/nodes/${type}.html`]),
  'dist/nodes/locks-sidebar.js',
  'dist/nodes/locks-sidebar.html',
];

/** A flow that takes a lamp as soon as it is deployed, and prints who has it. */
const TAKING = [
  { id: 'tab', type: 'tab' },
  { id: 'registry', type: 'lock-registry', broker: 'none', prefix: 'house' },
  { id: 'start', type: 'inject', z: 'tab', once: true, props: [], x: 1, y: 1, wires: [['motion']] },
  {
    ...{ id: 'motion', type: 'acquire', z: 'tab', name: 'Motion', registry: 'registry', x: 1, y: 1 },
    ...{ resources: [{ v: 'lamp', t: 'str' }], wires: [['shown']] },
  },
  {
    ...{ id: 'shown', type: 'debug', z: 'tab', name: 'who has it', active: true, console: true },
    ...{ complete: 'lock.locker', targetType: 'msg', x: 1, y: 1, wires: [] },
  },
];

interface NodeSet {
  readonly module: string;
  readonly version?: string;
  readonly types: readonly string[];
  readonly enabled: boolean;
  readonly err?: unknown;
}

describe('the package', function () {
  this.timeout(120_000);

  const folder = mkdtempSync(join(tmpdir(), 'priority-redlock-package-'));
  const userDir = mkdtempSync(join(tmpdir(), 'priority-redlock-user-'));
  let packed: readonly string[] = [];
  let archive = '';

  before(async () => {
    const output = await run('npm', REPOSITORY, 'pack', '--json', '--silent', '--pack-destination', folder);
    const [tarball] = readPacked(output);
    packed = tarball.files.map(({ path }) => path);
    archive = join(folder, tarball.filename);
    writeFileSync(join(userDir, 'package.json'), '{ "private": true }\n');
    await run('npm', userDir, 'install', '--prefer-offline', '--no-audit', '--no-fund', archive);
  });

  after(() => {
    rmSync(folder, { recursive: true });
    rmSync(userDir, { recursive: true });
  });

  it('holds what users need and nothing else', () => {
    const unwanted = packed.filter((path) => !WANTED.some((pattern) => pattern.test(path)));
    const missing = NEEDED.filter((path) => !packed.includes(path));
    assert.deepEqual({ unwanted, missing }, { unwanted: [], missing: [] });
  });

  it('gives require and import the same factory, names and classes', async () => {
    const script = `
      const required = require('${name}');
      import('${name}').then((imported) => {
        const { default: factory, ...named } = imported;
        const other = Object.keys(named).filter((key) => named[key] !== required[key]);
        const { default: itself, ...properties } = required;
        console.log(JSON.stringify({
          same: factory === required && itself === required && typeof required === 'function',
          other,
          names: Object.keys(named).sort(),
          properties: Object.keys(properties).sort(),
        }));
      });`;
    const { same, other, names, properties } = JSON.parse(await run(process.execPath, userDir, '-e', script));
    assert.ok(same);
    assert.deepEqual(other, []);
    assert.deepEqual(names, properties);
    assert.ok(names.includes('acquireAll') && names.includes('LockError'), names.join());
  });

  it('gives browsers the same names in one file', async () => {
    const script = `
      const required = require('${name}');
      import('./node_modules/${name}/dist/browser.mjs').then((bundle) => {
        const names = (object) => Object.keys(object).sort();
        console.log(JSON.stringify({ callable: typeof bundle.default, bundle: names(bundle), required: names(required) }));
      });`;
    const { callable, bundle, required } = JSON.parse(await run(process.execPath, userDir, '-e', script));
    assert.equal(callable, 'function');
    assert.deepEqual(bundle, required);
  });

  it('gives require and import the library over MQTT', async () => {
    const script = `
      const { connectLocks } = require('${name}/mqtt');
      import('${name}/mqtt').then((imported) => {
        console.log(typeof connectLocks, imported.connectLocks === connectLocks);
      });`;
    assert.equal(await run(process.execPath, userDir, '-e', script), 'function true\n');
  });

  it('gives shells the command', async () => {
    const command = join(userDir, 'node_modules/.bin/priority-lock');
    assert.equal(await run(command, userDir, '--version'), `${version}\n`);
  });

  for (const runtime of [NODE_RED_4, NODE_RED_5]) {
    it(`shows its nodes and examples in Node-RED ${runtime.version}, which say in words what they lack`, async () => {
      const lonely = { id: 'acquire1', type: 'acquire', z: 'tab', name: 'lonely', x: 1, y: 1, wires: [] };
      writeFileSync(join(userDir, 'flows.json'), JSON.stringify([{ id: 'tab', type: 'tab' }, lonely]));
      const nodeRed = await startNodeRed(runtime, userDir);
      try {
        const settings = await (await nodeRed.get('/settings', 'application/json')).json();
        assert.match(settings.version, new RegExp(`^${runtime.version}\\.`));
        const sets: readonly NodeSet[] = await (await nodeRed.get('/nodes', 'application/json')).json();
        const own = sets.filter((set) => set.module === name);
        const broken = own.filter((set) => !set.enabled || set.err !== undefined || set.version !== version);
        assert.deepEqual(broken, [], nodeRed.log.join('\n'));
        assert.deepEqual(own.flatMap(({ types }) => types).sort(), NODE_TYPES, nodeRed.log.join('\n'));
        const plugins = await (await nodeRed.get('/plugins', 'text/html')).text();
        assert.match(plugins, /registerPlugin\("locks-sidebar"/);
        const page = await (await nodeRed.get('/nodes', 'text/html')).text();
        const helpless = NODE_TYPES.filter((type) => !page.includes(`data-help-name="${type}"`));
        assert.deepEqual(helpless, []);
        for (const type of NODE_TYPES) {
          const icon = await nodeRed.get(`/icons/${name}/${type}.svg`, 'image/svg+xml');
          assert.equal(icon.status, 200, type);
        }
        const dialog = await nodeRed.get(`/library/examples/flows/${name}`, 'application/json');
        assert.deepEqual(await dialog.json(), EXAMPLES);
        await nodeRed.said(/\[acquire:lonely\] .*This node has no lock registry/);
      } finally {
        await nodeRed.stop();
      }
    });
  }

  for (const runtime of [NODE_RED_4, NODE_RED_5]) {
    it(`is installed by an upload in the palette manager of a running Node-RED ${runtime.version}, and works without a restart`, async () => {
      const home = mkdtempSync(join(folder, 'user-'));
      // What npm has fetched before need not come again.
      writeFileSync(join(home, '.npmrc'), 'prefer-offline=true\n');
      writeFileSync(join(home, 'flows.json'), '[]');
      const nodeRed = await startNodeRed(runtime, home);
      try {
        const form = new FormData();
        form.append('tarball', new Blob([readFileSync(archive)]), 'priority-redlock.tgz');
        const answer = await fetch(`${nodeRed.url}/nodes`, { method: 'POST', body: form });
        const installed = await answer.text();
        assert.equal(answer.status, 200, `${installed}\n${nodeRed.log.join('\n')}`);
        const sets: readonly NodeSet[] = await (await nodeRed.get('/nodes', 'application/json')).json();
        const own = sets.filter((set) => set.module === name);
        assert.deepEqual(own.flatMap(({ types }) => types).sort(), NODE_TYPES);
        assert.deepEqual(
          own.filter(({ enabled, err }) => !enabled || err !== undefined),
          [],
        );
        const plugins = await (await nodeRed.get('/plugins', 'text/html')).text();
        assert.match(plugins, /registerPlugin\("locks-sidebar"/);
        const headers = { 'content-type': 'application/json' };
        await fetch(`${nodeRed.url}/flows`, { method: 'POST', headers, body: JSON.stringify(TAKING) });
        await nodeRed.said(/\[debug:who has it\] Motion/);
      } finally {
        await nodeRed.stop();
      }
    });
  }
});

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** What npm says of the tarball, after what the build printed. */
function readPacked(output: string): [Packed] {
  return JSON.parse(output.slice(output.indexOf('[')));
}

async function run(command: string, cwd: string, ...args: string[]): Promise<string> {
  const { NODE_V8_COVERAGE: _, ...env } = process.env;
  return (await promisify(execFile)(command, args, { cwd, env, maxBuffer: 2 ** 26 })).stdout;
}
