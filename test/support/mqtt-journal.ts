// Journals for tests, each in a folder of its own.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal, type JournalOptions } from '../../src/mqtt/journal';
import type { Clock } from '../../src/protocol/clock';

export class JournalFolder {
  readonly directory = mkdtempSync(join(tmpdir(), 'journal-'));
  readonly path = join(this.directory, 'retained.journal');
  readonly lockPath = join(this.directory, 'in-use.json');
  readonly troubles: (string | undefined)[] = [];
  readonly warnings: string[] = [];
  readonly #clock: Clock;
  readonly #journals: Journal[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async open(options: Partial<JournalOptions> = {}): Promise<Journal> {
    const journal = new Journal({
      directory: this.directory,
      clock: this.#clock,
      onTrouble: (trouble) => this.troubles.push(trouble),
      warn: (text) => this.warnings.push(text),
      ...options,
    });
    this.#journals.push(journal);
    await journal.start();
    return journal;
  }

  /** What a process would find that starts after this one was killed: the file as it is. */
  async reopen(): Promise<Journal> {
    const other = new JournalFolder(this.#clock);
    writeFileSync(other.path, readFileSync(this.path));
    const journal = await other.open();
    this.warnings.push(...other.warnings);
    await journal.stop();
    await other.remove();
    return journal;
  }

  async remove(): Promise<void> {
    for (const journal of this.#journals) await journal.stop();
    await rm(this.directory, { recursive: true });
  }
}

/** Appends, and resolves when it is acknowledged. */
export function append(journal: Journal, topic: string, payload: string | Buffer): Promise<void> {
  return new Promise((resolve) => {
    journal.append({ topic, payload: Buffer.from(payload), qos: 1 }, resolve);
  });
}

/** What it retains, as text by topic. */
export function contents(journal: Journal): Record<string, string> {
  return Object.fromEntries([...journal.retained].map(([topic, { payload }]) => [topic, payload.toString()]));
}
