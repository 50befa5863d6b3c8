// What a participant knows of all resources: the states that the arbiter has retained. It tells nothing before it has
// read all of them.
import { callSafely, subscribe } from './listeners';
import type { ResourceState } from './messages';
import { noteToken, type ParticipantContext } from './participant-context';

export class Mirror {
  readonly #context: ParticipantContext;
  readonly #states = new Map<string, ResourceState>();
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
    return this.#states.get(resource) ?? this.#freeState(resource);
  }

  /** Every resource that is shown, or has a default value. */
  *all(): Generator<ResourceState, void, undefined> {
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

  /** One has changed; `undefined`: it is shown no longer. */
  put(resource: string, state: ResourceState | undefined): void {
    if (state === undefined) this.#states.delete(resource);
    else this.#states.set(resource, state);
    noteToken(this.#context, state?.token);
    if (this.#isWhole) this.#tell(resource);
  }

  /** The token of each resource that this claim holds, where the states tell. */
  tokensOf(id: string, resources: readonly string[]): { [resource: string]: number } {
    const tokens: { [resource: string]: number } = {};
    for (const resource of resources) {
      const state = this.#states.get(resource);
      if (state?.token !== undefined && state.claims.some((claim) => claim.id === id)) {
        tokens[resource] = state.token;
      }
    }
    return tokens;
  }

  stop(): void {
    this.#listeners.clear();
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
