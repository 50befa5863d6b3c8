// A resource with at least one live claim: who holds it and who waits for it.
import type { Claim } from './claim';
import type { Json } from './command';
import { WaitQueue } from './wait-queue';

export class Resource {
  readonly name: string;
  /** The resources of a claim for it alone: all such claims share this. */
  readonly alone: readonly Resource[] = [this];
  /** The hold: claims of one locker, in the order of their grants. */
  holders: readonly Claim[] = NOBODY;
  token = 0;
  since = 0;
  queue: WaitQueue | undefined = undefined;
  isChanged = false;
  isDirty = false;

  constructor(name: string) {
    this.name = name;
  }

  get isFree(): boolean {
    return this.holders.length === 0;
  }

  /** Nobody holds it and nobody waits for it. */
  get isIdle(): boolean {
    return this.holders.length === 0 && this.queue === undefined;
  }

  /** Rule 2: the resource is revoking when all its claims are. */
  get isRevoking(): boolean {
    for (const holder of this.holders) if (!holder.isRevoking) return false;
    return this.holders.length > 0;
  }

  get locker(): string | undefined {
    return this.holders[0]?.locker;
  }

  /** Rule 1: the effective priority is the highest of the hold's claims. */
  get priority(): number {
    let priority = -Infinity;
    for (const holder of this.holders) if (holder.priority > priority) priority = holder.priority;
    return priority;
  }

  /** Rule 1: the value of the highest claim that has one, among equals the latest written. */
  get value(): Json | undefined {
    return this.#bearer()?.value;
  }

  /** Preempting this hold takes time: a claim of it winds down, or is at it already (rule 2). */
  get mustWindDown(): boolean {
    for (const holder of this.holders) if (holder.isRevoking || holder.windDown > 0) return true;
    return false;
  }

  /** Of the hold's claims the strongest, among equals the first granted: whom others name as the holder. */
  get foremost(): Claim | undefined {
    let foremost: Claim | undefined;
    for (const holder of this.holders) {
      if (foremost === undefined || holder.priority > foremost.priority) foremost = holder;
    }
    return foremost;
  }

  /** Most holds have one claim, for which a list of exactly one is made: it takes a fifth of one that may grow. */
  addHolder(claim: Claim): void {
    this.holders = this.isFree ? [claim] : [...this.holders, claim];
  }

  removeHolder(claim: Claim): void {
    this.holders = this.holders.length === 1 ? NOBODY : this.holders.filter((holder) => holder !== claim);
    if (this.isFree) this.token = 0;
  }

  enqueue(claim: Claim): void {
    this.queue ??= new WaitQueue();
    this.queue.add(claim);
  }

  dequeue(claim: Claim): void {
    this.queue?.remove(claim);
    if (this.queue?.size === 0) this.queue = undefined;
  }

  #bearer(): Claim | undefined {
    let bearer: Claim | undefined;
    for (const holder of this.holders) {
      if (holder.value === undefined) continue;
      if (bearer === undefined || holder.priority > bearer.priority) bearer = holder;
      else if (holder.priority === bearer.priority && holder.written > bearer.written) bearer = holder;
    }
    return bearer;
  }
}

const NOBODY: readonly Claim[] = [];
