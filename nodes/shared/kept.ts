// What outlives a node while a deploy puts a new one in its place, by the path of the node.
import type { EventEmitter } from 'node:events';

export class Kept<Thing> {
  readonly #things = new Map<string, Thing>();
  readonly #end: (thing: Thing) => void;
  #isWatching = false;

  /** `end` is called with what nobody has come back for when the deploy is through: its node is deleted or disabled. */
  constructor(end: (thing: Thing) => void) {
    this.#end = end;
  }

  /** What an earlier node of this path has left. */
  take(path: string): Thing | undefined {
    const thing = this.#things.get(path);
    this.#things.delete(path);
    return thing;
  }

  /** The node closes and may come back. A stop of all flows leaves everything here until they start again. */
  leave(path: string, thing: Thing, runtime: EventEmitter): void {
    this.#things.set(path, thing);
    if (this.#isWatching) return;
    this.#isWatching = true;
    // A start that was under way before this node was closed does not count.
    runtime.once('flows:starting', () => runtime.once('flows:started', () => this.#sweep()));
  }

  #sweep(): void {
    this.#isWatching = false;
    const left = [...this.#things.values()];
    this.#things.clear();
    for (const thing of left) this.#end(thing);
  }
}
