import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { isSameJson } from '../../src/mqtt/same-json';

describe('whether two JSON values are the same', () => {
  it('is what Node says of them', () => {
    const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
    fc.assert(
      fc.property(json, json, (one, other) => {
        assert.equal(isSameJson(one, other), isDeepStrictEqual(one, other));
        assert.ok(isSameJson(one, structuredClone(one)));
      }),
    );
  });

  it('does not ask for the order of keys, but for that of a list', () => {
    assert.ok(isSameJson({ a: 1, b: [1, null] }, { b: [1, null], a: 1 }));
    assert.ok(!isSameJson([1, 2], [2, 1]));
    assert.ok(!isSameJson({ a: undefined }, { b: undefined }));
    assert.ok(!isSameJson([], {}));
    assert.ok(!isSameJson(null, {}));
  });
});
