// The audit stream: every grant, preemption, loss, denial and force, told in this process and published.
import type { ArbiterClaim } from './arbiter-claim';
import { type Context, iso } from './arbiter-context';
import { subscribe } from './listeners';
import type { Answer, AuditEvent } from './messages';

/** Where events are published. */
export interface EventStream {
  /** Whether anybody could hear an event now. */
  readonly isHeard: boolean;
  noteEvent(event: AuditEvent): void;
}

/** What an event says beside its time. */
export type Entry = Omit<AuditEvent, 'time'>;

export class Audit {
  readonly #context: Context;
  /** `undefined` where it is not published. */
  readonly #stream: EventStream | undefined;
  readonly #listeners = new Set<(event: AuditEvent) => void>();

  constructor(context: Context, stream: EventStream | undefined) {
    this.#context = context;
    this.#stream = stream;
  }

  onEvent(listener: (event: AuditEvent) => void): () => void {
    return subscribe(this.#listeners, listener);
  }

  /** What has become of a claim. */
  noteClaim(claim: ArbiterClaim, answer: Answer): void {
    if (!this.#isHeard) return;
    const { locker, requester, name, priority } = claim;
    const { result, resources, token, reason, detail, by } = answer;
    const level = this.#context.rules.levels.nameOf(priority);
    this.note({
      event: result,
      resources,
      locker,
      requester,
      name,
      priority,
      ...(level !== undefined && { level }),
      ...(token !== undefined && { token }),
      ...(reason !== undefined && { reason }),
      ...(detail !== undefined && { detail }),
      ...(by !== undefined && { by }),
    });
  }

  note(entry: Entry): void {
    const stream = this.#stream?.isHeard === true ? this.#stream : undefined;
    if (stream === undefined && this.#listeners.size === 0) return;
    const event: AuditEvent = { time: iso(this.#context.clock.now().wall), ...entry };
    for (const listener of [...this.#listeners]) this.#tell(listener, event);
    stream?.noteEvent(event);
  }

  get #isHeard(): boolean {
    return this.#listeners.size > 0 || this.#stream?.isHeard === true;
  }

  #tell(listener: (event: AuditEvent) => void, event: AuditEvent): void {
    try {
      listener(event);
    } catch (error) {
      this.#context.log.warn(`a listener to the events of the locks failed: ${error}`);
    }
  }
}
