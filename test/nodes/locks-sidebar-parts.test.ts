import assert from 'node:assert/strict';
import { History } from '../../nodes/locks-sidebar/history';
import type { Holder, Row } from '../../nodes/locks-sidebar/shown';
import { hintOf } from '../../nodes/locks-sidebar/stuck';
import type { AuditEvent } from '../../src/mqtt/messages';

const HOUR_MS = 3_600_000;
const NOW = Date.UTC(2026, 10, 25, 12);

describe('what looks stuck', () => {
  const row = (holder: Partial<Holder>, waitingCount = 0): Row => ({
    resource: 'lamp',
    state: 'held',
    holder: { locker: 'light', priority: 0, token: 1, claims: 1, ...holder },
    waiting: [],
    waitingCount,
  });

  const cases: readonly (readonly [title: string, row: Row, hint: string | undefined])[] = [
    ['is nothing that is free', { resource: 'lamp', state: 'free', waiting: [], waitingCount: 0 }, undefined],
    ['is a hold whose node is gone', row({ since: NOW, lacksNode: true }), 'lacksNode'],
    ['is a hold of a day without a lease', row({ since: NOW - 24 * HOUR_MS }), 'noLease'],
    ['is no hold that has a lease', row({ since: NOW - 99 * HOUR_MS, expires: NOW + 1 }, 3), undefined],
    ['is no shorter hold that nobody waits for', row({ since: NOW - 23 * HOUR_MS }), undefined],
    [
      'is a hold of an hour without a lease, for which others wait',
      row({ since: NOW - HOUR_MS }, 1),
      'blocks',
    ],
    ['is no shorter one for which others wait', row({ since: NOW - HOUR_MS + 1 }, 1), undefined],
    ['is no hold of which nobody knows when it began', row({}, 1), undefined],
  ];
  for (const [title, shown, hint] of cases) it(title, () => assert.equal(hintOf(shown, NOW), hint));
});

describe('the history of the sidebar', () => {
  const waiter = { locker: 'light', requester: 'panel', priority: 0 };
  const event = (what: AuditEvent['event'], resources = ['lamp']): AuditEvent => ({
    ...waiter,
    time: new Date(NOW).toISOString(),
    event: what,
    resources,
  });
  const waiting = (resource: string) => ({
    ...{ v: 1 as const, resource, state: 'held' as const, epoch: 1, claims: [] },
    waiting: [waiter],
    waitingCount: 1,
  });

  it('knows since when somebody waits who has lost what he had, until he has it again', () => {
    const history = new History();
    history.note(event('requeued'));
    assert.equal(history.waitsSince('lamp', waiter), NOW);
    history.note(event('granted'));
    assert.equal(history.waitsSince('lamp', waiter), undefined);
  });

  it('knows since when somebody waits whom it has seen come, but not of those who were there before', () => {
    const history = new History();
    history.noteWaiting(waiting('lamp'), Number.NaN);
    history.noteWaiting(waiting('lamp'), NOW);
    history.noteWaiting(waiting('siren'), NOW);
    history.noteWaiting(waiting('siren'), NOW + 1);
    assert.deepEqual(
      [history.waitsSince('lamp', waiter), history.waitsSince('siren', waiter)],
      [undefined, NOW],
    );
  });

  it('forgets the earliest of more waits than it can keep', () => {
    const history = new History();
    for (let index = 0; index <= 10_000; index += 1) history.noteWaiting(waiting(`lamp ${index}`), NOW);
    assert.deepEqual(
      [history.waitsSince('lamp 0', waiter), history.waitsSince('lamp 1', waiter)],
      [undefined, NOW],
    );
  });
});
