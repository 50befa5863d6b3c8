// What the editor reads of a node or a plugin: its page, with the script in it that is written in TypeScript, if it has one.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { ROOT } from './run';

/** A script with `data-bundle`: the source whose code is to stand in it. */
const BUNDLED = /<script type="text\/javascript" data-bundle="([^"]+)"><\/script>/;

/** The page of this name, as it is built. */
export function editorPage(name: string): string {
  const page = readFileSync(join(ROOT, 'nodes', name), 'utf8');
  const [script, source] = BUNDLED.exec(page) ?? [];
  if (script === undefined || source === undefined) return page;
  return page.replace(
    script,
    () => `<script type="text/javascript">\n${bundle(join(ROOT, source))}</script>`,
  );
}

function bundle(source: string): string {
  const { outputFiles } = buildSync({
    entryPoints: [source],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
  });
  return outputFiles.map(({ text }) => text).join('\n');
}
