// The live claims of one acquire node, by key, counted so that a status costs the same with ten thousand of them.
import { SteadyMap } from '../../src/mqtt/steady-map';
import type { Wish } from './wish';

export class WishList {
  readonly #wishes = new SteadyMap<string, Wish>();
  #mine = 0;

  get size(): number {
    return this.#wishes.size;
  }

  /** How many of them the node has. */
  get mine(): number {
    return this.#mine;
  }

  /** The one that there is, where there is just one. */
  get only(): Wish | undefined {
    if (this.#wishes.size !== 1) return undefined;
    const [wish] = this.#wishes.values();
    return wish;
  }

  /** A copy: what is done with one may end others. */
  get all(): readonly Wish[] {
    return [...this.#wishes.values()];
  }

  get(key: string): Wish | undefined {
    return this.#wishes.get(key);
  }

  add(wish: Wish): void {
    this.#wishes.set(wish.key, wish);
    if (wish.isMine) this.#mine += 1;
  }

  remove(wish: Wish): void {
    if (this.#wishes.get(wish.key) !== wish) return;
    this.#wishes.delete(wish.key);
    if (wish.isMine) this.#mine -= 1;
  }

  /** The node has it now, or no longer. */
  mark(wish: Wish, isMine: boolean): void {
    if (wish.isMine === isMine) return;
    wish.isMine = isMine;
    if (this.#wishes.get(wish.key) === wish) this.#mine += isMine ? 1 : -1;
  }
}
