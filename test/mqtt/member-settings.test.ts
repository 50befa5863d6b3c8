import assert from 'node:assert/strict';
import { adoptSettings } from '../../src/mqtt/member-settings';
import { rulesOf } from '../support/arbiter-scene';

type Settings = NonNullable<Parameters<typeof adoptSettings>[1]>['settings'];

const WITH_A_BAD_ENTRY: Readonly<Record<string, Settings>> = {
  levels: { levels: [{ id: 'night', priority: 7 }] },
  policy: { policy: [{ requester: 'panel', allowed: true }] },
  defaults: { defaults: [null] },
};

describe('the settings of whoever decided before', () => {
  const own = { rules: rulesOf() };

  function adopt(settings: Settings) {
    const warnings: string[] = [];
    const inForce = adoptSettings(own, { requester: 'house', settings }, (text) => warnings.push(text));
    return { inForce, warnings };
  }

  it('stay in force where they differ, and that is said', () => {
    const levels = [{ id: 'night', name: 'night', priority: 7 }];
    const { inForce, warnings } = adopt({ levels });
    assert.deepEqual(inForce.rules.levels.all, levels);
    assert.match(warnings.join(), /of house, who decided before, stay in force/);
  });

  it('stay in force as to whether Home Assistant is told', () => {
    const { inForce, warnings } = adopt({ discovery: 'ha' });
    assert.equal(inForce.rules.discovery, 'ha');
    assert.equal(warnings.length, 1);
    assert.equal(adopt({ discovery: 'ha/#' }).inForce.rules.discovery, undefined);
  });

  for (const [name, settings] of Object.entries(WITH_A_BAD_ENTRY)) {
    it(`give way to our own where ${name} cannot be meant, and that is said`, () => {
      const { inForce, warnings } = adopt(settings);
      assert.equal(inForce, own);
      assert.match(
        warnings.join(),
        new RegExp(`cannot be used: RangeError: ${name} has an entry that is none`),
      );
    });
  }
});
