// Whoever decides about the claims of this runtime at the moment, for those who listen whoever that is.
import type { Authority } from './authority';
import { subscribe } from './listeners';
import type { AuditEvent, ResourceState } from './messages';

export class Switchboard {
  #authority: Authority;
  readonly #stateListeners = new Set<(resource: string) => void>();
  readonly #eventListeners = new Set<(event: AuditEvent) => void>();
  #stopStates: () => void;
  #stopEvents: (() => void) | undefined;

  constructor(authority: Authority) {
    this.#authority = authority;
    this.#stopStates = authority.onState((resource) => this.#tell(resource));
  }

  get authority(): Authority {
    return this.#authority;
  }

  /** From now on another one decides; `switched` is to be called when it knows the states of all resources. */
  change(authority: Authority): { switched(): void } {
    if (authority === this.#authority) return { switched: () => undefined };
    const before = new Map<string, string>();
    for (const state of this.#authority.states()) before.set(state.resource, essenceOf(state));
    this.#stopStates();
    this.#stopEvents?.();
    this.#authority = authority;
    this.#stopStates = authority.onState((resource) => this.#tell(resource));
    this.#stopEvents = this.#eventListeners.size > 0 ? this.#hearEvents() : undefined;
    return { switched: () => this.#compare(before) };
  }

  /** Calls back with the name of each resource that changes. */
  onState(listener: (resource: string) => void): () => void {
    return subscribe(this.#stateListeners, listener);
  }

  onEvent(listener: (event: AuditEvent) => void): () => void {
    const stop = subscribe(this.#eventListeners, listener);
    this.#stopEvents ??= this.#hearEvents();
    return () => {
      stop();
      if (this.#eventListeners.size > 0) return;
      this.#stopEvents?.();
      this.#stopEvents = undefined;
    };
  }

  stop(): void {
    this.#stateListeners.clear();
    this.#eventListeners.clear();
    this.#stopStates();
    this.#stopEvents?.();
  }

  #hearEvents(): () => void {
    return this.#authority.onEvent((event) => {
      for (const listener of [...this.#eventListeners]) listener(event);
    });
  }

  #tell(resource: string): void {
    for (const listener of [...this.#stateListeners]) listener(resource);
  }

  #compare(before: Map<string, string>): void {
    for (const state of [...this.#authority.states()]) {
      const isSame = before.get(state.resource) === essenceOf(state);
      before.delete(state.resource);
      if (!isSame) this.#tell(state.resource);
    }
    for (const resource of before.keys()) this.#tell(resource);
  }
}

/** What is to be told of when it differs. */
function essenceOf({ state, holder, token, priority, value, waiting, waitingCount }: ResourceState): string {
  return JSON.stringify([state, holder, token, priority, value, waiting, waitingCount]);
}
