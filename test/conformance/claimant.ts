// One claim of a conformance test: what it asks for, and everything that it is told.
import assert from 'node:assert/strict';
import type {
  Claim,
  ClaimChange,
  ClaimListener,
  Denied,
  Granted,
  LockingProtocol,
  LostNotice,
  Notice,
  Outcome,
  RevokingNotice,
} from '../../src/protocol';
import { Gate } from '../support/gate';

type Wish = Partial<Omit<Claim, 'type' | 'id' | 'resources'>>;

let count = 0;

export class Claimant implements ClaimListener {
  readonly claim: Claim;
  readonly notices: (RevokingNotice | LostNotice)[] = [];
  /** What became of it, once that is known. */
  outcome: Outcome | undefined;
  readonly #protocol: LockingProtocol;
  readonly #settled = new Gate();

  /** The locker is a new one unless the wish names one. */
  constructor(protocol: LockingProtocol, resources: string | readonly string[], wish: Wish = {}) {
    this.#protocol = protocol;
    const id = `claim ${++count} of ${process.pid}`;
    this.claim = {
      ...{ type: 'claim', id, resources: typeof resources === 'string' ? [resources] : resources },
      ...{ locker: `locker of ${id}`, priority: 0, value: undefined, ttl: Infinity, timeout: Infinity },
      ...{ grace: undefined, preempt: undefined, holding: undefined },
      ...wish,
    };
  }

  hear(notice: Notice): void {
    if (notice.type === 'granted' || notice.type === 'denied') this.#settle(notice);
    else this.notices.push(notice);
  }

  /** Begins to ask; `outcome` tells when there is one. */
  ask(): this {
    this.#protocol.listen(this.claim, this);
    void this.#follow();
    return this;
  }

  /** Asks, and waits until it has what it wants. */
  async get(): Promise<Granted> {
    return (await this.ask().settle()).granted;
  }

  /** Asks, and waits until it is denied. */
  async fail(): Promise<Denied> {
    return (await this.ask().settle()).denied;
  }

  /** Waits for the outcome of what was asked before. */
  async settle(): Promise<this> {
    await this.#settled.opened;
    return this;
  }

  async #follow(): Promise<void> {
    const outcome = await this.#protocol.obtain(this.claim);
    if (outcome !== undefined) this.#settle(outcome);
  }

  #settle(outcome: Outcome): void {
    assert.equal(this.outcome, undefined, 'there is only one outcome');
    this.outcome = outcome;
    this.#settled.open();
  }

  get granted(): Granted {
    assert(this.outcome?.type === 'granted', `not granted: ${fateOf(this.outcome)}`);
    return this.outcome;
  }

  get denied(): Denied {
    assert(this.outcome?.type === 'denied', `not denied: ${fateOf(this.outcome)}`);
    return this.outcome;
  }

  async release(): Promise<Denied | undefined> {
    return this.#protocol.release(this.claim, 'release');
  }

  async yield(): Promise<Denied | undefined> {
    return this.#protocol.release(this.claim, 'yield');
  }

  async extend(change: ClaimChange): Promise<Outcome> {
    return this.#protocol.extend(this.claim, change);
  }

  /** Why it was lost: `lost: preempted by x`. */
  get fates(): readonly string[] {
    return this.notices.map((notice) => {
      const by = notice.by === undefined ? '' : ` by ${notice.by.locker}`;
      return notice.type === 'lost' ? `lost: ${notice.reason}${by}` : `revoking${by}`;
    });
  }
}

function fateOf(outcome: Outcome | undefined): string {
  if (outcome === undefined) return 'still waiting';
  return outcome.type === 'denied' ? outcome.reason : outcome.type;
}
