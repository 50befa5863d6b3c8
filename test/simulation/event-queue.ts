// What is to happen in a simulated world, by time: a binary heap, with the order of setting where times are equal.
import type { Timer } from '../../src/protocol/clock';

/** Cancelled ones are thrown out together, when there are so many and they are the most. */
const MANY_CANCELLED = 1_000;

export class Happening implements Timer {
  readonly at: number;
  readonly order: number;
  /** `undefined` once it is cancelled or over. */
  callback: (() => void) | undefined;
  readonly #queue: EventQueue;

  constructor(queue: EventQueue, at: number, order: number, callback: () => void) {
    this.#queue = queue;
    this.at = at;
    this.order = order;
    this.callback = callback;
  }

  cancel(): void {
    if (this.callback === undefined) return;
    this.callback = undefined;
    this.#queue.noteCancelled();
  }
}

export class EventQueue {
  #heap: Happening[] = [];
  #order = 0;
  #cancelled = 0;

  /** How many are to happen. */
  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  add(at: number, callback: () => void): Happening {
    const happening = new Happening(this, at, this.#order++, callback);
    this.#heap.push(happening);
    this.#rise(this.#heap.length - 1);
    return happening;
  }

  /** Takes the first one out, unless it is later than `until`. */
  take(until: number): Happening | undefined {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (first.at > until) return undefined;
      this.#removeFirst();
      if (first.callback !== undefined) return first;
      this.#cancelled--;
    }
    return undefined;
  }

  noteCancelled(): void {
    this.#cancelled++;
    if (this.#cancelled < MANY_CANCELLED || this.#cancelled * 2 < this.#heap.length) return;
    // What is in order is a heap, too.
    this.#heap = this.#heap.filter(({ callback }) => callback !== undefined).sort(compare);
    this.#cancelled = 0;
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(start: number): void {
    const heap = this.#heap;
    let index = start;
    const risen = heap[index] as Happening;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const other = heap[above] as Happening;
      if (compare(other, risen) <= 0) break;
      heap[index] = other;
      index = above;
    }
    heap[index] = risen;
  }

  #sink(start: number): void {
    const heap = this.#heap;
    let index = start;
    const sunk = heap[index] as Happening;
    for (let below = 1; below < heap.length; below = 2 * index + 1) {
      const right = heap[below + 1];
      if (right !== undefined && compare(right, heap[below] as Happening) < 0) below++;
      const other = heap[below] as Happening;
      if (compare(sunk, other) <= 0) break;
      heap[index] = other;
      index = below;
    }
    heap[index] = sunk;
  }
}

function compare(left: Happening, right: Happening): number {
  return left.at - right.at || left.order - right.order;
}
