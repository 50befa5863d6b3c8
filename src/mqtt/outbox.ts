// What one connection has still to hear about: keeps the order of what is sent, keeps to the number of unacknowledged
// messages that the broker allows, and fails whatever is left when the connection is gone.

/** Sends something, and calls back when it is acknowledged (or, where nothing is, sent). */
export type Send = (done: (error?: Error | null) => void) => void;

interface Waiting {
  readonly counts: boolean;
  readonly send: Send;
  readonly settle: (error?: Error | null) => void;
}

export class Outbox {
  readonly #limit: number;
  #unacknowledged = 0;
  #waiting: Waiting[] = [];
  readonly #unsettled = new Set<(error: Error) => void>();

  /** `limit` is how many counted messages may be on their way at once. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Sends it after everything before it; `counts` says whether it takes one of the places. */
  send(counts: boolean, send: Send): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#unsettled.add(reject);
      const settle = (error?: Error | null) => {
        this.#unsettled.delete(reject);
        if (error) reject(error);
        else resolve();
      };
      this.#waiting.push({ counts, send, settle });
      this.#pump();
    });
  }

  /** The connection is gone: nothing more is sent, and nobody is left waiting. */
  fail(error: Error): void {
    this.#waiting = [];
    for (const reject of this.#unsettled) reject(error);
    this.#unsettled.clear();
  }

  #pump(): void {
    for (
      let next = this.#waiting[0];
      next !== undefined && this.#hasPlaceFor(next);
      next = this.#waiting[0]
    ) {
      this.#waiting.shift();
      this.#start(next);
    }
  }

  #hasPlaceFor({ counts }: Waiting): boolean {
    return !counts || this.#unacknowledged < this.#limit;
  }

  #start({ counts, send, settle }: Waiting): void {
    if (!counts) {
      send(settle);
      return;
    }
    this.#unacknowledged += 1;
    send((error) => {
      this.#unacknowledged -= 1;
      settle(error);
      this.#pump();
    });
  }
}
