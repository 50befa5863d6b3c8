// Numbered frames over messages that may get lost, come twice or out of order: what arrives is taken in order and once,
// what is not acknowledged is sent again. Go-back-N, as in TCP's early days: losses are rare where it is used.
import type { Clock } from '../protocol';
import { LazyTimer } from './lazy-timer';

export interface FrameSenderOptions<Content> {
  readonly clock: Clock;
  /** Sends a frame, for the first time or again. */
  send(n: number, content: Content): void;
  /** After so many ms without progress what is unacknowledged is sent again. Default 250, then longer and longer. */
  readonly firstRetry?: number;
}

interface Sent<Content> {
  readonly n: number;
  readonly content: Content;
  /** Monotonic ms. */
  readonly at: number;
}

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 2_000;
/** Who took so long for the last frame is not pressed before so many times as long: he may have much to do. */
const PATIENCE = 3;
const MOST_UNACKNOWLEDGED = 1_000;

export class FrameSender<Content> {
  readonly #options: FrameSenderOptions<Content>;
  #unacknowledged: Sent<Content>[] = [];
  #last = 0;
  #retryMs: number;
  readonly #timer: LazyTimer;

  constructor(options: FrameSenderOptions<Content>) {
    this.#options = options;
    this.#timer = new LazyTimer(options.clock, () => this.#sendAgain());
    this.#retryMs = this.#firstRetry;
  }

  /** The number of the last frame. */
  get last(): number {
    return this.#last;
  }

  /** So much is on its way that more had better wait. */
  get isFull(): boolean {
    return this.#unacknowledged.length >= MOST_UNACKNOWLEDGED;
  }

  /** What the other side may not have. */
  get unacknowledged(): readonly Content[] {
    return this.#unacknowledged.map(({ content }) => content);
  }

  /** Frames that the other side may not have say something else from now on, when they are sent again. */
  revise(change: (content: Content) => Content): void {
    this.#unacknowledged = this.#unacknowledged.map((frame) => ({
      ...frame,
      content: change(frame.content),
    }));
  }

  /** Sends a frame; gives back its number. */
  send(content: Content): number {
    this.#last += 1;
    const at = this.#options.clock.now().monotonic;
    this.#unacknowledged.push({ n: this.#last, content, at });
    if (!this.#timer.isSet) this.#timer.set(at, this.#retryMs);
    this.#options.send(this.#last, content);
    return this.#last;
  }

  /** The other side has everything up to this number. */
  acknowledge(n: number): void {
    const acknowledged = this.#unacknowledged.find((frame) => frame.n === n);
    if (acknowledged === undefined) return;
    const now = this.#options.clock.now().monotonic;
    const took = now - acknowledged.at;
    this.#unacknowledged = this.#unacknowledged.filter((frame) => frame.n > n);
    this.#retryMs = Math.max(this.#firstRetry, Math.min(PATIENCE * took, LONGEST_RETRY_MS));
    if (this.#unacknowledged.length > 0) this.#timer.set(now, this.#retryMs);
    else this.#timer.clear();
  }

  /** Sends nothing again. */
  stop(): void {
    this.#timer.stop();
  }

  get #firstRetry(): number {
    return this.#options.firstRetry ?? FIRST_RETRY_MS;
  }

  #sendAgain(): void {
    const { clock, send } = this.#options;
    this.#retryMs = Math.min(2 * this.#retryMs, Math.max(LONGEST_RETRY_MS, this.#firstRetry));
    this.#timer.set(clock.now().monotonic, this.#retryMs);
    for (const { n, content } of this.#unacknowledged) send(n, content);
  }
}

export class FrameReceiver {
  #last = 0;

  /** Everything up to this number has come. */
  get last(): number {
    return this.#last;
  }

  /** Whether this frame is the next one; any other is to be ignored. */
  accept(n: number): boolean {
    if (n !== this.#last + 1) return false;
    this.#last = n;
    return true;
  }
}
