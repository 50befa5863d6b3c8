// A registry of the lock table alone, with a clock that a test turns: what nodes see, without a broker behind it.
import { type LockEvent, LockTable, type Now, type ResourceView } from '../../src/core';
import type { Answer, AuditEvent, Cause, ClaimMessage, ResourceState } from '../../src/mqtt/messages';
import { resourceMatcher } from '../../src/protocol';
import { makeLevels } from '../../src/registry/levels';
import type { ClaimOwner, Registry, RegistryClaim } from '../../src/registry/registry';
import type { HandClock } from './hand-clock';

type Told = (claim: RegistryClaim, answer: Answer) => void;

class TableClaim implements RegistryClaim {
  readonly key: string;
  readonly id: string;
  message: ClaimMessage;
  answer: Answer | undefined;
  state: RegistryClaim['state'] = 'asked';
  restored = false;
  expires = Infinity;
  readonly #registry: TableRegistry;
  readonly owner: TableOwner;
  keep = false;

  constructor(registry: TableRegistry, owner: TableOwner, key: string, message: ClaimMessage) {
    this.#registry = registry;
    this.owner = owner;
    this.key = key;
    this.id = `${owner.path}/${key}/${registry.count++}`;
    this.message = message;
  }

  isHeld(): boolean {
    return this.state === 'held' || this.state === 'revoking';
  }

  update(change: Pick<ClaimMessage, 'priority' | 'value' | 'ttl' | 'renew'>): void {
    this.#registry.update(this, change);
  }

  yield(): void {
    this.#registry.step({ type: 'yield', id: this.id });
  }

  release(): void {
    this.#registry.step({ type: 'release', id: this.id });
  }
}

class TableOwner implements ClaimOwner {
  readonly path: string;
  readonly claims = new Map<string, TableClaim>();
  readonly #registry: TableRegistry;
  told: Told | undefined;
  leave: { cancel(): void } | undefined;

  constructor(registry: TableRegistry, path: string) {
    this.#registry = registry;
    this.path = path;
  }

  claim(key: string, message: ClaimMessage, options: { readonly keep?: boolean } = {}): RegistryClaim {
    const claim = new TableClaim(this.#registry, this, key, message);
    claim.keep = options.keep === true;
    this.claims.set(key, claim);
    this.#registry.begin(claim);
    return claim;
  }

  onAnswer(told: Told): () => void {
    this.told = told;
    return () => {
      if (this.told === told) this.told = undefined;
    };
  }

  detach(removed: boolean): void {
    this.leave?.cancel();
    if (removed) for (const claim of [...this.claims.values()]) claim.release();
    else this.leave = this.#registry.clock.setTimer(30_000, () => this.detach(true));
  }
}

export class TableRegistry implements Registry {
  readonly levels = makeLevels();
  readonly requester = 'here';
  readonly status = { state: 'ready', text: 'in this test' } as const;
  ready: Promise<void> = Promise.resolve();
  count = 0;
  readonly clock: HandClock;
  #table = new LockTable();
  readonly #owners = new Map<string, TableOwner>();
  readonly #claims = new Map<string, TableClaim>();
  readonly #watches = new Set<(state: ResourceState) => void>();
  readonly defaults = new Map<string, string>();
  readonly forced: string[] = [];
  /** Somebody else was quicker: the hold that is to be ended is another one by now. */
  isForceLate = false;
  /** Why the next claim is denied. */
  deny: Answer['reason'];
  /** What the next update is answered instead of being made. */
  refuse: Pick<Answer, 'result' | 'reason' | 'detail'> | undefined;
  #timer: { cancel(): void } | undefined;

  constructor(clock: HandClock) {
    this.clock = clock;
  }

  onStatus(): () => void {
    return () => undefined;
  }

  onEvent(_listener: (event: AuditEvent) => void): () => void {
    return () => undefined;
  }

  async close(): Promise<void> {}

  owner(path: string): TableOwner {
    const owner = this.#owners.get(path) ?? new TableOwner(this, path);
    this.#owners.set(path, owner);
    owner.leave?.cancel();
    return owner;
  }

  /** Ends a claim as if its lease had run out at this moment. */
  expire(path: string, key: string): void {
    this.#owners.get(path)?.claims.get(key)?.update({ renew: true, ttl: 1 });
    this.clock.monotonic += 1;
    this.step({ type: 'tick' });
  }

  find(id: string): RegistryClaim | undefined {
    return this.#claims.get(id);
  }

  findByLocker(resource: string, locker: string): readonly RegistryClaim[] {
    return [...this.#claims.values()].filter(
      ({ message }) =>
        message.locker === locker && (message.resource === resource || message.resources?.includes(resource)),
    );
  }

  begin(claim: TableClaim): void {
    if (this.deny !== undefined) {
      claim.state = 'ended';
      claim.owner.claims.delete(claim.key);
      claim.owner.told?.(claim, { id: claim.id, resources: [], result: 'denied', reason: this.deny });
      this.deny = undefined;
      return;
    }
    this.#claims.set(claim.id, claim);
    this.#all.set(claim.id, claim);
    const { resource, resources, locker, priority, value, ttl, timeout, grace, preempt, once } =
      claim.message;
    this.step({
      type: 'claim',
      id: claim.id,
      requester: this.requester,
      resources: resources ?? [resource ?? ''],
      locker: locker ?? 'here',
      priority: this.levels.priorityOf(priority ?? 0) ?? 0,
      standing: once !== true,
      ...(value === undefined ? {} : { value }),
      ...(ttl === undefined ? {} : { ttl }),
      ...(timeout === undefined ? {} : { timeout }),
      ...(grace === undefined ? {} : { grace }),
      ...(preempt === undefined ? {} : { preempt }),
    });
  }

