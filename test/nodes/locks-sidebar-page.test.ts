import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { editorPage } from '../../scripts/editor-pages';
import { REPOSITORY } from '../support/repository';

const SOURCES = join(REPOSITORY, 'nodes/editor/locks-sidebar');

function textsIn(tree: object, before = ''): readonly string[] {
  return Object.entries(tree).flatMap(([key, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null ? textsIn(value, `${before}${key}.`) : [before + key],
  );
}

describe('the page of the sidebar', () => {
  const page = editorPage('locks-sidebar.html');
  const source = readdirSync(SOURCES)
    .map((name) => readFileSync(join(SOURCES, name), 'utf8'))
    .join('\n');
  const catalogue = readFileSync(join(REPOSITORY, 'nodes/locales/en-US/locks-sidebar.json'), 'utf8');
  const texts = textsIn(JSON.parse(catalogue)['locks-sidebar']);

  it('has its whole script in it, and asks for no other file', () => {
    assert.match(page, /registerPlugin\("locks-sidebar"/);
    assert.doesNotMatch(page, /data-bundle|\bsrc=|\bimport\b.*from/);
  });

  it('takes every colour from the theme of the editor', () => {
    const [styles = ''] = /<style>[\s\S]*<\/style>/.exec(page) ?? [];
    assert.doesNotMatch(styles, /#[0-9a-f]{3,8}\b|rgba?\(|hsla?\(/i);
    assert.match(styles, /var\(--red-ui-primary-text-color\)/);
  });

  it('finds every text that it asks for, and has none that nobody uses', () => {
    const quoted = new Set([...source.matchAll(/'([\w.-]+)'/g)].map(([, word = '']) => word));
    const asked = [...source.matchAll(/\bsay\(\s*'([\w.-]+)'/g)].map(([, key = '']) => key);
    assert.ok(asked.length > 30);
    assert.deepEqual(
      asked.filter((key) => !texts.includes(key)),
      [],
    );
    const families = [...source.matchAll(/\bsay\(\s*`([\w.]+)\.\$\{/g)].map(([, stem = '']) => stem);
    const endings = [...source.matchAll(/\bsay\(\s*`\$\{\w+\}\.(\w+)`/g)].map(([, ending = '']) => ending);
    const isUsed = (key: string) =>
      quoted.has(key) ||
      families.some((stem) => key.startsWith(`${stem}.`)) ||
      endings.some((ending) => key.endsWith(`.${ending}`));
    assert.deepEqual(
      texts.filter((key) => !isUsed(key)),
      [],
    );
  });
});
