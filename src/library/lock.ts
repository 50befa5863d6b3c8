// A lock as its locker has it in hand, from the grant to its end.
import type {
  Claim,
  ClaimChange,
  ClaimListener,
  Clock,
  Denied,
  Granted,
  Json,
  LockingProtocol,
  LostNotice,
  Notice,
  Outcome,
  RevokingNotice,
} from '../protocol';
import { codeOfLoss, errorOfDenial } from './denials';
import {
  LOCK_RELEASED,
  LOCK_SESSION_LOST,
  LOCK_STOLEN_BY_HIGHER_PRIORITY,
  LOCK_TIMED_OUT,
  LockError,
  type LockErrorCode,
} from './errors';
import { checkLength, checkNames, readPriority, readValue } from './options';
import type { BoundedWait } from './wait';

/** Held: `state()` is `null`. Not held: the code that says why. */
export type LockState = LockErrorCode | null;

/** Is told why the lock is held no more, and by whom. */
export type ReleaseHandler = (why: LockError) => unknown;

/**
 * One or more resources, held by one locker until it lets go, a higher priority takes them, or the lease runs out
 * (a lease in the sense of C. Gray and D. Cheriton, "Leases", SOSP 1989).
 */
export interface Lock {
  /**
   * Whether the lock is held now, by the clock too: a process that stood still does not believe in a lease that has
   * run out meanwhile. It can be over a moment later; let the device compare the `token` where that matters.
   */
  isHeld(): boolean;
  /** `null` while held, else the code that says why it is not. */
  state(): LockState;
  /**
   * Lets go. Never rejects: resolves to `undefined`, or to an `Error` if the lock was over already, which changes
   * nothing.
   */
  release(): Promise<Error | undefined>;
  /**
   * Calls the handler once when the lock is over, also by `release`; at once if it already is. What a handler throws
   * is not caught.
   */
  onRelease(handler: ReleaseHandler): void;
  /**
   * Aborted with the `LockError` when the lock is lost, not when it is released. With a `grace`, it is aborted when a
   * higher priority wants the resource: the lock is still held then, until `release` or for as long as the grace was.
   */
  readonly signal: AbortSignal;
  /**
   * The fencing token: a number that grows with every grant, so that a device can refuse the command of a holder that
   * was too slow (M. Kleppmann, "How to do distributed locking", 2016).
   */
  readonly token: number;
  /**
   * Starts the lease again, with the same length or another one (ms, > 0).
   * @throws {LockError} if the lock is over.
   * @throws {TypeError | RangeError} if `ttl` is no length.
   */
  extend(ttl?: number): Promise<void>;
  /**
   * Changes priority or value in place. A priority that falls may lose the lock to somebody who waits.
   * @throws {LockError} if the lock is over.
   * @throws {TypeError | RangeError} if they are not what `acquire` would take.
   */
  update(change: LockChange): Promise<void>;
  /** Releases at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>;
  readonly resources: readonly string[];
  readonly locker: string;
  readonly priority: number;
  readonly value: Json | undefined;
  /** When the lease runs out, in wall ms since 1970; `Infinity` without one. */
  readonly expires: number;
}

export interface LockChange {
  readonly priority?: number;
  readonly value?: Json;
}

/** Where a lock is from. */
export interface Place {
  readonly protocol: LockingProtocol;
  readonly clock: Clock;
}

/** Resolves what the caller waits for, or may do so. */
export type Awaits = ((result: Lock | Promise<never>) => void) | BoundedWait;

/** What only a lock has that somebody watches, or that is being revoked. */
interface Attention {
  controller: AbortController | undefined;
  handlers: ReleaseHandler[];
  why: LockError | undefined;
}

const CHANGES: readonly (keyof LockChange)[] = ['priority', 'value'];
const NOTHING_WRONG: Promise<undefined> = Promise.resolve(undefined);

export class HeldLock implements Lock, ClaimListener {
  readonly #place: Place;
  #claim: Claim;
  #hold: Granted = NOT_YET;
  #ended: LockErrorCode | null = null;
  /** Why it has ended, or soon will. */
  #notice: RevokingNotice | LostNotice | undefined = undefined;
  #awaits: Awaits | undefined = undefined;
  #attention: Attention | undefined = undefined;

  constructor(place: Place, claim: Claim) {
    this.#place = place;
    this.#claim = claim;
  }

