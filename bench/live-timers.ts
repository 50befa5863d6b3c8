// Counts the timers that were set and neither ran nor were cleared. Node's own list of what is active leaves out those
// that do not keep the process alive, which is what all timers of the library are.

type TimerFunctions = Pick<typeof globalThis, 'setTimeout' | 'clearTimeout'>;

export class LiveTimers {
  readonly #live = new Set<unknown>();
  readonly #real: TimerFunctions = { setTimeout, clearTimeout };

  start(): void {
    const { setTimeout: set, clearTimeout: clear } = this.#real;
    const live = this.#live;
    const counted = (callback: () => void, delayMs?: number) => {
      const timer = set(() => {
        live.delete(timer);
        callback();
      }, delayMs);
      live.add(timer);
      return timer;
    };
    globalThis.setTimeout = Object.assign(counted, set);
    globalThis.clearTimeout = (timer) => {
      live.delete(timer);
      clear(timer);
    };
  }

  stop(): void {
    Object.assign(globalThis, this.#real);
  }

  get count(): number {
    return this.#live.size;
  }
}
