// The lock table: applies commands to claims and answers with events. It must never look at a clock or do I/O.
import { Claim } from './claim';
import type { ClaimCommand, Now } from './command';
import { type OwnCommand, performOwn } from './commands';
import type { LockEvent } from './event';
import type { Guard } from './limits';
import { Resource } from './resource';
import { State } from './state';
import { nextDeadline, stepThrough } from './step';
import { arrive, knowResource, nextToken } from './transitions';
import type { ResourceView } from './view';
import { viewResource } from './views';

/** The lock table without limits, for one whose callers all check what they ask for. */
export class TrustingTable {
  protected readonly state: State;

  /** Without a guard, nothing is refused; tokens start above the floor. */
  constructor(guard?: Guard, tokenFloor = 0) {
    this.state = new State(guard, tokenFloor);
  }

  /**
   * Does what is due, then the command, and answers with what became true by it, in order (rule 4). A late call gives
   * what punctual ones would have given: the deadlines that were missed are kept one by one, each at its own time.
   */
  apply(command: OwnCommand, now: Now): readonly LockEvent[] {
    stepThrough(this.state, command, now, performOwn);
    return this.state.takeEvents();
  }

  /** Gives a token to a hold that is kept elsewhere; it must be admitted before anybody claims its resource here. */
  takeToken(wall: number): number {
    this.state.wall = wall;
    return nextToken(this.state);
  }

  /** Takes in a hold without a lease that was kept elsewhere, of one resource that nobody claims here. */
  admit(command: ClaimCommand, resource: string, token: number, since: number): void {
    const { state } = this;
    const held = knowResource(state, resource);
    const claim = new Claim(command, [held], ++state.arrivals, ++state.writes);
    arrive(state, claim);
    claim.phase = 'held';
    claim.grantedTimes = 1;
    held.token = token;
    held.since = since;
    held.addHolder(claim);
  }

  /** Monotonic ms at which `apply({ type: 'tick' })` is due; `Infinity` when nothing is. */
  nextDeadline(): number {
    return nextDeadline(this.state);
  }

  /** What a held claim has: its token, and when it ends at the latest. */
  hold(id: string): { readonly token: number; readonly expires: number } | undefined {
    const claim = this.state.claims.get(id);
    if (claim?.phase !== 'held') return undefined;
    return { token: claim.token, expires: Math.min(claim.expires, claim.revokedUntil) };
  }

  /** A resource with the first of those who wait; one that nobody claims looks free. */
  look(name: string): ResourceView {
    return viewResource(this.state.resources.get(name) ?? new Resource(name), 16);
  }

  /** Whether the resource has at least one live claim. */
  knows(resource: string): boolean {
    return this.state.resources.get(resource) !== undefined;
  }

  /** Names of all resources with at least one live claim. */
  *resources(): Generator<string, void, undefined> {
    for (const [name] of this.state.resources.entries()) yield name;
  }
}
