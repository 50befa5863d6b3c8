// Notices when a broker lets only one of our connections live, as one does that gives all connections of a user the same
// client id: each that comes throws the other one out, for ever.
import type { Transport } from '../mqtt/transport';
import type { Clock, Timer } from '../protocol';

/** What one connection throws out goes in the moment in which that one comes, in ms. */
const MOMENT = 100;
/** So often it must have happened: once or twice may be chance. */
const OFTEN = 3;
/** So long ago it counts no more, in ms; longer than any wait between two tries. */
const MEMORY = 60_000;

interface Moment {
  readonly transport: Transport;
  readonly at: number;
}

export class Rivals {
  readonly #clock: Clock;
  readonly #changed: () => void;
  readonly #connected = new Set<Transport>();
  /** Those that were thrown out. */
  #losers: readonly Moment[] = [];
  #lastCome: Moment | undefined;
  #lastGone: Moment | undefined;
  #areThere = false;
  #peace: Timer | undefined;

  /** `changed` is called when they begin, and when they have ended. */
  constructor(clock: Clock, changed: () => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  get areThere(): boolean {
    return this.#areThere;
  }

  follow(transport: Transport): void {
    transport.onConnection((isUp) => {
      if (isUp) this.#come(transport);
      else if (this.#connected.delete(transport)) this.#gone(transport);
    });
  }

  stop(): void {
    this.#peace?.cancel();
  }

  #come(transport: Transport): void {
    const now = this.#now(transport);
    this.#connected.add(transport);
    this.#lastCome = now;
    // Which of the two is heard of first is chance.
    if (this.#lastGone !== undefined) this.#compare(now, this.#lastGone);
  }

  #gone(transport: Transport): void {
    const now = this.#now(transport);
    this.#lastGone = now;
    if (this.#lastCome !== undefined) this.#compare(this.#lastCome, now);
  }

  #compare(come: Moment, gone: Moment): void {
    if (come.transport === gone.transport || Math.abs(come.at - gone.at) > MOMENT) return;
    this.#lastGone = undefined;
    this.#losers = [...this.#losers.filter(({ at }) => gone.at - at < MEMORY), gone];
    const different = new Set(this.#losers.map(({ transport }) => transport)).size;
    if (this.#losers.length < OFTEN || different < 2) return;
    this.#peace?.cancel();
    this.#peace = this.#clock.setTimer(MEMORY, () => this.#set(false));
    this.#set(true);
  }

  #set(areThere: boolean): void {
    if (areThere === this.#areThere) return;
    this.#areThere = areThere;
    this.#changed();
  }

  #now(transport: Transport): Moment {
    return { transport, at: this.#clock.now().monotonic };
  }
}
