import assert from 'node:assert/strict';
import { spellReason } from '../../nodes/editor/lock-registry/reasons';
import german from '../../nodes/locales/de/lock-registry.json';
import { explainFailure } from '../../src/mqtt/connection-reason';

describe('the reason why a trial failed', () => {
  const why: Readonly<Record<string, string>> = german['lock-registry'].try.why;
  const say = (key: string) => why[key.replace(/^try\.why\./, '')] ?? assert.fail(key);
  const spell = (code: number | string) =>
    spellReason(explainFailure({ address: 'mqtt://house:1883', error: { code }, established: false }), say);

  it('is told in the language of the editor, with its code', () => {
    assert.equal(
      spell('ECONNREFUSED'),
      'mqtt://house:1883: dort antwortet nichts (läuft der Broker, und stimmt der Port?) (ECONNREFUSED)',
    );
    assert.equal(spell(134), 'mqtt://house:1883: Benutzername oder Passwort ist falsch (134)');
    for (const code of ['ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 4, 5, 135])
      assert.match(spell(code), new RegExp(`\\(${code}\\)$`));
  });

  it('stays as it is where it has no code that is known', () => {
    const plain = 'no answer within 8 seconds';
    assert.equal(spellReason(plain, say), plain);
  });
});
