// A map from names to what lives under them, made for names that come and go all day.
//
// V8's Map copies its table whenever deleted entries have filled it; a copy that is left behind in the old generation
// keeps alive what it named until the next full collection, which made an uncontended lock several times slower. So
// new names go into a small map that dies young, and only those that outlive it are moved to the lasting one.

const NURSERY_SIZE = 256;

export class IndexMap<V extends object> {
  /** How many names have something under them. */
  size = 0;
  #nursery = new Map<string, V | undefined>();
  readonly #lasting = new Map<string, V>();

  get(key: string): V | undefined {
    return this.#nursery.get(key) ?? this.#lasting.get(key);
  }

  /** Puts something under a name that has nothing. */
  add(key: string, value: V): void {
    this.size++;
    this.#nursery.set(key, value);
    if (this.#nursery.size >= NURSERY_SIZE) this.#moveOut();
  }

  /** Takes away what is under a name that has something. */
  delete(key: string): void {
    this.size--;
    if (this.#nursery.get(key) === undefined) this.#lasting.delete(key);
    else this.#nursery.set(key, undefined);
  }

  *entries(): Generator<readonly [string, V], void, undefined> {
    yield* this.#lasting;
    for (const [key, value] of this.#nursery) if (value !== undefined) yield [key, value];
  }

  #moveOut(): void {
    for (const [key, value] of this.#nursery) if (value !== undefined) this.#lasting.set(key, value);
    this.#nursery = new Map();
  }
}
