// Several locks that are held, and lost, as one.
import type { Json } from '../protocol';
import { LOCK_RELEASED, LockError } from './errors';
import type { Lock, LockChange, LockState, ReleaseHandler } from './lock';

/** Held while all of its parts are; with the first that ends, all end. */
export class CompositeLock implements Lock {
  readonly #parts: Lock[] = [];
  readonly #controller = new AbortController();
  readonly #handlers: ReleaseHandler[] = [];
  /** Why it is over: what the first of its parts to end has said. */
  #why: LockError | undefined;

  /** Nobody has the whole before its last part is there. */
  add(part: Lock): void {
    this.#parts.push(part);
    part.onRelease((why) => {
      this.#end(why);
      void this.release();
    });
    part.signal.addEventListener('abort', () => this.signal, { once: true });
  }

  isHeld(): boolean {
    return this.state() === null;
  }

  state(): LockState {
    if (this.#why !== undefined) return this.#why.code;
    const over = this.#parts.map((part) => part.state()).filter((state) => state !== null);
    // The rest of the parts are released because of the one that was lost.
    return over.find((code) => code !== LOCK_RELEASED) ?? over[0] ?? null;
  }

  async release(): Promise<Error | undefined> {
    const state = this.state();
    const { resources } = this;
    if (state === null) this.#end(new LockError(LOCK_RELEASED, { resources }));
    else this.#end(this.signal.reason ?? new LockError(state, { resources }));
    await Promise.all(this.#parts.map((part) => part.release()));
    return state === null ? undefined : this.#why;
  }

  onRelease(handler: ReleaseHandler): void {
    if (this.#why === undefined) this.#handlers.push(handler);
    else handler(this.#why);
  }

  get signal(): AbortSignal {
    // A part whose lease has run out notices when it is asked.
    for (const { signal } of this.#parts) if (signal.aborted) this.#controller.abort(signal.reason);
    return this.#controller.signal;
  }

  /** The greatest of its parts'. */
  get token(): number {
    return Math.max(...this.#parts.map((part) => part.token));
  }

  /** The lowest of its parts': it is lost with the first of them. */
  get priority(): number {
    return Math.min(...this.#parts.map((part) => part.priority));
  }

  /** When the first of its leases runs out. */
  get expires(): number {
    return Math.min(...this.#parts.map((part) => part.expires));
  }

  get resources(): readonly string[] {
    return this.#parts.flatMap((part) => part.resources);
  }

  /** That of its first part. */
  get locker(): string {
    return this.#first.locker;
  }

  /** That of its first part. */
  get value(): Json | undefined {
    return this.#first.value;
  }

  /** The ids of the claims that are behind it. */
  get claims(): readonly string[] {
    return this.#parts.flatMap(claimsOf);
  }

  async extend(ttl?: number): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.extend(ttl)));
  }

  async update(change: LockChange): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.update(change)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  get #first(): Lock {
    return this.#parts[0] as Lock;
  }

  #end(why: LockError): void {
    if (this.#why !== undefined) return;
    this.#why = why;
    for (const handler of this.#handlers.splice(0)) queueMicrotask(() => handler(why));
  }
}

/** The ids of the claims that are behind a lock of this library. */
function claimsOf(lock: Lock): readonly string[] {
  return (lock as Partial<{ claims: readonly string[] }>).claims ?? [];
}