  /** What the caller gets: from a grant on, this is a lock. */
  settle(outcome: Outcome): Lock | Promise<never> {
    if (outcome.type === 'denied') {
      return Promise.reject(errorOfDenial(outcome, this.resources, this.#claim.timeout > 0));
    }
    this.#hold = outcome;
    return this;
  }

  /** Says who is told the outcome when there is one. */
  awaitOutcome(awaits: Awaits): void {
    this.#awaits = awaits;
  }

  /** There will be no outcome. */
  fail(why: unknown): void {
    if (typeof this.#awaits === 'function') this.#awaits(Promise.reject(why));
    else this.#awaits?.giveUp(why);
  }

  isHeld(): boolean {
    return this.state() === null;
  }

  state(): LockState {
    if (this.#ended !== null) return this.#ended;
    const { expires, trustedUntil } = this.#hold;
    if (expires === Infinity && trustedUntil === undefined) return null;
    const { monotonic } = this.#place.clock.now();
    if (monotonic >= expires) return LOCK_TIMED_OUT;
    return trustedUntil === undefined || monotonic < trustedUntil() ? null : LOCK_SESSION_LOST;
  }

  release(): Promise<Error | undefined> {
    if (this.#ended !== null) return Promise.resolve(this.#explain());
    const state = this.state();
    this.#end(state ?? LOCK_RELEASED);
    const answer = this.#place.protocol.release(this.#claim, 'release');
    if (state !== null) return Promise.resolve(this.#explain());
    return answer === undefined ? NOTHING_WRONG : this.#confirm(answer);
  }

  onRelease(handler: ReleaseHandler): void {
    if (this.state() === null) this.#attend().handlers.push(handler);
    else handler(this.#explain());
  }

  get signal(): AbortSignal {
    const attention = this.#attend();
    attention.controller ??= new AbortController();
    if (this.#isOutOfHand()) attention.controller.abort(this.#explain());
    return attention.controller.signal;
  }

  get token(): number {
    return this.#hold.token;
  }

  get resources(): readonly string[] {
    return this.#claim.resources;
  }

  get locker(): string {
    return this.#claim.locker;
  }

  get priority(): number {
    return this.#claim.priority;
  }

  get value(): Json | undefined {
    return this.#claim.value;
  }

  get expires(): number {
    const { monotonic, wall } = this.#place.clock.now();
    return wall + (this.#hold.expires - monotonic);
  }

  /** The ids of the claims that are behind it. */
  get claims(): readonly string[] {
    return [this.#claim.id];
  }

  async extend(ttl = this.#claim.ttl): Promise<void> {
    await this.#change({ ttl: checkLength('ttl', ttl, Number.MIN_VALUE) });
  }

  async update(change: LockChange): Promise<void> {
    checkNames(change, CHANGES);
    const { priority, value } = change;
    await this.#change({
      priority: priority === undefined ? undefined : readPriority(priority),
      value: value === undefined ? undefined : readValue(value),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  hear(notice: Notice): void {
    switch (notice.type) {
      case 'granted':
      case 'denied':
        this.#tellOutcome(notice);
        return;
      case 'revoking':
        this.#notice = notice;
        queueMicrotask(() => this.#windDown());
        return;
      case 'lost':
        this.#notice = notice;
        this.#end(codeOfLoss(notice));
    }
  }

  #tellOutcome(outcome: Outcome): void {
    const awaits = this.#awaits;
    this.#awaits = undefined;
    if (typeof awaits === 'function') awaits(this.settle(outcome));
    else awaits?.settle(outcome, this);
  }

  /** Told to stop: without a grace there is nothing to wait for once those who listen have been told. */
  #windDown(): void {
    this.#abort();
    if (this.#claim.grace || this.#ended !== null) return;
    void this.#place.protocol.release(this.#claim, 'yield');
  }

  #end(code: LockErrorCode): void {
    if (this.#ended !== null) return;
    this.#ended = code;
    // User code runs in turns of its own, so that it never sees a hand-over half done.
    if (this.#attention !== undefined) queueMicrotask(() => this.#tellEnd());
  }

  #tellEnd(): void {
    const { handlers } = this.#attend();
    for (const handler of handlers.splice(0)) queueMicrotask(() => handler(this.#explain()));
    if (this.#ended !== LOCK_RELEASED) this.#abort();
  }

  #abort(): void {
    this.#attention?.controller?.abort(this.#explain());
  }

  /** Lost, or told to stop; not for a while without contact, which may come back. */
  #isOutOfHand(): boolean {
    if (this.#ended === LOCK_RELEASED) return false;
    return this.#notice !== undefined || this.state() === LOCK_TIMED_OUT;
  }

  /** The error that says why it is over, or soon will be: always the same one. */
  #explain(): LockError {
    const attention = this.#attend();
    // One that is held still is told to stop.
    const code = this.state() ?? LOCK_STOLEN_BY_HIGHER_PRIORITY;
    if (attention.why?.code !== code) {
      const by = this.#notice?.by;
      attention.why = new LockError(code, {
        resources: this.resources,
        by: code === LOCK_RELEASED ? undefined : by,
      });
    }
    return attention.why;
  }

  async #confirm(answer: Denied | Promise<Denied | undefined>): Promise<Error | undefined> {
    const denied = await answer;
    return denied && errorOfDenial(denied, this.resources);
  }

  async #change(change: ClaimChange): Promise<void> {
    if (this.state() !== null) throw this.#explain();
    const outcome = await this.#place.protocol.extend(this.#claim, change);
    if (this.#ended !== null) throw this.#explain();
    if (outcome.type === 'denied') throw errorOfDenial(outcome, this.resources);
    this.#hold = outcome;
    const { priority = this.priority, value = this.value, ttl = this.#claim.ttl } = change;
    this.#claim = { ...this.#claim, priority, value, ttl };
  }

  #attend(): Attention {
    this.#attention ??= { controller: undefined, handlers: [], why: undefined };
    return this.#attention;
  }
}

const NOT_YET: Granted = { type: 'granted', token: 0, expires: Infinity };
