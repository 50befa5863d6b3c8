// What the embedded broker retains, and in which order it goes on: with a journal or in memory alone.
import type { Retained } from './journal-format';
import { topicMatcher } from './topic-filter';

export interface RetainedStore {
  readonly retained: ReadonlyMap<string, Retained>;
  start(): Promise<void>;
  /** Retains a message, or forgets the topic of an empty one; calls back when that is as safe as it gets. */
  append(entry: Retained, done: () => void): void;
  /** Calls back after everything that was appended before. */
  after(done: () => void): void;
  stop(): Promise<void>;
}

/** Forgets everything with the process. */
export class MemoryStore implements RetainedStore {
  readonly retained = new Map<string, Retained>();

  async start(): Promise<void> {
    this.retained.clear();
  }

  append(entry: Retained, done: () => void): void {
    if (entry.payload.length === 0) this.retained.delete(entry.topic);
    else this.retained.set(entry.topic, entry);
    done();
  }

  after(done: () => void): void {
    done();
  }

  async stop(): Promise<void> {
    this.retained.clear();
  }
}

/** Retained messages by filters, in the order of the filters. */
export function* retainedUnder(store: RetainedStore, filters: readonly string[]): Generator<Retained> {
  for (const filter of filters) {
    if (!/[+#]/.test(filter)) {
      const entry = store.retained.get(filter);
      if (entry !== undefined) yield entry;
      continue;
    }
    const matches = topicMatcher(filter);
    for (const entry of store.retained.values()) if (matches(entry.topic)) yield entry;
  }
}
