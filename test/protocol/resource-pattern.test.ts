import assert from 'node:assert/strict';
import fc from 'fast-check';
import { objectToPattern, patternOf, resourceMatcher, resourceOf } from '../../src/protocol';
import { holds, seed } from '../support/core-fast-check';

describe(`resource patterns (FC_SEED=${seed})`, () => {
  for (const [pattern, matching, others] of [
    ['house/lights', ['house/lights'], ['house', 'house/lights/1', 'House/lights']],
    ['house/+', ['house/lights', 'house/', 'house/a.b'], ['house', 'house/a/b', 'houses/a']],
    ['+/lights', ['a/lights', '/lights'], ['lights', 'a/b/lights', 'a/lights/']],
    ['house/#', ['house', 'house/', 'house/a', 'house/a/b\nc'], ['houses', 'a/house']],
    ['+/a/#', ['x/a', 'x/a/b/c'], ['a', 'x/y/a']],
    ['#', ['a', 'a/b', '$lamp', '+', 'a\nb'], []],
    ['+', ['a', '$lamp', '', '#'], ['a/b']],
    ['a.b/+', ['a.b/c'], ['axb/c']],
    ['C%23/+', ['C#/x'], ['C%23/x']],
    ['50%25', ['50%'], ['50%25']],
    ['a%2Bb/%23', ['a+b/#'], ['ab/#']],
    ['%24lamp', ['$lamp'], ['%24lamp']],
    ['50% light', ['50% light'], []],
    ['(a|b)[c]{2}^$?*\\/+', ['(a|b)[c]{2}^$?*\\/x'], ['acc/x']],
  ] as const) {
    it(`${pattern} matches ${matching.join(', ')}`, () => {
      const matches = resourceMatcher(pattern);
      for (const name of matching) assert.equal(matches(name), true, name);
      for (const name of others) assert.equal(matches(name), false, name);
    });
  }

  it('say what is wrong with what is none', () => {
    for (const [pattern, objection] of [
      ['', /is empty/],
      ['a/#/b', /has a # that is not its last level/],
      ['a/b#', /has "b#", but/],
      ['+a', /has "\+a", but/],
    ] as const) {
      assert.match(objectToPattern(pattern) ?? '', objection);
      assert.throws(() => resourceMatcher(pattern), RangeError);
    }
    for (const pattern of ['a', 'a/+/b', '#', '+', 'a/#', '/', '%2B'])
      assert.equal(objectToPattern(pattern), undefined);
  });

  it('of one resource match it and no other, whatever its name', () => {
    const name = fc.string({
      unit: fc.constantFrom('a', 'b', '/', '+', '#', '%', '2', '3', 'B', '$', '.', '*'),
    });
    holds(
      fc.property(name, name, (one, other) => {
        fc.pre(one !== '');
        const pattern = patternOf(one);
        assert.equal(objectToPattern(pattern), undefined);
        assert.equal(resourceOf(pattern), one);
        assert.equal(resourceMatcher(pattern)(one), true);
        assert.equal(resourceMatcher(pattern)(other), one === other);
      }),
    );
  });

  it('with wildcards are of no single resource', () => {
    for (const pattern of ['+', 'a/#', 'a/+/b']) assert.equal(resourceOf(pattern), undefined);
  });
});
