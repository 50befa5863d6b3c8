import assert from 'node:assert/strict';
import { DEFAULT_LEVELS, makeLevels } from '../../src/mqtt/levels';

describe('levels', () => {
  const levels = makeLevels([
    { id: 'l1', name: 'Party', priority: 300 },
    { id: 'l2', name: 'Night', priority: 20 },
    { id: 'l3', name: 'Also night', priority: 20 },
    { id: 'party', name: 'Something else', priority: 1 },
  ]);

  it('are found by id, and by name in any case; an id counts before a name', () => {
    assert.equal(levels.priorityOf('l1'), 300);
    assert.equal(levels.priorityOf(' night '), 20);
    assert.equal(levels.priorityOf('ALSO NIGHT'), 20);
    assert.equal(levels.priorityOf('party'), 1);
    assert.equal(levels.priorityOf('L2'), 20);
  });

  it('are numbers, too, and numbers as text', () => {
    for (const [given, priority] of [
      [7, 7],
      ['7', 7],
      ['-1.5', -1.5],
      ['1e3', 1000],
      ['.5', 0.5],
    ] as const) {
      assert.equal(levels.priorityOf(given), priority);
    }
  });

  it('are nothing else', () => {
    for (const given of ['urgent', '', '0x10', 'Infinity', '1e999', Number.NaN, Infinity]) {
      assert.equal(levels.priorityOf(given), undefined, String(given));
    }
  });

  it('have the name of the first with that very priority', () => {
    assert.equal(levels.nameOf(20), 'Night');
    assert.equal(levels.nameOf(21), undefined);
  });

  it('are the well-known ones where none are given, higher wins', () => {
    assert.deepEqual(makeLevels().all, DEFAULT_LEVELS);
    assert.equal(makeLevels().priorityOf('security'), 900);
    assert.deepEqual(
      [...DEFAULT_LEVELS].sort((a, b) => b.priority - a.priority),
      DEFAULT_LEVELS,
    );
  });

  it('must be finite, and their ids and names different', () => {
    assert.throws(
      () => makeLevels([{ id: 'a', name: 'a', priority: Infinity }]),
      /level a has the priority Infinity/,
    );
    const twice = { id: 'a', name: 'a', priority: 1 };
    assert.throws(() => makeLevels([twice, twice]), /two levels have the id a/);
    const others = [
      { id: 'b', name: ' Motion', priority: 1 },
      { id: 'c', name: 'motion', priority: 2 },
    ];
    assert.throws(() => makeLevels(others), /two levels have the name "motion"/);
  });
});
