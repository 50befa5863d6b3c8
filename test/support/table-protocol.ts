// A lock table as a protocol, with nothing clever in between: what the memory protocol must not differ from.
import { LockTable } from '../../src/core';
import type { Claim, ClaimChange, Outcome } from '../../src/protocol';
import type { HandClock } from './hand-clock';

export class TableProtocol {
  /** What each claim was told, in order. */
  readonly told: string[] = [];
  readonly #table = new LockTable();
  readonly #clock: HandClock;

  constructor(clock: HandClock) {
    this.#clock = clock;
  }

  obtain(claim: Claim): void {
    this.#apply({ ...claim });
  }

  release({ id }: Claim, how: 'release' | 'yield'): void {
    this.#apply({ type: how, id });
  }

  extend({ id }: Claim, change: ClaimChange): void {
    if (this.#table.claim(id)?.state !== 'held') return;
    this.#apply({ type: 'update', id, ...change, renew: change.ttl !== undefined });
  }

  tick(): void {
    this.#apply({ type: 'tick' });
  }

  /** The id of the claim that has held the resource for longest. */
  holderOf(resource: string): string | undefined {
    return this.#table.resource(resource)?.claims[0];
  }

  /** The names of the resources that have claims, with who holds them, their tokens and since when. */
  get states(): readonly string[] {
    return [...this.#table.resources()].map((name) => {
      const view = this.#table.resource(name);
      return `${name} ${view?.state} ${view?.locker} ${view?.token} ${view?.since} ${view?.waitingCount}`;
    });
  }

  #apply(command: Parameters<LockTable['apply']>[0]): void {
    for (const event of this.#table.apply(command, this.#clock.now())) {
      switch (event.type) {
        case 'granted':
          if (!event.repeated) this.told.push(describeOutcome(event.id, event));
          break;
        case 'denied':
          if (event.command === 'claim') this.told.push(describeOutcome(event.id, event));
          break;
        case 'revoking':
          if (!event.repeated) this.told.push(`${event.id} revoking by ${event.by.locker}`);
          break;
        case 'lost':
          this.told.push(`${event.id} lost: ${event.reason} ${event.by?.locker}`);
          break;
        default:
      }
    }
  }
}

export function describeOutcome(id: string, outcome: Outcome): string {
  if (outcome.type === 'granted') return `${id} granted ${outcome.token} until ${outcome.expires}`;
  return `${id} denied: ${outcome.reason} ${outcome.by?.locker}`;
}
