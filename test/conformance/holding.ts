// Conformance: free resources, re-entrance, tokens, release.
import assert from 'node:assert/strict';
import { Claimant } from './claimant';
import type { Subject } from './protocol-suite';

export function describeHolding(subject: Subject): void {
  describe('holding', () => {
    it('grants a free resource, without a lease if none was asked for', async () => {
      const { token, expires } = await new Claimant(subject().protocol, 'lights').get();
      assert(token > 0);
      assert.equal(expires, Infinity);
    });

    it('denies what is held when only now would do, and says who has it', async () => {
      const { protocol } = subject();
      await new Claimant(protocol, 'lights', { locker: 'motion', priority: 3 }).get();
      const { reason, by } = await new Claimant(protocol, 'lights', { timeout: 0 }).fail();
      assert.equal(reason, 'timeout');
      assert.equal(by?.locker, 'motion');
      assert.equal(by?.priority, 3);
    });

    it('keeps resources apart, also those with names like patterns', async () => {
      const { protocol } = subject();
      for (const name of ['a', 'b', 'a/b', '+', '#', 'a/+', 'a/#', '%2B', 'ä ö/🔒']) {
        await new Claimant(protocol, name, { timeout: 0 }).get();
      }
    });

    it('lets the same locker in again, with the token of its hold', async () => {
      const { protocol } = subject();
      const outer = await new Claimant(protocol, 'lights', { locker: 'me' }).get();
      const inner = await new Claimant(protocol, 'lights', { locker: 'me' }).get();
      assert.equal(inner.token, outer.token);
    });

    it('frees a resource only when the last claim of its locker has ended', async () => {
      const { protocol } = subject();
      const claims = [1, 2, 3].map(() => new Claimant(protocol, 'lights', { locker: 'me' }));
      for (const claim of claims) await claim.get();
      for (const claim of claims) {
        await new Claimant(protocol, 'lights', { timeout: 0 }).fail();
        assert.equal(await claim.release(), undefined);
      }
      await new Claimant(protocol, 'lights', { timeout: 0 }).get();
    });

    it('gives tokens that only grow', async () => {
      const { protocol } = subject();
      let last = 0;
      for (const resource of ['lights', 'blinds', 'lights', 'blinds']) {
        const claim = new Claimant(protocol, resource);
        const { token } = await claim.get();
        assert(token > last, `${token} after ${last}`);
        last = token;
        await claim.release();
      }
    });

    it('says so when there is nothing to release', async () => {
      const { protocol } = subject();
      const claim = new Claimant(protocol, 'lights');
      assert.equal((await claim.release())?.reason, 'unknown');
      await claim.get();
      assert.equal(await claim.release(), undefined);
      assert.equal((await claim.release())?.reason, 'unknown');
      assert.deepEqual(claim.notices, []);
    });

    it('says so when there is nothing to extend', async () => {
      const claim = new Claimant(subject().protocol, 'lights');
      const outcome = await claim.extend({ ttl: 1_000 });
      assert.equal(outcome.type === 'denied' && outcome.reason, 'unknown');
    });

    it('knows a claim by its id and not by the object', async () => {
      const { protocol } = subject();
      const claim = new Claimant(protocol, 'lights');
      await claim.get();
      assert.equal(await protocol.release({ ...claim.claim }, 'release'), undefined);
      await new Claimant(protocol, 'lights', { timeout: 0 }).get();
    });
  });
}
