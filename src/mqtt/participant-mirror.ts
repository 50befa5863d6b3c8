// What a participant knows of all resources: the states that the arbiter has retained. It tells nothing before it has
// read all of them, and checks a state only when somebody looks: most are replaced before.
import { callSafely, subscribe } from './listeners';
import type { ResourceState } from './messages';
import { noteToken, type ParticipantContext } from './participant-context';
import { type ReadError, readUncheckedState, type UncheckedState } from './read-message';

export class Mirror {
  readonly #context: ParticipantContext;
  readonly #states = new Map<string, ResourceState>();
  /** What has come since those. */
  readonly #unchecked = new Map<string, UncheckedState>();
  readonly #listeners = new Set<(resource: string) => void>();
  #isWhole = false;

  constructor(context: ParticipantContext) {
    this.#context = context;
  }

  /** All that is retained was read at least once. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  of(resource: string): ResourceState {
    return this.#known(resource) ?? this.#freeState(resource);
  }

  /** Every resource that is shown, or has a default value. */
  *all(): Generator<ResourceState, void, undefined> {
    this.#checkAll();
    yield* this.#states.values();
    for (const name of this.#context.inForce.defaults.named) {
      if (!this.#states.has(name)) yield this.#freeState(name);
    }
  }

  onState(listener: (resource: string) => void): () => void {
    return subscribe(this.#listeners, listener);
  }

  /** All that is there now. */
  replace(states: ReadonlyMap<string, ResourceState>): void {
    this.#checkAll();
    const changed = [...this.#states.keys()].filter((resource) => !states.has(resource));
    for (const resource of changed) this.#states.delete(resource);
    for (const [resource, state] of states) {
      noteToken(this.#context, state.token);
      if (JSON.stringify(this.#states.get(resource)) !== JSON.stringify(state)) changed.push(resource);
      this.#states.set(resource, state);
    }
    this.#isWhole = true;
    for (const resource of changed) this.#tell(resource);
  }

  /** One has changed; an empty payload: it is shown no longer. */
  put(resource: string, payload: Uint8Array): void {
    if (payload.length === 0) {
      this.#states.delete(resource);
      this.#unchecked.delete(resource);
    } else {
      const { message, error } = readUncheckedState(payload);
      if (error !== undefined) {
        this.#complain(resource, error);
        return;
      }
      this.#unchecked.set(resource, message);
      // Which must be known even of those that nobody ever looks at.
      noteToken(this.#context, message.token);
    }
    if (this.#isWhole) this.#tell(resource);
  }

  /** The token of each resource that this claim holds, where the states tell. */
  tokensOf(id: string, resources: readonly string[]): { [resource: string]: number } {
    const tokens: { [resource: string]: number } = {};
    for (const resource of resources) {
      const state = this.#known(resource);
      if (state?.token !== undefined && state.claims.some((claim) => claim.id === id)) {
        tokens[resource] = state.token;
      }
    }
    return tokens;
  }

  stop(): void {
    this.#listeners.clear();
  }

  /** The last one that is a state at all. */
  #known(resource: string): ResourceState | undefined {
    const unchecked = this.#unchecked.get(resource);
    if (unchecked !== undefined) {
      this.#unchecked.delete(resource);
      const { message, error } = unchecked.check();
      if (error !== undefined) this.#complain(resource, error);
      else if (message.resource === resource) this.#states.set(resource, message);
    }
    return this.#states.get(resource);
  }

  #checkAll(): void {
    for (const resource of [...this.#unchecked.keys()]) this.#known(resource);
  }

  #complain(resource: string, { text }: ReadError): void {
    this.#context.log.warn(`the state of ${resource} cannot be read: ${text}`);
  }

  #freeState(resource: string): ResourceState {
    const { inForce, epoch } = this.#context;
    const value = inForce.defaults.valueOf(resource);
    return {
      ...{ v: 1, resource, state: 'free' },
      ...(value !== undefined && { value }),
      ...{ claims: [], waiting: [], waitingCount: 0, epoch },
    };
  }

  #tell(resource: string): void {
    for (const listener of this.#listeners) callSafely(this.#context.log, () => listener(resource));
  }
}
