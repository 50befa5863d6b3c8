// Runs the tests of one rule against both the lock table and its model.
import { Scene } from './core-scene';
import { type TableOptions, tables } from './core-table';

/** Opens a scene with an empty table. */
export type OpenScene = (options?: TableOptions) => Scene;

/** Describes a rule; its tests are made once for each table. */
export function describeRule(title: string, tests: (scene: OpenScene) => void): void {
  for (const [name, create] of tables) {
    describe(`${title} (${name})`, () => tests((options) => new Scene(create, options)));
  }
}
