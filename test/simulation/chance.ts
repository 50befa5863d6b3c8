// Chance from a seed: the same seed, the same world.
import type { Random } from '../../src/protocol/clock';

export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = scramble(seed >>> 0);
  }

  /** From 0 up to, but not, 1. */
  readonly random: Random = () => {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    return scramble(this.#state) / 2 ** 32;
  };

  /** Another source that depends on this one's seed and on the name alone, if it is asked for first. */
  fork(name: string): Chance {
    let hash = this.#state;
    for (let index = 0; index < name.length; index++)
      hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
    return new Chance(hash);
  }

  /** Whether something of this probability happens. */
  happens(probability: number): boolean {
    return this.random() < probability;
  }

  between(least: number, most: number): number {
    return least + this.random() * (most - least);
  }

  integer(least: number, most: number): number {
    return Math.floor(this.between(least, most + 1));
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.random() * items.length)] as Item;
  }

  /** Waits that have this mean, as between things that know nothing of each other. */
  wait(mean: number): number {
    return -Math.log(1 - this.random()) * mean;
  }
}

function scramble(state: number): number {
  let hash = Math.imul(state ^ (state >>> 15), state | 1);
  hash ^= hash + Math.imul(hash ^ (hash >>> 7), hash | 61);
  return (hash ^ (hash >>> 14)) >>> 0;
}
