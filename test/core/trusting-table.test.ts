// The lock table without limits: the same rules, nothing refused, and holds that were kept elsewhere.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type ClaimCommand,
  type Command,
  LockTable,
  type Now,
  type OwnCommand,
  TrustingTable,
} from '../../src/core';
import { outcomes } from '../support/core-event-lines';
import { holds, seed } from '../support/core-fast-check';
import { history, play } from '../support/core-histories';

const NOW: Now = { monotonic: 100, wall: 1_000 };

function claim(id: string, options: Partial<ClaimCommand> = {}): ClaimCommand {
  return { type: 'claim', id, resources: ['lights'], locker: id, ...options };
}

/** A table with a hold of the lights that was kept elsewhere. */
function admitting(command: ClaimCommand = claim('kept')): {
  table: LockTable;
  token: number;
  apply: (command: Command, now?: Now) => string[];
} {
  // One with limits is a trusting one, too, and takes the commands of operators and sessions besides.
  const table = new LockTable();
  const token = table.takeToken(900);
  table.admit(command, 'lights', token, 850);
  return { table, token, apply: (next, now = NOW) => outcomes(table.apply(next, now)) };
}

describe(`the lock table without limits (FC_SEED=${seed})`, function () {
  this.timeout(600_000);

  it('answers and shows what the one with limits does', () => {
    holds(
      fc.property(history(40), (steps) => {
        const [trusting, limited] = [new TrustingTable(), new LockTable()];
        const own = steps.filter(({ wish: { type } }) => type !== 'forceRelease' && type !== 'endSession');
        for (const { command, now, events } of play(limited, own)) {
          assert.deepEqual(trusting.apply(command as OwnCommand, now), events);
          assert.equal(trusting.nextDeadline(), limited.nextDeadline());
          for (const name of limited.resources())
            assert.deepEqual(trusting.look(name), limited.resource(name));
          assert.deepEqual([...trusting.resources()].sort(), [...limited.resources()].sort());
        }
      }),
      0.3,
    );
  });

  it('refuses nothing for its length or number', () => {
    const table = new TrustingTable();
    const resources = Array.from({ length: 100 }, (_, i) => `${i}`.repeat(600));
    const events = table.apply(claim('a', { resources, grace: 9_000, value: 'x'.repeat(10_000) }), NOW);
    assert.deepEqual(outcomes(events), ['granted a']);
  });

  it('gives tokens to holds that are kept elsewhere, above all others and below those to come', () => {
    const table = new TrustingTable(undefined, 5_000);
    assert.equal(table.takeToken(900), 5_001);
    assert.equal(table.takeToken(7_000.5), 7_000);
    table.apply(claim('a'), NOW);
    assert.equal(table.hold('a')?.token, 7_001);
  });

  it('takes in a hold that was kept elsewhere as it is, and tells nobody', () => {
    const { table, token } = admitting(claim('kept', { locker: 'A', priority: 3, value: 'on' }));
    assert.equal(token, 900);
    assert.deepEqual(table.hold('kept'), { token, expires: Infinity });
    const { waiting: _, ...view } = table.look('lights');
    assert.deepEqual(view, {
      resource: 'lights',
      state: 'held',
      locker: 'A',
      priority: 3,
      value: 'on',
      token,
      since: 850,
      expires: Infinity,
      claims: ['kept'],
      waitingCount: 0,
    });
    assert.equal(table.knows('lights'), true);
    assert.equal(table.knows('blinds'), false);
  });

  it('shows what nobody claims as free', () => {
    const view = new TrustingTable().look('lights');
    assert.deepEqual([view.state, view.locker, view.token, view.waitingCount], ['free', undefined, 0, 0]);
  });

  it('queues others behind what it took in', () => {
    const { apply } = admitting();
    assert.deepEqual(apply(claim('other')), ['queued other']);
    assert.deepEqual(apply({ type: 'release', id: 'kept' }), ['released kept', 'granted other']);
  });

  it('preempts what it took in, and gives it back if it stands', () => {
    const { apply } = admitting(claim('kept', { standing: true, grace: 50 }));
    assert.deepEqual(apply(claim('high', { priority: 1 })), [
      'revoking kept until=150 by high',
      'queued high',
    ]);
    assert.deepEqual(apply({ type: 'yield', id: 'kept' }), ['requeued kept by high', 'granted high']);
    assert.deepEqual(apply({ type: 'release', id: 'high' }), ['released high', 'granted kept regained']);
  });

  it('lets the locker re-enter what it took in, with the token of the hold', () => {
    const { table, token, apply } = admitting(claim('kept', { locker: 'A' }));
    assert.deepEqual(apply(claim('again', { locker: 'A' })), ['granted again']);
    assert.equal(table.hold('again')?.token, token);
  });

  it('ends what it took in with its session, and by force', () => {
    const first = admitting(claim('kept', { session: 'panel' }));
    assert.deepEqual(first.apply({ type: 'endSession', session: 'panel' }), ['lost kept session']);
    const second = admitting();
    const force: Command = { type: 'forceRelease', resource: 'lights', token: second.token, by: 'operator' };
    assert.deepEqual(second.apply(force), ['lost kept forced by operator']);
  });

  it('ranks what it took in by when it came', () => {
    const { apply } = admitting(claim('kept', { standing: true }));
    apply(claim('younger'));
    apply(claim('high', { priority: 1 }));
    assert.deepEqual(apply({ type: 'release', id: 'high' }), ['released high', 'granted kept regained']);
  });

  it('tells what a held claim has: until when at the latest, by its lease or its revocation', () => {
    const table = new TrustingTable();
    table.apply(claim('a', { ttl: 1_000, grace: 50 }), NOW);
    assert.equal(table.hold('a')?.expires, 1_100);
    table.apply(claim('high', { priority: 1 }), NOW);
    assert.equal(table.hold('a')?.expires, 150);
    assert.equal(table.hold('high'), undefined, 'which waits');
    assert.equal(table.hold('nobody'), undefined);
  });
});
