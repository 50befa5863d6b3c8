// Conformance: several resources at once, and circles of claims that keep what others wait for.
import assert from 'node:assert/strict';
import { Claimant } from './claimant';
import type { ProtocolAbilities, Subject } from './protocol-suite';

export function describeSeveral(subject: Subject, { several, deadlocks }: ProtocolAbilities): void {
  describe('several resources', () => {
    if (several) describeTogether(subject);
    else {
      it('denies several at once as unsupported, and takes none of them', async () => {
        const { protocol } = subject();
        const { reason } = await new Claimant(protocol, ['kitchen', 'bedroom']).fail();
        assert.equal(reason, 'unsupported');
        await new Claimant(protocol, 'kitchen', { timeout: 0 }).get();
      });
    }
    if (deadlocks) describeDeadlocks(subject);
  });
}

function describeTogether(subject: Subject): void {
  it('grants all or nothing', async () => {
    const { protocol, pass } = subject();
    const kitchen = new Claimant(protocol, 'kitchen');
    await kitchen.get();
    const both = new Claimant(protocol, ['kitchen', 'bedroom']).ask();
    await pass(1);
    assert.equal(both.outcome, undefined);
    const bedroom = new Claimant(protocol, 'bedroom', { timeout: 0 });
    await bedroom.get();
    await kitchen.release();
    await pass(1);
    assert.equal(both.outcome, undefined);
    await bedroom.release();
    assert.equal((await both.settle()).granted.type, 'granted');
    for (const room of ['kitchen', 'bedroom']) await new Claimant(protocol, room, { timeout: 0 }).fail();
  });

  it('loses all with one of them', async () => {
    const { protocol, pass } = subject();
    const both = new Claimant(protocol, ['kitchen', 'bedroom']);
    await both.get();
    await new Claimant(protocol, 'kitchen', { locker: 'alarm', priority: 9 }).get();
    await pass(1);
    assert.deepEqual(both.fates.at(-1), 'lost: preempted by alarm');
    await new Claimant(protocol, 'bedroom', { timeout: 0 }).get();
  });
}

function describeDeadlocks(subject: Subject): void {
  it('denies one claim of a circle, and names who is on it', async () => {
    const { protocol, pass } = subject();
    const a = new Claimant(protocol, 'kitchen', { locker: 'A' });
    const b = new Claimant(protocol, 'bedroom', { locker: 'B' });
    await a.get();
    await b.get();
    const first = new Claimant(protocol, 'bedroom', { locker: 'A', holding: [a.claim.id] }).ask();
    await pass(1);
    const second = new Claimant(protocol, 'kitchen', { locker: 'B', holding: [b.claim.id] }).ask();
    await second.settle();
    assert.equal(second.denied.reason, 'deadlock');
    assert.match(second.denied.detail ?? '', /A.*B|B.*A/);
    assert.equal(first.outcome, undefined);
    await b.release();
    assert.equal((await first.settle()).granted.type, 'granted');
  });
}
