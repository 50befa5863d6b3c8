import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { presentVersion } from '../../nodes/shared/settings-version';
import { DEFAULT_LEVELS } from '../../src/mqtt/levels';
import { nodeRedVersion } from '../support/node-red';
import { REPOSITORY } from '../support/repository';

const NODES = join(REPOSITORY, 'nodes');
const TYPES = ['acquire', 'lock-guard', 'lock-registry', 'lock-status', 'release'];
const SHARED = '@priority-redlock/node-red/lock-registry:';

const read = (...path: readonly string[]) => readFileSync(join(NODES, ...path), 'utf8');

/** The keys of a catalogue, each with its text. */
function textsOf(type: string): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const walk = (tree: object, before: string) => {
    for (const [key, value] of Object.entries(tree)) {
      if (typeof value === 'string') texts.set(before + key, value);
      else walk(value, `${before}${key}.`);
    }
  };
  walk(JSON.parse(read('locales/en-US', `${type}.json`)), '');
  return texts;
}

/** Everything that could name a key: the dialog, the scripts, and the runtime of all nodes. */
function sources(): string {
  const files = readdirSync(NODES, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(ts|html)$/.test(name),
  );
  return files
    .filter((name) => !name.startsWith('locales'))
    .map((name) => read(name))
    .join('\n');
}

function markupOf(html: string): string {
  return html.replace(/<script type="text\/javascript">[\s\S]*?<\/script>/g, '');
}

/** Keys as they stand in the dialog: `data-i18n="a"`, `data-i18n="[placeholder]a"`. */
function keysInMarkup(html: string): string[] {
  const attributes = [...html.matchAll(/data-i18n="([^"]+)"/g)].map(([, value = '']) => value);
  return attributes.flatMap((value) => value.split(';')).map((value) => value.replace(/^\[[^\]]+\]/, ''));
}