  update(claim: TableClaim, change: Pick<ClaimMessage, 'priority' | 'value' | 'ttl' | 'renew'>): void {
    if (this.refuse !== undefined) {
      claim.owner.told?.(claim, { id: claim.id, resources: [], ...this.refuse });
      this.refuse = undefined;
      return;
    }
    const before = claim.message;
    claim.message = { ...claim.message, ...change };
    const { priority, ...rest } = change;
    const events = this.step({
      type: 'update',
      id: claim.id,
      ...(priority === undefined ? {} : { priority: Number(priority) }),
      ...rest,
    });
    if (events.some(({ type }) => type === 'denied')) claim.message = before;
  }

  async force(resource: string, token: number, by: string): Promise<string | undefined> {
    this.forced.push(by);
    const events = this.step({
      type: 'forceRelease',
      resource,
      token: this.isForceLate ? token - 1 : token,
      by,
    });
    return events.some(({ type }) => type === 'denied') ? 'changed' : undefined;
  }

  state(resource: string): ResourceState {
    return this.#view(resource, this.#table.resource(resource));
  }

  *states(): Generator<ResourceState> {
    const names = new Set([...this.#table.claims()].flatMap(({ resources }) => resources));
    for (const name of names) yield this.state(name);
  }

  watch(pattern: string, listener: (state: ResourceState) => void): () => void {
    const matches = resourceMatcher(pattern);
    const told = (state: ResourceState) => {
      if (matches(state.resource)) listener(state);
    };
    this.#watches.add(told);
    return () => this.#watches.delete(told);
  }

  step(command: Parameters<LockTable['apply']>[0]): readonly LockEvent[] {
    const now = this.clock.now();
    const events = this.#table.apply(command, now);
    this.#timer?.cancel();
    const due = this.#table.nextDeadline() - now.monotonic;
    this.#timer = this.clock.setTimer(due, () => this.step({ type: 'tick' }));
    for (const event of events) if (event.type !== 'changed') this.#refresh(event, now);
    for (const event of events) if (event.type !== 'changed') this.#answer(event, now);
    for (const event of events) {
      if (event.type === 'changed') for (const watch of [...this.#watches]) watch(this.state(event.resource));
    }
    return events;
  }

  #refresh(event: Exclude<LockEvent, { type: 'changed' }>, now: Now): void {
    const claim = this.#claims.get(event.id);
    if (claim === undefined) return;
    const view = this.#table.claim(event.id);
    if (view === undefined) {
      claim.state = 'ended';
      this.#claims.delete(claim.id);
      claim.owner.claims.delete(claim.key);
      return;
    }
    claim.state = view.revoking ? 'revoking' : view.state;
    claim.expires = view.expires - now.monotonic + now.wall;
  }

  #answer(event: Exclude<LockEvent, { type: 'changed' }>, now: Now): void {
    const claim = this.#all.get(event.id);
    if (claim === undefined) return;
    claim.answer = toAnswer(event, claim, now);
    claim.owner.told?.(claim, claim.answer);
    if (claim.state === 'ended') this.#all.delete(event.id);
  }

  readonly #all = new Map<string, TableClaim>();

  #view(resource: string, view: ResourceView | undefined): ResourceState {
    const fallback = this.defaults.get(resource);
    const isHeld = view?.locker !== undefined;
    const level = view?.priority === undefined ? undefined : this.levels.nameOf(view.priority);
    return {
      v: 1,
      resource,
      state: view?.state ?? 'free',
      claims: [],
      waiting: [],
      waitingCount: view?.waitingCount ?? 0,
      epoch: 1,
      ...(isHeld ? { holder: view.locker ?? '', requester: this.requester } : {}),
      ...(view?.priority === undefined ? {} : { priority: view.priority }),
      ...(level === undefined ? {} : { level }),
      ...(view?.value !== undefined
        ? { value: view.value }
        : isHeld || fallback === undefined
          ? {}
          : { value: fallback }),
      ...(view === undefined || view.token === 0 ? {} : { token: view.token }),
      ...(view === undefined || !Number.isFinite(view.expires)
        ? {}
        : { expires: new Date(view.expires - this.clock.monotonic + this.clock.wall).toISOString() }),
    };
  }
}

function toAnswer(event: Exclude<LockEvent, { type: 'changed' }>, claim: TableClaim, now: Now): Answer {
  const resources = claim.message.resources ?? [claim.message.resource ?? ''];
  const cause = (by: { locker: string; priority?: number } | undefined): { by?: Cause } =>
    by === undefined
      ? {}
      : { by: { locker: by.locker, ...(by.priority === undefined ? {} : { priority: by.priority }) } };
  const base = { id: claim.id, resources };
  switch (event.type) {
    case 'granted':
      return { ...base, result: 'granted', token: event.token, regained: event.regained };
    case 'revoking':
      return {
        ...base,
        result: 'revoking',
        expires: new Date(event.until - now.monotonic + now.wall).toISOString(),
        ...cause(event.by),
      };
    case 'denied':
      return {
        ...base,
        result: 'denied',
        reason: event.reason,
        ...(event.detail === undefined ? {} : { detail: event.detail }),
        ...cause(event.by),
      };
    case 'lost':
      return { ...base, result: 'lost', reason: event.reason, ...cause(event.by) };
    case 'requeued':
      return { ...base, result: 'requeued', ...cause(event.by) };
    default:
      return { ...base, result: event.type };
  }
}
