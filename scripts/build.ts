// Builds dist/: the compiled layers, what the editor reads beside the nodes, and the one-file browser bundle.
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build as bundle, type PluginBuild } from 'esbuild';
import { compileChecks } from './compile-checks';
import { editorPage } from './editor-pages';
import { INSIDE_NAMES } from './inside-names';
import { ROOT, runOrExit } from './run';

const DIST = join(ROOT, 'dist');
const CHECKS = join(DIST, 'src/mqtt/checks.js');

/** What `tsc` makes of one source: `a.ts` becomes `a.js` and `a.d.ts`, `a.mts` becomes `a.mjs` and `a.d.mts`. */
const OUTPUT = /^(.*?)(?:\.d\.(m?)ts|\.(m?)js)$/;

async function build(): Promise<void> {
  forgetDeleted('src');
  forgetDeleted('nodes');
  // These two refer to every other layer.
  await runOrExit('tsc', ['-b', 'nodes', 'src/cli']);
  for (const layer of ['core', 'protocol', 'library']) await joinLayer(layer);
  await compileChecks(CHECKS);
  copyEditorFiles();
  await bundleForBrowsers();
  await bundleMqttForBrowsers();
}

/** Removes outputs whose source is gone, which `tsc` leaves behind and `npm pack` would ship. */
function forgetDeleted(folder: string): void {
  const outputs = join(DIST, folder);
  if (!existsSync(outputs)) return;
  for (const name of readdirSync(outputs, { recursive: true, encoding: 'utf8' })) {
    const [, stem, moduleTypes = '', module = ''] = OUTPUT.exec(name) ?? [];
    if (stem === undefined) continue;
    const source = join(ROOT, folder, `${stem}.${moduleTypes || module}ts`);
    if (!existsSync(source)) rmSync(join(outputs, name));
  }
}

function copyEditorFiles(): void {
  const nodes = join(ROOT, 'nodes');
  const target = join(DIST, 'nodes');
  mkdirSync(target, { recursive: true });
  for (const name of readdirSync(target)) if (name.endsWith('.html')) rmSync(join(target, name));
  for (const name of readdirSync(nodes)) {
    if (name.endsWith('.html')) writeFileSync(join(target, name), editorPage(name));
  }
  copyFolder(join(nodes, 'locales'), join(target, 'locales'));
  copyFolder(join(ROOT, 'icons'), join(target, 'icons'));
}

function copyFolder(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  if (existsSync(from)) cpSync(from, to, { recursive: true });
}

/** Each layer that the library loads becomes one file: forty small ones would take five times as long. */
async function joinLayer(layer: string): Promise<void> {
  const outputs = join(DIST, 'src', layer);
  for (const name of readdirSync(outputs)) if (name.endsWith('.js')) rmSync(join(outputs, name));
  await bundle({
    entryPoints: [join(ROOT, 'src', layer, 'index.ts')],
    outfile: join(outputs, 'index.js'),
    bundle: true,
    plugins: [{ name: 'other layers', setup: leaveOtherLayersOut }],
    format: 'cjs',
    platform: 'neutral',
    target: 'es2022',
  });
}

function leaveOtherLayersOut(layer: PluginBuild): void {
  layer.onResolve({ filter: /^\.\.\// }, ({ path }) => ({ path, external: true }));
}

async function bundleForBrowsers(): Promise<void> {
  await bundle({
    entryPoints: [join(ROOT, 'src/browser.mts')],
    outfile: join(DIST, 'browser.mjs'),
    bundle: true,
    minify: true,
    mangleProps: new RegExp(`^(${INSIDE_NAMES.join('|')})$`),
    // Of which the library asks for how long the machine is up, where there is one.
    define: { 'globalThis.process': 'undefined' },
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
  });
}

/** With the mqtt package and its share of Node inside: nothing is left to be found by the page. */
async function bundleMqttForBrowsers(): Promise<void> {
  await bundle({
    entryPoints: [join(ROOT, 'src/registry/browser.mts')],
    outfile: join(DIST, 'mqtt-browser.mjs'),
    bundle: true,
    plugins: [{ name: 'mqtt for browsers', setup: takeMqttForBrowsers }],
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'eof',
  });
}

/** The one-file build of the mqtt package has a default export only. The checks are those that are compiled. */
function takeMqttForBrowsers(layer: PluginBuild): void {
  layer.onResolve({ filter: /^\.\/checks$/ }, () => ({ path: CHECKS }));
  layer.onResolve({ filter: /^mqtt$/ }, ({ path }) => ({ path, namespace: 'named' }));
  layer.onLoad({ filter: /./, namespace: 'named' }, () => ({
    contents: "import mqtt from 'mqtt/dist/mqtt.esm'; export const { connect } = mqtt;",
    resolveDir: ROOT,
  }));
}

build().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