/** Keys in scripts: `_('a')`, `t('a')`, and the shared texts `translate('a')`, `text('a')`. */
function keysInScript(source: string): string[] {
  const own = [...source.matchAll(/\b(?:_|t|saying)\((?:t, )?'([\w.-]+)'/g)].map(([, key = '']) => key);
  const shared = [...source.matchAll(/\b(?:text|translate)\('([\w.-]+)'\)/g)].map(
    ([, key = '']) => `lock-registry.${key}`,
  );
  return [...own, ...shared].filter((key) => key.includes('.'));
}

describe('what the editor reads of the nodes', () => {
  for (const type of TYPES) {
    describe(type, () => {
      const html = read(`${type}.html`);

      it('registers the type with a literal, a dialog, help and an icon', () => {
        assert.match(html, new RegExp(`RED\\.nodes\\.registerType\\('${type}', \\{`));
        assert.match(html, new RegExp(`data-template-name="${type}"`));
        assert.match(read('locales/en-US', `${type}.html`), new RegExp(`data-help-name="${type}"`));
        const [, icon] = /icon: '([\w-]+\.svg)'/.exec(html) ?? [];
        assert.match(readFileSync(join(REPOSITORY, 'icons', String(icon)), 'utf8'), /viewBox="0 0 40 60"/);
      });

      it('has a runtime of the same name that registers the type', () => {
        assert.match(read(`${type}.ts`), new RegExp(`registerType(<.*>)?\\(\\s*'${type}'`));
      });

      it('is a node of the package', () => {
        const manifest = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'));
        assert.equal(manifest['node-red'].nodes[type], `dist/nodes/${type}.js`);
      });

      it('labels every field of the dialog from the catalogue', () => {
        const texts = textsOf(type);
        const missing = keysInMarkup(html).filter((key) => !texts.has(key));
        assert.deepEqual(missing, []);
        const bare = [
          ...markupOf(html).matchAll(/<(?:label|option|span|p|summary)\b[^>]*>\s*([^<\s][^<]*)</g),
        ].map(([, text]) => text);
        assert.deepEqual(bare, []);
      });

      it('has no text that nobody uses', () => {
        const all = sources();
        const used = new Set([...keysInMarkup(all), ...keysInScript(all)]);
        // Keys that are put together, such as `lock-registry.unit.${value}`.
        const families = [...all.matchAll(/[`'](?:lock-registry\.)?([\w-]+(?:\.[\w-]+)*)\.\$\{/g)].map(
          ([, stem = '']) => stem,
        );
        const named = new Set([...all.matchAll(/'([\w.-]+)'/g)].map(([, word = '']) => word));
        const unused = [...textsOf(type).keys()].filter((key) => {
          const short = key.replace(/^lock-registry\./, '');
          if (used.has(key) || named.has(key) || named.has(short)) return false;
          const stem = short.slice(0, short.lastIndexOf('.'));
          return !families.some((family) => family === stem || family === key.slice(0, key.lastIndexOf('.')));
        });
        assert.deepEqual(unused, []);
      });

      it('describes inputs and outputs as the help of other nodes does', () => {
        const help = read('locales/en-US', `${type}.html`);
        if (type === 'lock-registry') return assert.match(help, /<h3>Details<\/h3>/);
        for (const heading of ['Inputs', 'Outputs', 'Details'])
          assert.match(help, new RegExp(`<h3>${heading}</h3>`));
        assert.match(help, /<dl class="message-properties">/);
      });

      it('keeps every default that it has a field for, and no others', () => {
        const prefix = type === 'lock-registry' ? 'node-config-input' : 'node-input';
        const fields = [...html.matchAll(new RegExp(`id="${prefix}-([\\w]+)(?:-list)?"`, 'g'))].map(
          ([, name = '']) => name,
        );
        const [, defaults = ''] = /defaults: \{([\s\S]*?)\n {8,12}\},\n/.exec(html) ?? [];
        const credentials = [...(/credentials: \{(.*)\}/.exec(html)?.[1] ?? '').matchAll(/(\w+): \{/g)].map(
          ([, name = '']) => name,
        );
        const names = [...defaults.matchAll(/^ {12,16}(\w+): \{/gm)].map(([, name = '']) => name);
        assert.deepEqual([...new Set(fields), 'version'].sort(), [...names, ...credentials].sort());
      });

      it('saves settings with the number that the runtime has for them', () => {
        const [, number] = /^ +version: \{ value: (\d+) \},$/m.exec(html) ?? [];
        assert.equal(Number(number), presentVersion(type));
      });
    });
  }

  it('finds every text that a script asks for', () => {
    const texts = new Set(TYPES.flatMap((type) => [...textsOf(type).keys()]));
    const asked = keysInScript(sources()).filter((key) => /^(acquire|release|lock-\w+)\./.test(key));
    assert.ok(asked.length > 40);
    assert.deepEqual(
      asked.filter((key) => !texts.has(key)),
      [],
    );
  });

  it('asks for a text of another catalogue by its name', () => {
    const runtime = readdirSync(NODES, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.ts') && !name.startsWith('locales'),
    );
    const strangers = runtime.flatMap((name) => {
      const [folder = ''] = name.split(/[./\\]/);
      return keysInScript(read(name)).filter((key) => !key.startsWith(`${folder}.`));
    });
    assert.deepEqual(strangers, []);
  });

  it('has a help file and a catalogue for each node, a catalogue for the sidebar, and no others', () => {
    const files = readdirSync(join(NODES, 'locales/en-US')).sort();
    const ofNodes = TYPES.flatMap((type) => [`${type}.html`, `${type}.json`]);
    assert.deepEqual(files, [...ofNodes, 'locks-sidebar.json'].sort());
  });

  it('starts a registry with the levels that the arbiter has without one', () => {
    const script = read('lock-registry.html');
    const levels = [...script.matchAll(/\{ id: '([^']+)', name: '([^']+)', priority: (-?\d+) \}/g)];
    assert.deepEqual(
      levels.map(([, id, name, priority]) => ({ id, name, priority: Number(priority) })),
      DEFAULT_LEVELS,
    );
  });

  it('asks for shared texts by the name of their catalogue', () => {
    assert.ok(read('lock-registry.html').includes(SHARED));
  });
});

describe('the runtime of these tests', () => {
  it('is the Node-RED that was asked for', () => {
    assert.match(nodeRedVersion, process.env.NODE_RED_DIR === undefined ? /^4\./ : /^5\./);
  });
});
