// The states of resources as everybody may see them, and how long a free one is still shown.
import type { ClaimView, Now, ResourceView } from '../core';
import type { Timer } from '../protocol';
import { lockerOf } from './arbiter-claim';
import { type Context, iso, isoAt } from './arbiter-context';
import type { Decider } from './arbiter-decider';
import type { HoldingClaim, ResourceState, WaitingClaim } from './messages';

/** Beyond that many, the longest free are forgotten early. */
const MOST_FREE = 10_000;

export class States {
  readonly #context: Context;
  readonly #decider: Decider;
  readonly #forget: (resource: string) => void;
  /**
   * When each resource became free the last time (monotonic ms), for as long as that is shown. Some may be claimed by
   * now: taking them out and in again with every claim would cost more than to look at the end.
   */
  readonly #free = new Map<string, number>();
  #timer: Timer | undefined;

  /** `forget` is told when a free resource is shown no longer. */
  constructor(context: Context, decider: Decider, forget: (resource: string) => void) {
    this.#context = context;
    this.#decider = decider;
    this.#forget = forget;
  }

  /** To be told of every change, and of what an earlier arbiter has left. */
  note(resource: string): void {
    if (this.#decider.table.knows(resource)) return;
    this.#free.set(resource, this.#context.clock.now().monotonic);
    if (this.#free.size > MOST_FREE) this.#forgetFirst();
    this.#timer ??= this.#startTimer(this.#context.timing.freeState);
  }

  of(resource: string): ResourceState {
    const view = this.#decider.resource(resource);
    return view === undefined ? this.#freeState(resource) : this.#stateOf(view);
  }

  /** Every resource that is shown: with claims, free since a short time, or with a default value. */
  *all(): Generator<ResourceState, void, undefined> {
    const names = new Set(this.#decider.table.resources());
    for (const name of this.#free.keys()) names.add(name);
    for (const name of this.#context.rules.defaults.named) names.add(name);
    for (const name of names) yield this.of(name);
  }

  /** The names of those with a retained state. */
  *shown(): Generator<string, void, undefined> {
    const { table } = this.#decider;
    yield* table.resources();
    for (const name of this.#free.keys()) if (!table.knows(name)) yield name;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #freeState(resource: string): ResourceState {
    const value = this.#context.rules.defaults.valueOf(resource);
    return {
      v: 1,
      resource,
      state: 'free',
      ...(value !== undefined && { value }),
      claims: [],
      waiting: [],
      waitingCount: 0,
      epoch: this.#context.epoch,
    };
  }

  #stateOf(view: ResourceView): ResourceState {
    const now = this.#context.clock.now();
    const { resource, state, waitingCount } = view;
    const value =
      view.value ?? (state === 'free' ? this.#context.rules.defaults.valueOf(resource) : undefined);
    return {
      v: 1,
      resource,
      state,
      ...this.#holdOf(view, now),
      ...(value !== undefined && { value }),
      claims: view.claims.flatMap((id) => this.#holdingClaim(id, now)),
      waiting: view.waiting.map((waiter) => this.#waitingClaim(waiter)),
      waitingCount,
      epoch: this.#context.epoch,
    };
  }

  #holdOf(
    { locker, priority, token, since, claims, expires }: ResourceView,
    now: Now,
  ): Partial<ResourceState> {
    if (locker === undefined || priority === undefined || since === undefined) return {};
    const requester = this.#decider.claims.get(claims[0] ?? '')?.requester;
    return {
      holder: lockerOf(locker),
      ...(requester !== undefined && { requester }),
      priority,
      ...this.#levelOf(priority),
      token,
      since: iso(since),
      ...leaseOf(expires, now),
    };
  }

  #holdingClaim(id: string, now: Now): readonly HoldingClaim[] {
    const claim = this.#decider.claims.get(id);
    const view = this.#decider.table.claim(id);
    if (claim === undefined || view === undefined) return [];
    const { value, priority, order, written, standing, ttl, grace, resources, expires } = view;
    return [
      {
        id: claim.isDevice ? (claim.message.id ?? claim.name) : id,
        requester: claim.requester,
        name: claim.name,
        ...(claim.session !== undefined && { session: claim.session }),
        resources,
        priority,
        ...leaseOf(expires, now),
        locker: claim.locker,
        ...(value !== undefined && { value }),
        order,
        written,
        standing,
        ...(ttl !== Infinity && { ttl }),
        ...(grace > 0 && { grace }),
      },
    ];
  }

  #waitingClaim({ locker, requester, priority }: ClaimViewOfWaiter): WaitingClaim {
    return { locker: lockerOf(locker), requester, priority, ...this.#levelOf(priority) };
  }

  #levelOf(priority: number): { readonly level?: string } {
    const level = this.#context.rules.levels.nameOf(priority);
    return level === undefined ? {} : { level };
  }

  #startTimer(delay: number): Timer {
    return this.#context.clock.setTimer(delay, () => this.#forgetOverdue());
  }

  #forgetOverdue(): void {
    const now = this.#context.clock.now().monotonic;
    const { freeState } = this.#context.timing;
    let next = Infinity;
    for (const [resource, since] of this.#free) {
      if (this.#decider.table.knows(resource) || since + freeState <= now) this.#forgetOne(resource);
      else next = Math.min(next, since + freeState);
    }
    this.#timer = next === Infinity ? undefined : this.#startTimer(next - now);
  }

  #forgetFirst(): void {
    for (const resource of this.#free.keys()) {
      this.#forgetOne(resource);
      return;
    }
  }

  #forgetOne(resource: string): void {
    this.#free.delete(resource);
    if (!this.#decider.table.knows(resource)) this.#forget(resource);
  }
}

type ClaimViewOfWaiter = Pick<ClaimView, 'locker' | 'requester' | 'priority'>;

function leaseOf(expires: number, now: Now): { readonly expires?: string; readonly remaining?: number } {
  if (expires === Infinity) return {};
  return { expires: isoAt(expires, now), remaining: Math.max(0, Math.ceil(expires - now.monotonic)) };
}
