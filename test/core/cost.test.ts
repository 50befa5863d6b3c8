// Rule 14: what an operation costs, counted in blocks of code and not in milliseconds, and that nothing is left behind.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { LockTable } from '../../src/core';
import type { Cost } from '../support/core-cost-count';
import { scenarios } from '../support/core-cost-scenarios';

describe('rule 14: cost', function () {
  this.timeout(120_000);
  let costs: readonly Cost[] = [];

  before(() => {
    costs = countCosts();
  });

  for (const { title, sizes, growth } of scenarios) {
    it(`${title}: from ${sizes[0]} to ${sizes[1]} costs at most ${growth} times as much`, () => {
      const cost = costs.find((one) => one.title === title);
      assert.ok(cost && cost.small > 0, 'it was counted');
      const told = `${cost.small} blocks each among ${sizes[0]}, ${cost.large} among ${sizes[1]}`;
      assert.ok(cost.large <= cost.small * growth, told);
    });
  }

  it('leaves nothing behind after many leases that were released', () => {
    const table = new LockTable();
    for (let i = 0; i < 20_000; i++) {
      const now = { monotonic: i, wall: i };
      const id = `claim ${i}`;
      table.apply({ type: 'claim', id, resources: [`resource ${i % 700}`], locker: 'A', ttl: 60_000 }, now);
      table.apply({ type: 'release', id }, now);
    }
    assert.equal(table.nextDeadline(), Infinity);
    assert.deepEqual([...table.claims(), ...table.resources()], []);
  });

  it('keeps one deadline, the earliest, for any number of claims', () => {
    const table = new LockTable();
    const now = { monotonic: 0, wall: 0 };
    const lengths = Array.from({ length: 1_000 }, (_, i) => 100 + ((i * 7919) % 1_000));
    for (const [i, ttl] of lengths.entries()) {
      table.apply({ type: 'claim', id: `claim ${i}`, resources: [`resource ${i}`], locker: 'A', ttl }, now);
    }
    for (const due of lengths.sort((a, b) => a - b)) {
      assert.equal(table.nextDeadline(), due);
      const events = table.apply({ type: 'tick' }, { monotonic: due, wall: due });
      assert.equal(events.filter(({ type }) => type === 'lost').length, 1);
    }
    assert.equal(table.nextDeadline(), Infinity);
  });

  it('finds and lists every one of very many claims and resources', () => {
    const table = new LockTable();
    const now = { monotonic: 0, wall: 0 };
    const names = Array.from({ length: 1_000 }, (_, i) => `name ${i}`);
    for (const id of names) table.apply({ type: 'claim', id, resources: [id], locker: id }, now);
    for (const id of names.filter((_, i) => i % 3 === 0)) table.apply({ type: 'release', id }, now);
    const left = names.filter((_, i) => i % 3 !== 0).sort();
    assert.deepEqual([...table.resources()].sort(), left);
    assert.deepEqual([...table.claims()].map(({ id }) => id).sort(), left);
    for (const id of names) assert.equal(table.claim(id)?.id, left.includes(id) ? id : undefined);
  });
});

function countCosts(): readonly Cost[] {
  const script = join(__dirname, '../support/core-cost-count');
  const loader = __filename.endsWith('.ts') ? ['--require', 'tsx', `${script}.ts`] : [`${script}.js`];
  const { NODE_V8_COVERAGE: _, ...env } = process.env;
  return JSON.parse(execFileSync(process.execPath, loader, { env, encoding: 'utf8' }));
}
