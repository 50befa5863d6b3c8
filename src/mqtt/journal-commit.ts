// Writes in batches: whatever is appended while one write is under way goes out together with the next one, and each is
// told when its own bytes are written. Keeps the order of everything.

interface Waiting {
  readonly bytes: Buffer;
  readonly done: () => void;
}

const NOTHING = Buffer.alloc(0);

export class GroupCommit {
  readonly #write: (bytes: Buffer) => Promise<void>;
  #waiting: Waiting[] = [];
  readonly #tasks: (() => Promise<void>)[] = [];
  #isRunning = false;

  /** `write` must not reject. */
  constructor(write: (bytes: Buffer) => Promise<void>) {
    this.#write = write;
  }

  /** Calls back when these bytes and all before them are written. */
  append(bytes: Buffer, done: () => void): void {
    this.#waiting.push({ bytes, done });
    this.#wake();
  }

  /** Calls back when all that was appended before is written: at once when there is nothing. */
  after(done: () => void): void {
    if (this.#isRunning) this.append(NOTHING, done);
    else done();
  }

  /** Runs a task that must not reject while nothing is written; appends wait for it. */
  between(task: () => Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      this.#tasks.push(async () => {
        await task();
        resolve();
      });
      this.#wake();
    });
  }

  #wake(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    // A moment later, so that what is appended in the same moment goes out together.
    queueMicrotask(() => void this.#run());
  }

  async #run(): Promise<void> {
    while (this.#tasks.length > 0 || this.#waiting.length > 0) {
      const task = this.#tasks.shift();
      if (task === undefined) await this.#writeBatch();
      else await task();
    }
    this.#isRunning = false;
  }

  async #writeBatch(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    const bytes = batch.length === 1 ? batch[0]?.bytes : Buffer.concat(batch.map((waiting) => waiting.bytes));
    if (bytes !== undefined && bytes.length > 0) await this.#write(bytes);
    for (const { done } of batch) done();
  }
}
