import assert from 'node:assert/strict';
import { makeLevels } from '../../src/mqtt/levels';
import { makePolicy, type PolicyRow } from '../../src/mqtt/policy';

const levels = makeLevels();

function ask(policy: ReturnType<typeof makePolicy>, more: object = {}) {
  const claim = { requester: 'panel', resources: ['lights'], priority: 0, ttl: undefined, grace: undefined };
  return policy.judge({ ...claim, isDevice: true, ...more });
}

describe('policy', () => {
  it('limits devices where no rule matches, and nobody else', () => {
    const policy = makePolicy([], levels);
    assert.deepEqual(ask(policy), {
      ttl: 86_400_000,
      actsAs: undefined,
      leaseRule: 'devices, where no rule matches',
    });
    assert.deepEqual(ask(policy, { isDevice: false, priority: 1e9 }), {
      ttl: Infinity,
      actsAs: undefined,
      leaseRule: undefined,
    });
    const other = makePolicy([{ requester: 'wall', resource: '#' }], levels);
    assert.equal(ask(other, { isDevice: false, priority: 1e9 }).refusal, undefined);
    assert.equal(policy.actsAs('panel', ['lights']), undefined);
    assert.equal(policy.mayForce('panel', 'lights'), false);
  });

  it('takes the shortest of the default leases of several resources', () => {
    const rows = [
      { requester: '#', resource: 'a', defaultTtl: 5_000 },
      { requester: '#', resource: 'b', defaultTtl: 2_000 },
    ];
    const { ttl } = ask(makePolicy(rows, levels), { resources: ['a', 'b'] }) as { ttl: number };
    assert.equal(ttl, 2_000);
  });

  it('does not limit what a rule does not say', () => {
    const policy = makePolicy([{ requester: '#', resource: '#', highest: Infinity, actsAs: '' }], levels);
    assert.deepEqual(ask(policy, { priority: 1e6, ttl: 1e12, grace: 9_999 }), {
      ttl: 1e12,
      actsAs: undefined,
      leaseRule: undefined,
    });
  });

  const wrong: readonly (readonly [row: Partial<PolicyRow>, text: RegExp])[] = [
    [{ requester: 'a+' }, /policy rule 1: a\+ → #: requester: /],
    [{ resource: '' }, /policy rule 1: # → : resource: .*is empty/],
    [{ highest: 'urgent' }, /highest is "urgent", which is no level/],
    [{ name: 'mine', longestTtl: 0 }, /policy rule mine: longestTtl is 0, not a length in ms/],
    [{ defaultTtl: -1 }, /defaultTtl is -1/],
    [{ longestGrace: Number.NaN }, /longestGrace is NaN/],
    [{ longestTtl: 1, defaultTtl: 2 }, /defaultTtl is 2, over longestTtl 1/],
    [{ actsAs: 'x'.repeat(600) }, /actsAs is over 512 bytes/],
  ];
  for (const [row, text] of wrong) {
    it(`refuses a rule with ${JSON.stringify(row).slice(0, 40)}`, () => {
      const make = () => makePolicy([{ requester: '#', resource: '#', ...row }], levels);
      assert.throws(make, (error) => error instanceof RangeError && text.test(error.message));
    });
  }
});
