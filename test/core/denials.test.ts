// What a denial says in words: the argument that is wrong, and its value where it is short.
import assert from 'node:assert/strict';
import { type ClaimCommand, type Command, LockTable } from '../../src/core';

const NOW = { monotonic: 0, wall: 0 };

function detailOf(command: Command, table = new LockTable()): string {
  const [event] = table.apply(command, NOW);
  assert.ok(event?.type === 'denied', 'it is denied');
  return event.detail ?? '';
}

function claim(options: Partial<ClaimCommand>): ClaimCommand {
  return { type: 'claim', id: 'a', resources: ['lights'], locker: 'A', ...options };
}

describe('the wording of denials', () => {
  const wrong: readonly (readonly [Partial<ClaimCommand>, RegExp])[] = [
    [{ resources: [] }, /resources/],
    [{ resources: ['x', 'x'] }, /resources/],
    [{ resources: Array.from({ length: 65 }, (_, i) => `${i}`) }, /resources.*65.*64/],
    [{ resources: [''] }, /resource/],
    [{ resources: ['x'.repeat(513)] }, /resource.*512/],
    [{ locker: '' }, /locker/],
    [{ locker: 'x'.repeat(513) }, /locker.*512/],
    [{ priority: Number.NaN }, /priority.*NaN/],
    [{ ttl: -3 }, /ttl.*-3/],
    [{ timeout: -4 }, /timeout.*-4/],
    [{ grace: -5 }, /grace.*-5/],
    [{ grace: 6000 }, /grace.*6000.*5000/],
    [{ handover: -6 }, /handover.*-6/],
    [{ value: 'x'.repeat(9000) }, /value.*8192/],
  ];
  for (const [options, pattern] of wrong) {
    it(`names what is wrong with a claim: ${pattern.source}`, () => {
      assert.match(detailOf(claim(options)), pattern);
    });
  }

  it('names the limit that is reached', () => {
    assert.match(detailOf(claim({}), new LockTable({ limits: { claimsPerRequester: 0 } })), /0 claims/);
    assert.match(detailOf(claim({}), new LockTable({ limits: { resourcesPerRequester: 0 } })), /0 resources/);
    const table = new LockTable({ limits: { resources: 1, resourcesPerClaim: 1 } });
    table.apply(claim({}), NOW);
    assert.match(detailOf(claim({ id: 'b', resources: ['blinds'] }), table), /table.*1 resources/);
  });

  it('names what is wrong with an update', () => {
    const table = new LockTable();
    table.apply(claim({}), NOW);
    assert.match(detailOf({ type: 'update', id: 'a', priority: Infinity }, table), /priority.*Infinity/);
    assert.match(detailOf({ type: 'update', id: 'a', ttl: 5 }, table), /ttl.*renew/);
    assert.match(detailOf({ type: 'update', id: 'a', ttl: 0, renew: true }, table), /ttl.*0/);
  });

  it('names the token that is no longer there', () => {
    assert.match(detailOf({ type: 'forceRelease', resource: 'lights', token: 7, by: 'operator' }), /7/);
  });
});
