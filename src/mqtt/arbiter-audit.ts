// The audit stream: every grant, preemption, loss, denial and force, told in this process and published.
import type { ArbiterClaim } from './arbiter-claim';
import { type Context, iso } from './arbiter-context';
import { subscribe } from './listeners';
import type { Answer, AuditEvent } from './messages';

/** What an event says beside its time. */
export type Entry = Omit<AuditEvent, 'time'>;

export class Audit {
  readonly #context: Context;
  /** Where it is published; `undefined` where it is not. */
  readonly #publish: ((text: string) => void) | undefined;
  readonly #listeners = new Set<(event: AuditEvent) => void>();

  constructor(context: Context, publish: ((text: string) => void) | undefined) {
    this.#context = context;
    this.#publish = publish;
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
    if (!this.#isHeard) return;
    const event: AuditEvent = { time: iso(this.#context.clock.now().wall), ...entry };
    for (const listener of [...this.#listeners]) this.#tell(listener, event);
    this.#publish?.(JSON.stringify(event));
  }

  get #isHeard(): boolean {
    return this.#publish !== undefined || this.#listeners.size > 0;
  }

  #tell(listener: (event: AuditEvent) => void, event: AuditEvent): void {
    try {
      listener(event);
    } catch (error) {
      this.#context.log.warn(`a listener to the events of the locks failed: ${error}`);
    }
  }
}
