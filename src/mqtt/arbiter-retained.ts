// What the broker is to retain of ours, and what it lacks of that when it comes back.

/** The place of a message among those that are published again together. */
export type Place = 'loser' | 'state' | 'sentinel' | 'winner';

interface Wanted {
  readonly text: string;
  readonly place: Place;
}

/** Whoever sees the sentinels, which say whose term it is, sees all states of that term. */
const PLACES: readonly Place[] = ['loser', 'state', 'sentinel', 'winner'];

export class Retained {
  readonly #wanted = new Map<string, Wanted>();
  /** Topics whose payload the broker has acknowledged at least once. */
  readonly #acknowledged = new Set<string>();

  /** Whether that is something new. */
  put(topic: string, text: string, place: Place): boolean {
    if (this.#wanted.get(topic)?.text === text) return false;
    this.#wanted.set(topic, { text, place });
    return true;
  }

  /** Whether there was something. */
  clear(topic: string): boolean {
    this.#acknowledged.delete(topic);
    return this.#wanted.delete(topic);
  }

  /** Nothing of it is ours any more. */
  forget(): void {
    this.#wanted.clear();
    this.#acknowledged.clear();
  }

  textOf(topic: string): string | undefined {
    return this.#wanted.get(topic)?.text;
  }

  acknowledge(topic: string): void {
    if (this.#wanted.has(topic)) this.#acknowledged.add(topic);
  }

  wasAcknowledged(topic: string): boolean {
    return this.#acknowledged.has(topic);
  }

  /** What a broker that retains `there` must be told, in order: an empty text for what is in the way. */
  *differences(there: ReadonlyMap<string, string>): Generator<readonly [topic: string, text: string], void> {
    for (const place of PLACES) {
      for (const [topic, wanted] of this.#wanted) {
        if (wanted.place === place && there.get(topic) !== wanted.text) yield [topic, wanted.text];
      }
    }
    for (const topic of there.keys()) if (!this.#wanted.has(topic)) yield [topic, ''];
  }
}
