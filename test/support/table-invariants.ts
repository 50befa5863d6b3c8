// The invariants of the lock table, checked after every step from its events and views alone.
import assert from 'node:assert/strict';
import type { ClaimView, Command, LockEvent, Now, ResourceView } from '../../src/core';
import { changedIn, claimsOf, innerSteps, resourcesOf } from './core-compare';
import { Fates } from './core-fates';
import type { Table } from './core-table';

/** Watches one table from its first step on. */
export class Invariants {
  readonly #table: Table;
  readonly #fates = new Fates();
  #time = 0;
  #lastToken: number;
  #resources = new Map<string, ResourceView>();

  constructor(table: Table) {
    this.#table = table;
    this.#lastToken = table.lastToken;
  }

  /** @throws {AssertionError} if an invariant does not hold after this step. */
  check(command: Command, now: Now, events: readonly LockEvent[]): void {
    this.#time = Math.max(this.#time, now.monotonic);
    const claims = claimsOf(this.#table);
    const resources = new Map(resourcesOf(this.#table).map((view) => [view.resource, view]));
    this.#fates.record(command, events);
    this.#fates.compare(claims);
    for (const claim of claims) checkClaim(claim, resources, this.#time);
    checkDeadline(this.#table.nextDeadline(), claims, this.#time);
    checkNames(claims, resources);
    for (const view of resources.values()) checkResource(view, claims);
    checkNobodyIsLeftWaiting(claims, resources);
    this.#checkTokens(resources);
    this.#checkChanges(resources, events);
    this.#resources = resources;
  }

  /** Tokens only grow: a hold that began in this step has one above all that were there before. */
  #checkTokens(resources: ReadonlyMap<string, ResourceView>): void {
    for (const { resource, token, locker, state } of resources.values()) {
      const before = this.#resources.get(resource);
      const isSameHold = token === 0 || (before?.token === token && before.locker === locker);
      assert.ok(isSameHold || token > this.#lastToken, `the token of ${resource} grew`);
      const isUndone = before?.state === 'revoking' && before.token === token && state !== 'revoking';
      assert.ok(!isUndone, `a revocation is not undone: ${resource}`);
      assert.ok(token <= this.#table.lastToken, `the last token is the greatest`);
    }
    assert.ok(this.#table.lastToken >= this.#lastToken, 'the last token only grows');
    this.#lastToken = this.#table.lastToken;
  }

  #checkChanges(resources: ReadonlyMap<string, ResourceView>, events: readonly LockEvent[]): void {
    for (const step of innerSteps(events)) {
      const changed = changedIn(step);
      assert.equal(new Set(changed).size, changed.length, 'one changed per resource and step');
    }
    const told = new Set(changedIn(events));
    for (const name of new Set([...resources.keys(), ...this.#resources.keys()])) {
      if (told.has(name)) continue;
      assert.deepEqual(resources.get(name), this.#resources.get(name), `${name} changed without being told`);
    }
  }
}

function checkClaim(claim: ClaimView, resources: ReadonlyMap<string, ResourceView>, time: number): void {
  const { id, state } = claim;
  assert.ok(claim.waitUntil > time, `${id} does not wait past its timeout`);
  assert.ok(claim.expires > time, `${id} does not live past its lease`);
  assert.ok((claim.until ?? Infinity) > time, `${id} is not revoking past its time`);
  assert.equal(claim.revoking, claim.revokedBy !== undefined);
  assert.equal(claim.revoking, claim.until !== undefined);
  assert.ok(state === 'held' || !claim.revoking, `only a held claim is revoking: ${id}`);
  const views = claim.resources.map((name) => resources.get(name));
  assert.deepEqual(
    views.map((view) => view?.claims.includes(id)),
    claim.resources.map(() => state === 'held'),
    `${id} holds all or nothing`,
  );
  assert.deepEqual(claim.tokens, state === 'held' ? views.map((view) => view?.token) : []);
  assert.equal(claim.token, Math.max(0, ...claim.tokens));
}

function checkDeadline(deadline: number, claims: readonly ClaimView[], time: number): void {
  assert.ok(deadline > time, 'no deadline is in the past');
  const times = claims.map((claim) => Math.min(claim.expires, claim.waitUntil, claim.until ?? Infinity));
  assert.equal(deadline, Math.min(Infinity, ...times), 'the deadline is the earliest of all claims');
}

function checkNames(claims: readonly ClaimView[], resources: ReadonlyMap<string, ResourceView>): void {
  assert.deepEqual([...resources.keys()], [...new Set(claims.flatMap((claim) => claim.resources))].sort());
}

function checkResource(view: ResourceView, claims: readonly ClaimView[]): void {
  const here = claims.filter((claim) => claim.resources.includes(view.resource));
  const holders = here.filter((claim) => claim.state === 'held');
  const waiting = here.filter((claim) => claim.state === 'waiting').sort(byRank);
  assert.deepEqual([...view.claims].sort(), holders.map((claim) => claim.id).sort());
  assert.ok(new Set(holders.map((claim) => claim.locker)).size <= 1, `one locker has ${view.resource}`);
  assert.equal(view.locker, holders[0]?.locker);
  assert.deepEqual(
    view.waiting.map(({ id }) => id),
    waiting.map(({ id }) => id),
  );
  assert.equal(view.waitingCount, waiting.length);
  assert.equal(view.state, stateOf(holders));
  assert.equal(view.priority, holders.length > 0 ? priorityOf(holders) : undefined);
  assert.deepEqual(view.value, valueInCharge(holders));
  assert.equal(
    view.expires,
    holders.length > 0 ? Math.max(...holders.map((claim) => claim.expires)) : Infinity,
  );
}

function stateOf(holders: readonly ClaimView[]): ResourceView['state'] {
  if (holders.length === 0) return 'free';
  return holders.every((claim) => claim.revoking) ? 'revoking' : 'held';
}

function priorityOf(holders: readonly ClaimView[]): number {
  return Math.max(...holders.map((claim) => claim.priority));
}

function valueInCharge(holders: readonly ClaimView[]): unknown {
  const valued = holders.filter((claim) => claim.value !== undefined);
  const highest = valued.filter((claim) => claim.priority === priorityOf(valued));
  return highest.sort((a, b) => b.written - a.written)[0]?.value;
}

function byRank(a: ClaimView, b: ClaimView): number {
  return b.priority - a.priority || a.order - b.order;
}

/** Nobody could be granted or had to begin a revocation, given what those above it keep for themselves (rule 8). */
function checkNobodyIsLeftWaiting(
  claims: readonly ClaimView[],
  resources: ReadonlyMap<string, ResourceView>,
): void {
  const kept = new Set<string>();
  for (const claim of claims.filter(({ state }) => state === 'waiting').sort(byRank)) {
    const obstacles = claim.resources.map((name) =>
      kept.has(name) ? 'closed' : obstacle(claim, resources.get(name), claims),
    );
    if (obstacles.includes('closed')) continue;
    assert.ok(obstacles.includes('revoking'), `${claim.id} could be granted or had to revoke: ${obstacles}`);
    assert.ok(!obstacles.includes('to revoke'), `${claim.id} revokes all at once: ${obstacles}`);
    for (const name of claim.resources) kept.add(name);
  }
}

/** What keeps a claim from a resource: nothing, a running revocation, one that it should begin, or a hold to wait for. */
function obstacle(
  claim: ClaimView,
  view: ResourceView | undefined,
  claims: readonly ClaimView[],
): 'none' | 'revoking' | 'to revoke' | 'closed' {
  if (view === undefined || view.state === 'free') return 'none';
  if (view.state === 'revoking') return 'revoking';
  if (view.locker === claim.locker) return 'none';
  if (!claim.preempt || claim.priority <= (view.priority ?? 0)) return 'closed';
  const holders = claims.filter(({ id }) => view.claims.includes(id));
  const isTakenAtTheGrant = holders.every((one) => !one.revoking && one.grace === 0 && one.handover === 0);
  return isTakenAtTheGrant ? 'none' : 'to revoke';
}
