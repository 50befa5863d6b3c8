// A user directory for a whole Node-RED, with our nodes as they are in the sources.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { editorPage } from '../../scripts/editor-pages';
import type { FlowNode } from './node-red';
import { REPOSITORY } from './repository';

/** The plugin; everything else is a node. */
const SIDEBAR = 'locks-sidebar';

/** Makes it, with these flows; who asks for it removes it. */
export function makeUserDir(flows: readonly FlowNode[]): string {
  const userDir = mkdtempSync(join(tmpdir(), 'redlock-user-'));
  const home = join(userDir, 'node_modules/@priority-redlock/node-red');
  mkdirSync(join(home, 'nodes'), { recursive: true });
  const sources = join(REPOSITORY, 'nodes');
  const types = readdirSync(sources)
    .filter((name) => name.endsWith('.html'))
    .map((name) => name.replace('.html', ''));
  for (const type of types) {
    writeFileSync(join(home, `nodes/${type}.html`), editorPage(`${type}.html`));
    writeFileSync(join(home, `nodes/${type}.js`), loader(join(sources, `${type}.ts`)));
  }
  cpSync(join(sources, 'locales'), join(home, 'nodes/locales'), { recursive: true });
  cpSync(join(REPOSITORY, 'icons'), join(home, 'nodes/icons'), { recursive: true });
  const parts = (names: readonly string[]) =>
    Object.fromEntries(names.map((part) => [part, `nodes/${part}.js`]));
  const nodes = parts(types.filter((type) => type !== SIDEBAR));
  const plugins = parts([SIDEBAR]);
  const name = '@priority-redlock/node-red';
  write(join(home, 'package.json'), { name, version: '0.0.0', 'node-red': { nodes, plugins } });
  write(join(userDir, 'package.json'), { name: 'user', private: true, dependencies: { [name]: '0.0.0' } });
  write(join(userDir, 'flows.json'), flows);
  return userDir;
}

/** A module that loads a node from its source. */
function loader(source: string): string {
  const tsx = createRequire(join(REPOSITORY, 'package.json')).resolve('tsx/cjs/api');
  return `require(${JSON.stringify(tsx)}).register();\nmodule.exports = require(${JSON.stringify(source)});\n`;
}

function write(file: string, content: unknown): void {
  writeFileSync(file, JSON.stringify(content));
}
