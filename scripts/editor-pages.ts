// What the editor reads of a node or a plugin: its page, with the script and the style in it that have files of their own.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { ROOT } from './run';

/** A script with `data-bundle`: the source whose code is to stand in it. */
const BUNDLED = /<script type="text\/javascript" data-bundle="([^"]+)"><\/script>/;

/** A style with `data-source`: the file that is to stand in it. */
const STYLED = /<style data-source="([^"]+)"><\/style>/;

/** The page of this name, as it is built. */
export function editorPage(name: string): string {
  const page = readFileSync(join(ROOT, 'nodes', name), 'utf8');
  return page
    .replace(
      BUNDLED,
      (_, source: string) => `<script type="text/javascript">\n${bundle(join(ROOT, source))}</script>`,
    )
    .replace(STYLED, (_, source: string) => `<style>\n${readFileSync(join(ROOT, source), 'utf8')}</style>`);
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
