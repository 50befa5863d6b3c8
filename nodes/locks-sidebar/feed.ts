// What of a registry the open sidebars have not been given yet. It watches the registry only while one of them is open,
// and what a busy registry changes a hundred times between two questions is given once.
import type { Clock, Timer } from '../../src/protocol';
import { type RowParts, rowOf } from './rows';
import type { Changes, Standing } from './shown';

/** A sidebar that has not asked for so long is closed; an open one asks more often than that. */
const CLOSED_MS = 60_000;
const MOST_ROWS = 20_000;
const ROWS_PER_ANSWER = 500;
/** What ended so long ago and was not withdrawn is dead. */
const DEAD_MS = 30 * 86_400_000;

export interface FeedParts extends RowParts {
  readonly clock: Clock;
  /** Makes what no other feed has, also none of an earlier start. */
  readonly makeId: () => string;
  /** Called whenever there is something to ask for. */
  readonly nudge: () => void;
}

export class Feed {
  readonly #parts: FeedParts;
  #id = '';
  /** The revision of each resource, in the order of the revisions. */
  readonly #revisions = new Map<string, number>();
  #revision = 0;
  #isCut = false;
  #stops: readonly (() => void)[] = [];
  #closing: Timer | undefined;

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  /** What has changed since a cursor that was given out before; without one, or with one of another time, everything. */
  since(cursor = ''): Changes {
    this.#stayOpen();
    const known = this.#read(cursor);
    const from = known ?? { revision: 0, event: 0 };
    const fresh = this.#after(from.revision);
    const { registry, history } = this.#parts;
    return {
      cursor: `${this.#id}/${fresh.revision}/${history.last}`,
      isFresh: known === undefined,
      isMore: fresh.revision < this.#revision,
      isCut: this.#isCut,
      standing: this.#standing(),
      rows: fresh.resources.map((resource) => rowOf(registry.state(resource), this.#parts)),
      events: history.after(from.event),
    };
  }

  /** Has the broker forget the claims that ended long ago. */
  purge(by: string): void {
    const { registry } = this.#parts;
    registry.purge(registry.deadClaims(DEAD_MS), by);
    this.#parts.nudge();
  }

  /** Forgets who was given what; whoever asks next is given everything. */
  stop(): void {
    this.#closing?.cancel();
    for (const stop of this.#stops) stop();
    this.#stops = [];
    this.#revisions.clear();
    this.#id = '';
  }

  #stayOpen(): void {
    this.#closing?.cancel();
    this.#closing = this.#parts.clock.setTimer(CLOSED_MS, () => this.stop());
    if (this.#id === '') this.#start();
  }

  #start(): void {
    const { registry, history, clock, makeId, nudge } = this.#parts;
    this.#id = makeId();
    this.#isCut = false;
    for (const state of registry.states()) {
      history.noteWaiting(state, Number.NaN);
      this.#note(state.resource);
      if (this.#isCut) break;
    }
    this.#stops = [
      registry.watch('#', (state) => {
        history.noteWaiting(state, clock.now().wall);
        this.#note(state.resource);
        nudge();
      }),
      registry.onStatus(nudge),
      registry.onEvent(nudge),
    ];
  }

  #note(resource: string): void {
    const isKnown = this.#revisions.delete(resource);
    if (!isKnown && this.#revisions.size >= MOST_ROWS) this.#isCut = true;
    else this.#revisions.set(resource, ++this.#revision);
  }

  #read(cursor: string): { readonly revision: number; readonly event: number } | undefined {
    const [id, revision, event] = cursor.split('/');
    if (id !== this.#id || !revision || !event) return undefined;
    return { revision: Number(revision), event: Number(event) };
  }

  /** The resources that changed after a revision, those that changed first, and the revision up to which these are all. */
  #after(revision: number): { readonly resources: readonly string[]; readonly revision: number } {
    const resources: string[] = [];
    let last = revision;
    for (const [resource, changed] of this.#revisions) {
      if (changed <= revision) continue;
      if (resources.length === ROWS_PER_ANSWER) return { resources, revision: last };
      resources.push(resource);
      last = changed;
    }
    return { resources, revision: this.#revision };
  }

  #standing(): Standing {
    const { registry } = this.#parts;
    const decider = registry.decider();
    return {
      ...registry.status,
      ...(decider !== undefined && { decider }),
      isOwn: registry.role() === 'arbiter',
      canTakeOver: registry.canTakeOver(),
      epoch: registry.epoch(),
      dead: registry.deadClaims(DEAD_MS).length,
    };
  }
}
