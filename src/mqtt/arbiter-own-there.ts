// What stands on the topics of our own runtime's claims, where that is not what is to stand there: what this runtime sent
// while somebody else decided may arrive after all was read.
import type { Timer } from '../protocol';
import type { Context } from './arbiter-context';
import type { Addressee } from './arbiter-devices';
import type { Publisher } from './arbiter-publisher';

/** With another one of our name we are not to fight. */
const LONGEST_WAIT_MS = 60_000;

export class OwnThere {
  readonly #context: Context;
  readonly #publisher: Publisher;
  /** What was heard last, by topic, where that is wrong, and the topic of the answer, which may have come as late. */
  readonly #wrong = new Map<string, { readonly text: string; readonly answer: string }>();
  #wait: number;
  #timer: Timer | undefined;

  constructor(context: Context, publisher: Publisher) {
    this.#context = context;
    this.#publisher = publisher;
    this.#wait = context.timing.beat;
  }

  /** What the broker retains there from now on. Of ours that was on its way a later one may follow: so it is put right later. */
  heard({ requester, name }: Addressee, payload: Uint8Array): void {
    const { topics } = this.#context;
    const topic = topics.claim(requester, name);
    const text = new TextDecoder().decode(payload);
    if (this.#publisher.retains(topic, text)) {
      this.#wrong.delete(topic);
      return;
    }
    this.#wrong.set(topic, { text, answer: topics.answer(requester, name) });
    this.#timer ??= this.#context.clock.setTimer(this.#wait, () => this.#mend());
  }

  /** All that the broker has was read, and will be put right. */
  reset(): void {
    this.stop();
    this.#wait = this.#context.timing.beat;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#wrong.clear();
  }

  #mend(): void {
    this.#timer = undefined;
    const wrong = [...this.#wrong].filter(([topic, { text }]) => !this.#publisher.retains(topic, text));
    this.#wrong.clear();
    if (wrong.length > 0) this.#wait = Math.min(LONGEST_WAIT_MS, 2 * this.#wait);
    for (const [topic, { answer }] of wrong) {
      this.#publisher.repeat(topic);
      this.#publisher.repeat(answer);
    }
  }
}
