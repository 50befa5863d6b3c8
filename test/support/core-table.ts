// What the tests of the lock table need of one, so that the table and its dumb model can take the same tests.

import type { ClaimView, Command, Limits, LockEvent, Now, ResourceView } from '../../src/core';
import { LockTable } from '../../src/core';
import { TableModel } from './table-model';

export interface Table {
  apply(command: Command, now: Now): readonly LockEvent[];
  nextDeadline(): number;
  readonly lastToken: number;
  claim(id: string): ClaimView | undefined;
  claims(): Iterable<ClaimView>;
  resource(name: string, waiters?: number): ResourceView | undefined;
  resources(): Iterable<string>;
}

export interface TableOptions {
  readonly limits?: Partial<Limits>;
  readonly tokenFloor?: number;
}

export type CreateTable = (options?: TableOptions) => Table;

/** Both readings of the rules, by name; what holds for one must hold for the other. */
export const tables: readonly (readonly [string, CreateTable])[] = [
  ['lock table', (options) => new LockTable(options)],
  ['model', (options) => new TableModel(options)],
];
