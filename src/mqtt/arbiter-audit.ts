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

type Writable<Message> = { -readonly [Field in keyof Message]: Message[Field] };

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
    // Every grant comes by: fields are added to one object, which is much quicker than to spread several.
    const time = this.#now();
    const event: Writable<AuditEvent> = { time, event: result, resources, locker, requester, name, priority };
    if (level !== undefined) event.level = level;
    if (token !== undefined) event.token = token;
    if (reason !== undefined) event.reason = reason;
    if (detail !== undefined) event.detail = detail;
    if (by !== undefined) event.by = by;
    this.#tellAll(event);
  }

  note(entry: Entry): void {
    if (this.#isHeard) this.#tellAll({ time: this.#now(), ...entry });
  }

  #now(): string {
    return iso(this.#context.clock.now().wall);
  }

  #tellAll(event: AuditEvent): void {
    for (const listener of [...this.#listeners]) this.#tell(listener, event);
    if (this.#stream?.isHeard === true) this.#stream.noteEvent(event);
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
