// When something has to be done about a claim: one timer for the earliest, none per claim.
import { Heap } from '../core';
import type { Clock, Timer } from '../protocol';

/** What can be due. */
export interface Dueable {
  /** Its place among the deadlines. */
  dueIndex: number;
  /** Monotonic ms; to be told of with `moved` whenever it may have become another. */
  dueAt(slack: number): number;
}

export class Deadlines<Thing extends Dueable> {
  readonly #clock: Clock;
  readonly #slack: () => number;
  readonly #act: (thing: Thing) => void;
  readonly #dues = new Map<Thing, number>();
  readonly #heap: Heap<Thing>;
  #timer: Timer | undefined;
  #timerDue = Infinity;

  /** `act` is called for what is due; afterwards it must be due later, or never. */
  constructor(clock: Clock, slack: () => number, act: (thing: Thing) => void) {
    this.#clock = clock;
    this.#slack = slack;
    this.#act = act;
    this.#heap = new Heap<Thing>(
      (a, b) => this.#dueOf(a) < this.#dueOf(b),
      (thing, index) => {
        thing.dueIndex = index;
      },
    );
  }

  /** It may be due at another time than before, or never. */
  moved(thing: Thing): void {
    const due = thing.dueAt(this.#slack());
    const was = this.#dues.get(thing);
    if (due === (was ?? Infinity)) return;
    if (due === Infinity) {
      this.#heap.removeAt(thing.dueIndex);
      this.#dues.delete(thing);
    } else {
      this.#dues.set(thing, due);
      if (was === undefined) this.#heap.push(thing);
      else this.#heap.moved(thing.dueIndex);
    }
    this.#keepTimer();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerDue = Infinity;
  }

  #dueOf(thing: Thing): number {
    return this.#dues.get(thing) ?? Infinity;
  }

  #keepTimer(): void {
    const first = this.#heap.peek();
    const due = first === undefined ? Infinity : this.#dueOf(first);
    // A timer that comes too early costs less than one that is set anew each time.
    if (due >= this.#timerDue) return;
    this.#timer?.cancel();
    this.#timerDue = due;
    this.#timer = this.#clock.setTimer(due - this.#clock.now().monotonic, () => this.#run());
  }

  #run(): void {
    this.#timer = undefined;
    this.#timerDue = Infinity;
    const { monotonic } = this.#clock.now();
    for (let first = this.#heap.peek(); first !== undefined; first = this.#heap.peek()) {
      if (this.#dueOf(first) > monotonic) break;
      this.#act(first);
      this.moved(first);
    }
    this.#keepTimer();
  }
}
