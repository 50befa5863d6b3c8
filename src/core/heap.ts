// A binary heap whose items know their place in it, so that any of them can be moved or taken out in O(log n).
// Source: J. W. J. Williams, "Algorithm 232: Heapsort" (1964).

export class Heap<T> {
  readonly #items: T[] = [];
  readonly #isBefore: (a: T, b: T) => boolean;
  readonly #place: (item: T, index: number) => void;

  /** `place` is told where an item is now, or -1 when it has left. */
  constructor(isBefore: (a: T, b: T) => boolean, place: (item: T, index: number) => void) {
    this.#isBefore = isBefore;
    this.#place = place;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    this.#items.push(item);
    this.#rise(item, this.#items.length - 1);
  }

  pop(): T | undefined {
    const first = this.#items[0];
    if (first !== undefined) this.removeAt(0);
    return first;
  }

  /** Takes out the item at this place, where one must be. */
  removeAt(index: number): void {
    const removed = this.#items[index] as T;
    const last = this.#items.pop() as T;
    this.#place(removed, -1);
    if (removed !== last) this.#settle(last, index);
  }

  /** The item at this place has another rank now. */
  moved(index: number): void {
    const item = this.#items[index];
    if (item !== undefined) this.#settle(item, index);
  }

  /** All items, best first, found one by one: the first k cost O(k log k). */
  *ranked(): Generator<T, void, undefined> {
    const items = this.#items;
    const isBefore = this.#isBefore;
    const frontier = new Heap<{ readonly item: T; readonly index: number }>(
      (a, b) => isBefore(a.item, b.item),
      () => {},
    );
    const reach = (index: number) => {
      const item = items[index];
      if (item !== undefined) frontier.push({ item, index });
    };
    reach(0);
    for (let next = frontier.pop(); next !== undefined; next = frontier.pop()) {
      yield next.item;
      reach(2 * next.index + 1);
      reach(2 * next.index + 2);
    }
  }

  #settle(item: T, index: number): void {
    const parent = this.#items[(index - 1) >> 1];
    if (index > 0 && parent !== undefined && this.#isBefore(item, parent)) this.#rise(item, index);
    else this.#sink(item, index);
  }

  #rise(item: T, from: number): void {
    const items = this.#items;
    let index = from;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = items[above] as T;
      if (!this.#isBefore(item, parent)) break;
      items[index] = parent;
      this.#place(parent, index);
      index = above;
    }
    items[index] = item;
    this.#place(item, index);
  }

  #sink(item: T, from: number): void {
    const items = this.#items;
    const size = items.length;
    let index = from;
    for (let below = 2 * index + 1; below < size; below = 2 * index + 1) {
      const right = below + 1;
      if (right < size && this.#isBefore(items[right] as T, items[below] as T)) below = right;
      const child = items[below] as T;
      if (!this.#isBefore(child, item)) break;
      items[index] = child;
      this.#place(child, index);
      index = below;
    }
    items[index] = item;
    this.#place(item, index);
  }
}
