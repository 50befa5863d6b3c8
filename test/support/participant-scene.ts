// A participant on a simulated broker with a clock that the test turns, and what its hearer is told.
import type { AuthorityClaim } from '../../src/mqtt/authority';
import type { Answer, ClaimMessage } from '../../src/mqtt/messages';
import { Participant, type ParticipantSettings, type ParticipantStatus } from '../../src/mqtt/participant';
import type { ParticipantClaim } from '../../src/mqtt/participant-claim';
import type { Clock } from '../../src/protocol/clock';
import { HandClock } from './hand-clock';
import { SimulatedBroker, type SimulatedTransport } from './simulated-broker';

export interface ParticipantSceneOptions extends Partial<ParticipantSettings> {
  /** By which the participant lives, where that is not the broker's. */
  readonly clock?: Clock;
}

export interface HeardByParticipant {
  readonly id: string;
  readonly answer: Answer;
  /** As the claim was when its hearer was told. */
  readonly phase: AuthorityClaim['phase'];
}

/** One life of a participant, from start to crash or stop. */
export class ParticipantScene {
  readonly broker: SimulatedBroker;
  readonly clock: HandClock;
  readonly own: Clock;
  readonly participant: Participant;
  readonly talk: SimulatedTransport;
  readonly watch: SimulatedTransport;
  readonly heard: HeardByParticipant[] = [];
  readonly recalled: AuthorityClaim[] = [];
  readonly moved: AuthorityClaim[] = [];
  readonly statuses: ParticipantStatus[] = [];
  readonly warnings: string[] = [];
  /** Called for whatever the hearer is told, after it was noted. */
  whenHeard: (heard: HeardByParticipant) => void = () => undefined;
  /** How often each message on talk arrives. */
  copies = 1;
  readonly #cuts = new Set<'up' | 'down'>();
  readonly #life = ++lives;
  #count = 0;

  constructor(
    broker = new SimulatedBroker({ clock: new HandClock() }),
    options: ParticipantSceneOptions = {},
  ) {
    this.broker = broker;
    this.clock = broker.clock as HandClock;
    this.own = options.clock ?? this.clock;
    const instance = options.instance ?? `life ${this.#life}`;
    this.talk = broker.client({
      ...{ clientId: `${instance} talk`, will: () => this.participant.will() },
      route: {
        delay: () => broker.latencyMs,
        isCut: (way) => this.#cuts.has(way),
        copies: () => this.copies,
      },
    });
    this.watch = broker.client({ clientId: `${instance} watch` });
    this.participant = new Participant({
      settings: {
        ...{ prefix: 'locks', requester: 'desk', instance, random: () => 0.5 },
        log: { info: () => undefined, warn: (text) => this.warnings.push(text) },
        ...options,
        clock: this.own,
      },
      hearer: {
        hear: ({ id, phase }, answer) => this.#hear({ id, answer, phase }),
        recall: (claim) => this.recalled.push(claim),
        move: (claim) => this.moved.push(claim),
      },
      talk: this.talk,
      watch: this.watch,
    });
    this.participant.onStatus((status) => this.statuses.push(status));
  }

  async start(): Promise<this> {
    this.participant.start();
    await this.settle();
    return this;
  }

  /** Lets everything happen that needs no waiting but the broker's latency. */
  async settle(ms = 20): Promise<void> {
    await this.clock.advance(ms);
  }

  /** Nothing passes on talk in these directions any more. */
  cut(...ways: readonly ('up' | 'down')[]): void {
    this.#cuts.clear();
    for (const way of ways) this.#cuts.add(way);
    this.talk.noteRoute();
  }

  claim(message: ClaimMessage, key = 'key', isKept = false): ParticipantClaim {
    const id = `desk-${this.#life}-${++this.#count}`;
    const claim = this.participant.claim({ id, owner: { path: 'node', key }, message, isKept });
    if ('reason' in claim) throw new Error(`${claim.reason}: ${claim.detail}`);
    return claim;
  }

  /** As whoever guards something by it decides. */
  isHeld(claim: AuthorityClaim): boolean {
    const now = this.own.now().monotonic;
    const isHeld = claim.phase === 'held' || claim.phase === 'revoking';
    return isHeld && now < claim.expires && now < this.participant.validUntil;
  }

  /** What was told of a claim, or of all: results, with the reason where there is one. */
  results(claim?: AuthorityClaim): readonly string[] {
    return this.heard
      .filter(({ id }) => claim === undefined || id === claim.id)
      .map(({ answer: { result, reason } }) => (reason === undefined ? result : `${result} ${reason}`));
  }

  /** It is gone without a goodbye. */
  async crash(): Promise<void> {
    for (const client of [this.talk, this.watch]) {
      this.broker.cut(client.clientId, 'killed');
      await client.stop();
    }
    // Its timers run on, but nothing of it reaches anybody.
    this.heard.push = () => 0;
  }

  #hear(heard: HeardByParticipant): void {
    this.heard.push(heard);
    this.whenHeard(heard);
  }
}

let lives = 0;

/** A clock that runs faster or slower than the one that the test turns. */
export class RatedClock implements Clock {
  readonly #clock: HandClock;
  readonly #rate: number;

  constructor(clock: HandClock, rate: number) {
    this.#clock = clock;
    this.#rate = rate;
  }

  now() {
    const { monotonic, wall } = this.#clock.now();
    const own = monotonic * this.#rate;
    return { monotonic: own, wall: wall + own - monotonic };
  }

  setTimer(delayMs: number, callback: () => void) {
    return this.#clock.setTimer(delayMs / this.#rate, callback);
  }
}
