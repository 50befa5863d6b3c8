// What a lock-status node does: follows the resources of a pattern, and answers for those that a message asks for.
import type { NodeMessage, NodeStatus } from 'node-red';
import type { ResourceState } from '../../src/mqtt/messages';
import { type Clock, resourceMatcher, resourceOf } from '../../src/protocol';
import type { Registry } from '../../src/registry/registry';
import { status, type Translate } from '../shared/status-text';
import { type Content, countStatus, payloadOf, type Sent, stateStatus } from './reports';

export interface WatcherOptions {
  readonly registry: Registry;
  readonly sent: Sent;
  readonly content: Content;
  readonly clock: Clock;
  readonly t: Translate;
  readonly send: (msg: NodeMessage) => void;
  readonly show: (status: NodeStatus) => void;
}

export class Watcher {
  readonly #options: WatcherOptions;
  #pattern: string | undefined;
  #stop: (() => void) | undefined;

  constructor(options: WatcherOptions) {
    this.#options = options;
  }

  /**
   * Shows in the status what becomes of these resources and, if told to, sends what is new of them. Without a pattern it
   * has nothing to do until it is asked.
   */
  follow(pattern: string | undefined, isSending: boolean): void {
    const { registry, show, t } = this.#options;
    this.#pattern = pattern;
    if (pattern === undefined) {
      show(status('grey', 'dot', t('lock-status.status.idle')));
      return;
    }
    const told = (state: ResourceState) => {
      if (isSending) this.#sendNews(state);
      this.#showAll();
    };
    this.#stop = registry.watch(pattern, told);
    if (isSending) for (const state of statesOf(registry, pattern)) this.#sendNews(state);
    this.#showAll();
  }

  stop(): void {
    this.#stop?.();
  }

  /** The messages that answer: one for each resource, for several as a sequence that a join node understands. */
  answer(pattern: string, msg: NodeMessage, clone: () => NodeMessage, id: string): readonly NodeMessage[] {
    const { registry, content, sent } = this.#options;
    const states = statesOf(registry, pattern).filter((state) => payloadOf(state, content) !== undefined);
    for (const state of states) sent.isNews(state, content);
    if (resourceOf(pattern) !== undefined) return states.map((state) => this.#put(state, msg));
    return states.map((state, index) => ({
      ...this.#put(state, clone()),
      parts: { id, index, count: states.length, type: 'array' },
    }));
  }

  #sendNews(state: ResourceState): void {
    const { content, sent, send } = this.#options;
    if (!sent.isNews(state, content)) return;
    send(this.#put(state, {}));
  }

  #put(state: ResourceState, msg: NodeMessage): NodeMessage {
    msg.topic = state.resource;
    msg.payload = structuredClone(payloadOf(state, this.#options.content));
    return msg;
  }

  #showAll(): void {
    const { registry, t, clock, show } = this.#options;
    if (this.#pattern === undefined) return;
    const states = statesOf(registry, this.#pattern);
    const [state] = states;
    const isSingle = resourceOf(this.#pattern) !== undefined && state !== undefined;
    show(isSingle ? stateStatus(state, t, clock.now().wall) : countStatus(states, t));
  }
}

/** The states of the resources that match; a pattern without wildcards is the name of one, known or not. */
function statesOf(registry: Registry, pattern: string): readonly ResourceState[] {
  const one = resourceOf(pattern);
  if (one !== undefined) return [registry.state(one)];
  const matches = resourceMatcher(pattern);
  return [...registry.states()].filter(({ resource }) => matches(resource));
}
