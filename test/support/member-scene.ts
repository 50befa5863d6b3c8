// Runtimes among others on a simulated broker with a clock that the test turns.
import type { AuthorityClaim } from '../../src/mqtt/authority';
import { type Decide, Member, type MemberOptions } from '../../src/mqtt/member';
import type { Answer, ClaimMessage, ResourceState } from '../../src/mqtt/messages';
import { rulesOf } from './arbiter-scene';
import { HandClock } from './hand-clock';
import { SimulatedBroker, type SimulatedTransport } from './simulated-broker';

export interface MemberSceneOptions extends Partial<MemberOptions['settings']> {
  readonly decide?: Decide;
  /** Part of its process. */
  readonly isSole?: boolean;
}

/** One life of a runtime. */
export class MemberScene {
  readonly member: Member;
  readonly clock: HandClock;
  /** Every answer, as `path result`. */
  readonly told: string[] = [];
  /** Claims by their id, as the authority of the moment has them. */
  readonly claims = new Map<string, AuthorityClaim>();
  readonly logged: string[] = [];
  readonly connections: SimulatedTransport[] = [];
  #count = 0;

  constructor(
    readonly broker: SimulatedBroker,
    readonly name: string,
    { decide = 'takeover', isSole = false, ...settings }: MemberSceneOptions = {},
  ) {
    this.clock = broker.clock as HandClock;
    const instance = settings.instance ?? `${name}${++lives}`;
    const log = (text: string) => void this.logged.push(text);
    const connect = (asked: { readonly clientId: string }) => {
      const made = broker.client(asked);
      this.connections.push(made);
      return made;
    };
    this.member = new Member({
      settings: {
        requester: name,
        clock: this.clock,
        log: { info: log, warn: log },
        rules: rulesOf(),
        ...settings,
        instance,
      },
      decide,
      access: isSole ? { sole: connect({ clientId: instance }) } : { connect },
      random: () => 0.5,
      hearer: {
        hear: (claim, answer) => this.#hear(claim, answer),
        recall: (claim) => this.#enter(claim),
        move: (claim) => this.#enter(claim),
      },
    });
  }

  start(): this {
    this.member.start();
    return this;
  }

  claim(path: string, message: ClaimMessage, isKept = false): string {
    const id = `${this.name} ${path} ${++this.#count}`;
    const claim = this.member.authority.claim({
      id,
      owner: { path, key: 'k' },
      message: { locker: path, ...message },
      isKept,
    });
    if ('reason' in claim) throw new Error(`${claim.reason}: ${claim.detail}`);
    if (claim.phase !== 'ended') this.claims.set(id, claim);
    return id;
  }

  release(id: string): void {
    const claim = this.claims.get(id);
    if (claim !== undefined) this.member.authority.release(claim);
  }

  /** As a registry would say. */
  isHeld(id: string): boolean {
    const claim = this.claims.get(id);
    if (claim === undefined || claim.isProven === false) return false;
    const { monotonic } = this.clock.now();
    const isHeld = claim.phase === 'held' || claim.phase === 'revoking';
    return isHeld && monotonic < claim.expires && monotonic < this.member.authority.validUntil;
  }

  /** All its connections are lost, and none comes again: it is killed. */
  async kill(): Promise<void> {
    for (const { clientId } of this.connections) this.broker.cut(clientId, 'killed');
    await Promise.all(this.connections.map((each) => each.stop()));
  }

  /** Nothing of it reaches the broker or comes from there, and nobody notices. */
  state(resource: string): ResourceState {
    return this.member.authority.state(resource);
  }

  #hear(claim: AuthorityClaim, answer: Answer): void {
    this.told.push(`${claim.owner?.path} ${answer.result}`);
    this.#enter(claim);
    if (answer.ended !== undefined) this.claims.delete(claim.id);
  }

  #enter(claim: AuthorityClaim): void {
    this.claims.set(claim.id, claim);
  }
}

let lives = 0;

export function newBroker(): SimulatedBroker {
  return new SimulatedBroker({ clock: new HandClock() });
}
