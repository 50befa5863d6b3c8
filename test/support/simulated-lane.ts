// One direction of one connection in memory: everything arrives in order, after a while, or not while it is cut.
import type { Clock } from '../../src/protocol/clock';

export type Direction = 'up' | 'down';

/** What lies between a client and the broker. Up is towards the broker. */
export interface Route {
  /** How long the next message takes, in ms. */
  delay(direction: Direction): number;
  /** Nothing arrives, and nothing is lost either, as long as the connection lasts. */
  isCut(direction: Direction): boolean;
  /** How often a message at QoS 0 arrives: 0, 1 or 2 times. */
  copies(): number;
}

export class Lane {
  readonly #clock: Clock;
  readonly #route: Route;
  readonly #direction: Direction;
  /** What is on its way, in order. */
  #passing: (() => void)[] = [];
  #lastArrival = 0;
  /** So many should have arrived while the route was cut. */
  #missed = 0;

  constructor(clock: Clock, route: Route, direction: Direction) {
    this.#clock = clock;
    this.#route = route;
    this.#direction = direction;
  }

  send(arrive: () => void): void {
    this.#passing.push(arrive);
    const now = this.#clock.now().monotonic;
    this.#lastArrival = Math.max(this.#lastArrival, now + this.#route.delay(this.#direction));
    this.#clock.setTimer(this.#lastArrival - now, () => this.#arrive());
  }

  /** The route may be open again. */
  goOn(): void {
    if (this.#missed === 0 || this.#route.isCut(this.#direction)) return;
    const delay = this.#route.delay(this.#direction);
    for (; this.#missed > 0; this.#missed--) this.#clock.setTimer(delay, () => this.#arrive());
  }

  /** What is on its way arrives no more. */
  close(): void {
    this.#passing = [];
  }

  /** The next one, whichever it was set for: none overtakes another. */
  #arrive(): void {
    if (this.#route.isCut(this.#direction)) this.#missed++;
    else this.#passing.shift()?.();
  }
}
