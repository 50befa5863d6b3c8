// The map that is empty again and again, against a plain one.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SteadyMap } from '../../src/mqtt/steady-map';

type Operation = readonly ['set' | 'delete' | 'clear', number];

const OPERATIONS = fc.array(
  fc.tuple(fc.constantFrom('set' as const, 'set' as const, 'delete' as const, 'clear' as const), fc.nat(3)),
  { maxLength: 40 },
);

describe('a steady map', () => {
  it('does what a map does', () => {
    fc.assert(fc.property(OPERATIONS, (operations) => compare(operations)));
  });

  it('goes on with what is added and without what is deleted on the way', () => {
    const map = new SteadyMap<number, number>();
    for (const key of [1, 2, 3]) map.set(key, key);
    const seen: number[] = [];
    for (const key of map.keys()) {
      seen.push(key);
      if (key === 1) map.delete(2);
      if (key === 3) map.set(4, 4);
    }
    assert.deepEqual(seen, [1, 3, 4]);
  });
});

function compare(operations: readonly Operation[]): void {
  const [map, plain] = [new SteadyMap<number, number>(), new Map<number, number>()];
  for (const [count, [what, key]] of operations.entries()) {
    if (what === 'set') {
      map.set(key, count);
      plain.set(key, count);
    } else if (what === 'delete') assert.equal(map.delete(key), plain.delete(key));
    else {
      map.clear();
      plain.clear();
    }
    assert.deepEqual([...map], [...plain]);
    assert.deepEqual([...map.keys()], [...plain.keys()]);
    assert.deepEqual([...map.values()], [...plain.values()]);
    assert.equal(map.size, plain.size);
    assert.deepEqual([map.get(key), map.has(key)], [plain.get(key), plain.has(key)]);
    const visited: unknown[] = [];
    map.forEach((value, name) => void visited.push([name, value]));
    assert.deepEqual(visited, [...plain]);
  }
}
