// A table with a hand on its clock, so that a test of a rule reads as a short story.
import assert from 'node:assert/strict';
import type { ClaimCommand, ClaimView, Command, LockEvent, Now, ResourceView } from '../../src/core';
import { innerSteps } from './core-compare';
import { outcomes } from './core-event-lines';
import type { CreateTable, Table, TableOptions } from './core-table';
import { Invariants } from './table-invariants';

type ClaimOptions = Partial<Omit<ClaimCommand, 'type' | 'id' | 'resources'>>;

/** Wall ms when the monotonic clock shows 0. */
export const EPOCH = 1_000_000;

export class Scene {
  readonly table: Table;
  /** The events of the last step as they are. */
  events: readonly LockEvent[] = [];
  readonly #invariants: Invariants;
  #now: Now = { monotonic: 0, wall: EPOCH };

  constructor(create: CreateTable, options?: TableOptions) {
    this.table = create(options);
    this.#invariants = new Invariants(this.table);
  }

  /** Sets both clocks; the next command is given then. */
  at(monotonic: number, wall = EPOCH + monotonic): this {
    this.#now = { monotonic, wall };
    return this;
  }

  /** Gives any command; the outcomes as lines. The invariants are checked after each. */
  apply(command: Command): string[] {
    this.events = this.table.apply(command, this.#now);
    this.#invariants.check(command, this.#now, this.events);
    return outcomes(this.events);
  }

  /** A claim of a locker of its own name, unless the options name one. */
  claim(id: string, resources: string | readonly string[], options: ClaimOptions = {}): string[] {
    const names = typeof resources === 'string' ? [resources] : resources;
    return this.apply({ type: 'claim', id, resources: names, locker: id, ...options });
  }

  release(id: string): string[] {
    return this.apply({ type: 'release', id });
  }

  update(id: string, change: { priority?: number; value?: string; renew?: boolean; ttl?: number }): string[] {
    return this.apply({ type: 'update', id, ...change });
  }

  yield(id: string): string[] {
    return this.apply({ type: 'yield', id });
  }

  force(resource: string, token: number): string[] {
    return this.apply({ type: 'forceRelease', resource, token, by: 'operator' });
  }

  endSession(session: string): string[] {
    return this.apply({ type: 'endSession', session });
  }

  tick(): string[] {
    return this.apply({ type: 'tick' });
  }

  /** Lets time pass up to then, as one late tick. */
  tickAt(monotonic: number): string[] {
    return this.at(monotonic).tick();
  }

  /** A live claim; fails when there is none. */
  see(id: string): ClaimView {
    const claim = this.table.claim(id);
    assert.ok(claim, `there is a claim ${id}`);
    return claim;
  }

  /** A resource with live claims; fails when there is none. */
  seeResource(name: string): ResourceView {
    const resource = this.table.resource(name);
    assert.ok(resource, `there is a resource ${name}`);
    return resource;
  }

  /** Who holds a resource, by claim id. */
  holders(name: string): readonly string[] {
    return this.table.resource(name)?.claims ?? [];
  }

  /** Who waits for a resource, by claim id, in order of rank. */
  waiters(name: string): string[] {
    return (this.table.resource(name)?.waiting ?? []).map(({ id }) => id);
  }

  /** The outcomes of the last call, one list for each inner step. */
  steps(): string[][] {
    return innerSteps(this.events).map(outcomes);
  }
}
