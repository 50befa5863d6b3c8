// The lock table: applies commands to claims and answers with events. It must never look at a clock or do I/O.
import type { Command, Now } from './command';
import type { LockEvent } from './event';
import type { Guard } from './limits';
import { restoreClaims } from './restore';
import { State } from './state';
import { nextDeadline, stepThrough, TICK } from './step';
import { nextToken } from './transitions';
import type { ClaimView, ResourceView, RestoredClaim } from './view';
import { viewClaim, viewResource } from './views';

/** The lock table without limits, for one whose callers all check what they ask for. */
export class TrustingTable {
  readonly #state: State;

  /** Without a guard, nothing is refused; tokens start above the floor. */
  constructor(guard?: Guard, tokenFloor = 0) {
    this.#state = new State(guard, tokenFloor);
  }

  /**
   * Does what is due, then the command, and answers with what became true by it, in order (rule 4). A late call gives
   * what punctual ones would have given: the deadlines that were missed are kept one by one, each at its own time.
   */
  apply(command: Command, now: Now): readonly LockEvent[] {
    const state = this.#state;
    stepThrough(state, command, now);
    return state.takeEvents();
  }

  /**
   * Takes claims as they are, from before a restart or from wherever they were kept meanwhile; then grants what can be
   * had now. None of their resources may have a claim here.
   * @throws {Error} if one has.
   */
  restore(claims: readonly RestoredClaim[], now: Now): readonly LockEvent[] {
    const state = this.#state;
    const known = claims.flatMap((claim) => claim.resources).find((name) => this.knows(name));
    if (known !== undefined) throw new Error(`${known} has claims already`);
    state.wall = now.wall;
    restoreClaims(state, claims);
    stepThrough(state, TICK, now);
    return state.takeEvents();
  }

  /** Gives a token to a hold that is kept elsewhere; if its resource is to have claims here, it must be restored first. */
  takeToken(wall: number): number {
    this.#state.wall = wall;
    return nextToken(this.#state);
  }

  /** Monotonic ms at which `apply({ type: 'tick' })` is due; `Infinity` when nothing is. */
  nextDeadline(): number {
    return nextDeadline(this.#state);
  }

  /** The greatest token given so far. */
  get lastToken(): number {
    return this.#state.lastToken;
  }

  claim(id: string): ClaimView | undefined {
    const claim = this.#state.claims.get(id);
    return claim && viewClaim(claim);
  }

  /** Every live claim, in no particular order. */
  *claims(): Generator<ClaimView, void, undefined> {
    for (const [, claim] of this.#state.claims.entries()) yield viewClaim(claim);
  }

  /** A resource with at least one live claim; `waiters` cuts the list of those who wait. */
  resource(name: string, waiters = 16): ResourceView | undefined {
    const resource = this.#state.resources.get(name);
    return resource && viewResource(resource, waiters);
  }

  /** Whether the resource has at least one live claim. */
  knows(resource: string): boolean {
    return this.#state.resources.get(resource) !== undefined;
  }

  /** Names of all resources with at least one live claim. */
  *resources(): Generator<string, void, undefined> {
    for (const [name] of this.#state.resources.entries()) yield name;
  }
}
