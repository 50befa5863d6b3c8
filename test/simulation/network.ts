// What lies between one client of a simulated process and the broker: how long messages take, what does not get through.
import type { Direction, Route } from '../support/simulated-lane';
import type { Chance } from './chance';

/** Of one process. */
export interface Weather {
  /** Of a message, in ms. */
  latency: readonly [least: number, most: number];
  /** Longer by so much, at most, in ms. */
  delay: number;
  /** This share of the messages at QoS 0 is lost, or comes twice. */
  lossyShare: number;
}

export class SimulatedRoute implements Route {
  readonly #weather: Weather;
  readonly #chance: Chance;
  readonly #cuts = { up: 0, down: 0 };

  constructor(weather: Weather, chance: Chance) {
    this.#weather = weather;
    this.#chance = chance;
  }

  /** Cuts of the same direction add up. */
  cut(direction: Direction): void {
    this.#cuts[direction]++;
  }

  mend(direction: Direction): void {
    this.#cuts[direction]--;
  }

  delay(): number {
    const { latency, delay } = this.#weather;
    return this.#chance.between(...latency) + (delay > 0 ? this.#chance.between(0, delay) : 0);
  }

  isCut(direction: Direction): boolean {
    return this.#cuts[direction] > 0;
  }

  copies(): number {
    const { lossyShare } = this.#weather;
    if (lossyShare === 0 || !this.#chance.happens(lossyShare)) return 1;
    return this.#chance.happens(0.8) ? 0 : 2;
  }
}
