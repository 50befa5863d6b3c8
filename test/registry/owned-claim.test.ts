import assert from 'node:assert/strict';
import type { AuthorityClaim } from '../../src/mqtt/authority';
import { OwnedClaim } from '../../src/registry/owned-claim';
import { HandClock } from '../support/hand-clock';

describe('a claim, as its node has it', () => {
  it('is held no longer than its lease, which went on while the machine slept, as is noticed only now', () => {
    const clock = new HandClock();
    const claim: AuthorityClaim & { expires: number } = {
      ...{ id: 'x', owner: undefined, message: {}, resources: ['lights'], locker: 'me', phase: 'held' },
      ...{ answer: undefined, until: Infinity, isRestored: false, expires: clock.monotonic + 500 },
    };
    const deeds = {
      ...{ clock, update: () => undefined, yield: () => undefined, release: () => undefined },
      /** Who is asked what may be believed looks at the clocks. */
      get validUntil() {
        claim.expires = clock.monotonic;
        return Infinity;
      },
    };
    const owned = new OwnedClaim({ deeds, path: 'node', key: 'key', id: 'x', message: {}, isKept: false });
    owned.claim = claim;
    assert.equal(owned.isHeld(), false);
    claim.expires = clock.monotonic + 500;
    assert.equal(owned.due, clock.monotonic);
  });
});
