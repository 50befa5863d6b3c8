// One that holds a door and three that wait for it, over whose heads a fault comes: the hold must stand, and they must
// come in as they stood.
import assert from 'node:assert/strict';
import type { LockProcess } from './lock-process';

/** So high that nobody takes it. */
const OF_HOLDER = 9;
const LOST_CONTACT = 'Lock Session Lost';

export interface QueueParts {
  readonly holder: LockProcess;
  /** It comes last, with the highest priority of those who wait. */
  readonly urgent: LockProcess;
  readonly first: LockProcess;
  readonly second: LockProcess;
}

export class FaultQueue {
  readonly #door: string;
  #inside: LockProcess;
  readonly #waiting: LockProcess[];

  private constructor(door: string, { holder, urgent, first, second }: QueueParts) {
    this.#door = door;
    this.#inside = holder;
    this.#waiting = [urgent, first, second];
  }

  /** Resolves when all stand there. */
  static async form(door: string, parts: QueueParts): Promise<FaultQueue> {
    const { holder, first, second, urgent } = parts;
    const queue = new FaultQueue(door, parts);
    holder.order({ do: 'take', resource: door, priority: OF_HOLDER });
    await queue.#isIn(holder);
    holder.order({ do: 'watch', resource: door });
    for (const [index, it] of [first, second, urgent].entries()) {
      it.order({ do: 'take', resource: door, priority: it === urgent ? 1 : 0 });
      await holder.next('waiting', 1, 0, ({ resource, count }) => resource === door && count === index + 1);
    }
    return queue;
  }

  /** The one that is in goes; resolves when the next one is in, and nobody has pushed in. */
  async goesOn(): Promise<void> {
    const [before, next] = [this.#inside, this.#waiting.shift()];
    if (next === undefined) throw new Error('nobody waits');
    const over = before.last('over', ({ resource }) => resource === this.#door);
    // Only where nobody could be reached for a whole session, as on a machine that stands still: it was told so.
    if (over !== undefined) assert.equal(over.code, LOST_CONTACT);
    const { token } = await this.#isIn(before);
    before.order({ do: 'give', resource: this.#door });
    const taken = await this.#isIn(next);
    assert.ok(taken.token > token, `${next.name} has ${taken.token} after ${token}`);
    this.#inside = next;
  }

  /** Resolves when all have been in, one after the other. */
  async comesIn(): Promise<void> {
    while (this.#waiting.length > 0) await this.goesOn();
    this.#inside.order({ do: 'give', resource: this.#door });
  }

  async #isIn(process: LockProcess): Promise<{ readonly token: number }> {
    const [taken] = await process.next('taken', 1, 0, ({ resource }) => resource === this.#door);
    return taken;
  }
}
