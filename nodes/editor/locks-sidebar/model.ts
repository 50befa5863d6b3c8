// What the sidebar knows of one registry, kept up to date: it asks when it is told to, and while nobody looks not at all.
import {
  type Changes,
  type EventLine,
  MOST_EVENTS,
  ROUTE,
  type Row,
  type View,
} from '../../locks-sidebar/shown';
import { ask, Refused } from '../red';

/** An open sidebar asks at least so often, so that the runtime knows that it is open. */
const HEARTBEAT_MS = 20_000;
/** After a failure. */
const RETRY_MS = 5_000;
/** Between two questions, unless the first ones are still being answered. */
const PAUSE_MS = 250;

/** Calls that come while one is under way become one more. */
export class Model {
  readonly rows = new Map<string, Row>();
  view: View | undefined;
  events: EventLine[] = [];
  /** Why nothing can be shown. */
  failure: Refused | undefined;
  /** How far the clock of the runtime is ahead of ours, ms. */
  #ahead = 0;
  #registry: string;
  #cursor = '';
  #isOpen = false;
  #isAsking = false;
  #isNudged = false;
  /** Not everything that was there at first is here yet. */
  #isCatchingUp = false;
  #timer: number | undefined;
  readonly #show: (changed: readonly Row[], isFresh: boolean) => void;

  /** `show` is told of all rows that are new or otherwise than before. */
  constructor(registry: string, show: (changed: readonly Row[], isFresh: boolean) => void) {
    this.#registry = registry;
    this.#show = show;
  }

  /** Wall ms of the runtime. */
  now(): number {
    return Date.now() + this.#ahead;
  }

  get standing(): Changes['standing'] | undefined {
    return this.view?.changes?.standing;
  }

  get registry(): string {
    return this.view?.registry ?? this.#registry;
  }

  choose(registry: string): void {
    this.#registry = registry;
    this.#cursor = '';
    this.nudge();
  }

  open(isOpen: boolean): void {
    if (isOpen === this.#isOpen) return;
    this.#isOpen = isOpen;
    if (isOpen) this.nudge();
    else clearTimeout(this.#timer);
  }

  /** There may be something new. */
  nudge(): void {
    if (!this.#isOpen) return;
    this.#isNudged = true;
    if (!this.#isAsking) void this.#askAll();
  }

  async #askAll(): Promise<void> {
    this.#isAsking = true;
    clearTimeout(this.#timer);
    while (this.#isNudged && this.#isOpen) {
      this.#isNudged = false;
      await this.#askOnce();
      if (!this.#isCatchingUp) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    this.#isAsking = false;
    if (!this.#isOpen) return;
    const pause = this.failure === undefined ? HEARTBEAT_MS : RETRY_MS;
    this.#timer = window.setTimeout(() => this.nudge(), pause);
  }

  async #askOnce(): Promise<void> {
    const registry = this.#registry;
    try {
      const view = (await ask('GET', ROUTE, { registry, since: this.#cursor })) as View;
      // Another one was chosen meanwhile.
      if (registry === this.#registry) this.#take(view);
    } catch (error) {
      this.failure = error instanceof Refused ? error : new Refused(0, String(error));
      this.#show([], false);
    }
  }

  #take(view: View): void {
    const { changes } = view;
    this.view = view;
    this.failure = undefined;
    this.#ahead = view.now - Date.now();
    const isFresh = changes?.isFresh ?? true;
    if (isFresh) {
      this.rows.clear();
      this.events = [];
    }
    for (const row of changes?.rows ?? []) this.rows.set(row.resource, row);
    this.events = [...this.events, ...(changes?.events ?? [])].slice(-MOST_EVENTS);
    this.#cursor = changes?.cursor ?? '';
    const isMore = changes?.isMore ?? false;
    this.#isCatchingUp = isMore && (isFresh || this.#isCatchingUp);
    this.#isNudged ||= isMore;
    this.#show(changes?.rows ?? [], isFresh);
  }
}
