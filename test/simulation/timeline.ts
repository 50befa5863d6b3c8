// The true time of a simulated world, which nobody in it knows, and the loop that lets everything happen in order.
import type { Clock, Timer } from '../../src/protocol/clock';
import { EventQueue } from './event-queue';

/** So often the real event loop has its turn: for messages of other threads, and for rejections that nobody handles. */
const TURN = 1 << 14;

export class Timeline implements Clock {
  /** Ms since the beginning of the world. */
  time = 0;
  /** How much has happened. */
  steps = 0;
  /** Called after each step, when every promise has gone on as far as it can. */
  afterStep: () => void = () => undefined;
  readonly #queue = new EventQueue();

  now() {
    return { monotonic: this.time, wall: this.time };
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    if (delayMs === Infinity) return { cancel: () => undefined };
    return this.#queue.add(this.time + Math.max(0, delayMs), callback);
  }

  /** Lets everything happen that is due until then, each with all that promises do after it. Rejects when a step throws. */
  run(until: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = () => {
        try {
          this.afterStep();
          const next = this.#queue.take(until);
          if (next === undefined) {
            this.time = until;
            resolve();
            return;
          }
          this.time = next.at;
          next.callback?.();
        } catch (error) {
          reject(error);
          return;
        }
        this.steps++;
        if (this.steps % TURN === 0) setImmediate(step);
        else queueMicrotask(settle);
      };
      // A tick that is asked for by a promise comes when every promise has gone on as far as it can: eight times as
      // fast as a turn of the event loop.
      const settle = () => process.nextTick(step);
      queueMicrotask(settle);
    });
  }
}
