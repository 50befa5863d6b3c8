// A map from names to what lives under them, made for names that come and go all day.
//
// V8's Map copies its table whenever deleted entries have filled it, and a nearly empty one has room for two. The copy
// that is left behind keeps what it named alive until the next full collection, which made an uncontended lock five
// times slower. A few entries that never leave keep the table large enough for that to be rare.

const BALLAST = 64;

export class IndexMap<V> {
  readonly #map = new Map<string | number, V | undefined>();

  constructor() {
    for (let key = 0; key < BALLAST; key++) this.#map.set(key, undefined);
  }

  get size(): number {
    return this.#map.size - BALLAST;
  }

  get(key: string): V | undefined {
    return this.#map.get(key);
  }

  set(key: string, value: V): void {
    this.#map.set(key, value);
  }

  delete(key: string): void {
    this.#map.delete(key);
  }

  *values(): Generator<V, void, undefined> {
    for (const value of this.#map.values()) if (value !== undefined) yield value;
  }

  *keys(): Generator<string, void, undefined> {
    for (const key of this.#map.keys()) if (typeof key === 'string') yield key;
  }
}
