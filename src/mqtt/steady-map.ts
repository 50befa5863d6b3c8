// A map that is empty again and again, as that of the live claims is when flows lock for a moment. A `Map` whose last
// entry goes is made anew by the engine, and for one that has lived long this costs more than all else in a lock and
// fills the old part of the heap. Here the newest entry has a place of its own, so that the `Map` stays as it is.

interface Newest<Key, Value> {
  readonly key: Key;
  readonly value: Value;
}

export class SteadyMap<Key, Value> implements ReadonlyMap<Key, Value> {
  readonly #older = new Map<Key, Value>();
  #newest: Newest<Key, Value> | undefined = undefined;

  get size(): number {
    return this.#older.size + (this.#newest === undefined ? 0 : 1);
  }

  get(key: Key): Value | undefined {
    return this.#newest?.key === key ? this.#newest.value : this.#older.get(key);
  }

  has(key: Key): boolean {
    return this.#newest?.key === key || this.#older.has(key);
  }

  set(key: Key, value: Value): this {
    if (this.#older.size > 0 && this.#older.has(key)) this.#older.set(key, value);
    else {
      const before = this.#newest;
      if (before !== undefined && before.key !== key) this.#older.set(before.key, before.value);
      this.#newest = { key, value };
    }
    return this;
  }

  delete(key: Key): boolean {
    if (this.#newest?.key !== key) return this.#older.delete(key);
    this.#newest = undefined;
    return true;
  }

  clear(): void {
    this.#newest = undefined;
    this.#older.clear();
  }

  forEach(callback: (value: Value, key: Key, map: ReadonlyMap<Key, Value>) => void): void {
    for (const [key, value] of this) callback(value, key, this);
  }

  /** In the order of insertion; what is added or deleted on the way counts. */
  *entries(): Generator<[Key, Value], undefined, unknown> {
    yield* this.#older.entries();
    let told: Newest<Key, Value> | undefined;
    while (this.#newest !== undefined && this.#newest.key !== told?.key) {
      told = this.#newest;
      yield [told.key, told.value];
    }
  }

  *keys(): Generator<Key, undefined, unknown> {
    for (const [key] of this.entries()) yield key;
  }

  *values(): Generator<Value, undefined, unknown> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): Generator<[Key, Value], undefined, unknown> {
    return this.entries();
  }
}
