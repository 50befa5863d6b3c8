import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clockTime, squeeze } from '../../nodes/shared/status-text';
import { REPOSITORY } from '../support/repository';

const LOCALES = join(REPOSITORY, 'nodes/locales');

/** Texts that are the same in both languages. */
const SAME = new Set([
  ...[
    'Name',
    'Port',
    'Broker',
    'Registry',
    'optional',
    'Offline',
    'min',
    'acquire',
    'release',
    'lock guard',
    'lock status',
  ],
]);

const read = (language: string, file: string) => readFileSync(join(LOCALES, language, file), 'utf8');
const catalogues = filesOf('en-US').filter((name) => name.endsWith('.json'));
const helps = filesOf('en-US').filter((name) => name.endsWith('.html'));

describe('the German texts', () => {
  it('are there for every file of the English ones', () => {
    assert.deepEqual(filesOf('de'), filesOf('en-US'));
  });

  for (const file of catalogues) {
    describe(`of ${file}`, () => {
      const english = textsOf('en-US', file);
      const german = textsOf('de', file);

      it('have the same keys, in the same order', () => {
        assert.deepEqual([...german.keys()], [...english.keys()]);
      });

      it('have the same placeholders', () => {
        for (const [key, text] of english) {
          assert.deepEqual(placeholdersIn(german.get(key)), placeholdersIn(text), key);
        }
      });

      it('have the same elements', () => {
        for (const [key, text] of english) assert.deepEqual(tagsIn(german.get(key)), tagsIn(text), key);
      });

      it('are another text, unless the word is the same', () => {
        const untranslated = [...english].filter(
          ([key, text]) => german.get(key) === text && !isNeutral(text),
        );
        assert.deepEqual(untranslated, []);
      });

      it('are statuses of less than 20 characters, with room for a name', () => {
        for (const [key, text] of german)
          if (key.includes('.status.')) assert.deepEqual(crowdedIn(text), [], key);
      });
    });
  }

  for (const file of helps) {
    describe(`of ${file}`, () => {
      const english = read('en-US', file);
      const german = read('de', file);

      it('have the same elements, in the same order', () => {
        assert.deepEqual(elementsOf(german), elementsOf(english));
      });

      it('name the same properties, and what they may be', () => {
        assert.deepEqual(codesIn(german), codesIn(english));
      });

      it('are another text', () => {
        const there = new Set(paragraphsIn(english));
        assert.deepEqual(
          paragraphsIn(german).filter((text) => there.has(text)),
          [],
        );
      });
    });
  }

  it('are written without addressing anybody', () => {
    const address = /\b(Sie|Ihr(e[mnrs]?)?|[Dd]u|[Dd]ein(e[mnrs]?)?|[Dd]ir|[Dd]ich)\b/;
    for (const file of catalogues) {
      for (const [key, text] of textsOf('de', file)) assert.doesNotMatch(text, address, key);
    }
  });
});

function filesOf(language: string): readonly string[] {
  return readdirSync(join(LOCALES, language)).sort();
}

/** The keys of a catalogue, each with its text. */
function textsOf(language: string, file: string): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const walk = (tree: object, before: string) => {
    for (const [key, value] of Object.entries(tree)) {
      if (typeof value === 'object' && value !== null) walk(value, `${before}${key}.`);
      else texts.set(before + key, String(value));
    }
  };
  walk(JSON.parse(read(language, file)), '');
  return texts;
}

function placeholdersIn(text = ''): readonly string[] {
  return [...text.matchAll(/__\w+__/g)].map(([placeholder]) => placeholder).sort();
}

function tagsIn(text = ''): readonly string[] {
  return [...text.matchAll(/<[^>]+>/g)].map(([tag]) => tag).sort();
}

/** Without what is put in and marks there is no word left, or none that would be another one. */
function isNeutral(text: string): boolean {
  return SAME.has(text) || !/\p{L}{2}/u.test(text.replace(/__\w+__/g, ''));
}

/** What does not fit: the text with the longest time and counts, or fewer than five letters of a name. */
function crowdedIn(text: string): readonly string[] {
  const longestDay = clockTime(Date.UTC(2026, 8, 26, 12), 0, 'de-DE');
  const filled = text.replace(/__time__/g, longestDay).replace(/__(mine|waiting|count)__/g, '99');
  const said = squeeze((name) => filled.replace(/__name__/g, name), 'Alarmanlage');
  const isCut = text.includes('__name__') && !/Alar|Alarmanlage/.test(said);
  return [...said].length < 20 && !isCut ? [] : [said];
}

function elementsOf(help: string): readonly string[] {
  return [...help.matchAll(/<\/?(?!code|i\b|b\b)[\w-]+[^>]*>/g)].map(([tag]) => tag);
}

/** Without names of resources, which are examples for people. */
function codesIn(help: string): readonly string[] {
  const codes = [...help.matchAll(/<code>([^<]*)<\/code>/g)].map(([, code = '']) => code);
  return codes.filter((code) => !/light|licht/i.test(code)).sort();
}

function paragraphsIn(help: string): readonly string[] {
  const paragraphs = [...help.matchAll(/<(?:p|dd)>([\s\S]*?)<\/(?:p|dd)>/g)];
  return paragraphs.map(([, text = '']) => text.replace(/\s+/g, ' ').trim());
}
