// Where the claims of a runtime are: with one authority at a time, which alone is heard, and from one to another as they
// stand.
import type { Random } from '../protocol/clock';
import type { Arbiter } from './arbiter';
import { type ArbiterSettings, DEFAULT_PREFIX } from './arbiter-context';
import type { Authority, ClaimHearer } from './authority';
import { Participant } from './participant';
import type { HandedOver } from './participant-claim';
import { SplitTransport } from './split-transport';
import { Switchboard } from './switchboard';
import type { Transport, Will } from './transport';

export interface Connecting {
  /** At most 23 letters and digits, if the instance has at most 13. */
  readonly clientId: string;
  readonly will?: () => Will | undefined;
  /** Default `true`. */
  readonly reconnects?: boolean;
}

export interface DeskOptions {
  readonly settings: ArbiterSettings;
  readonly hearer: ClaimHearer;
  readonly random: Random;
}

/** A participant, with the connections that it starts and stops. */
export interface Seat {
  readonly participant: Participant;
  readonly talk: Transport;
  readonly watch: Transport;
}

export class Desk {
  readonly #options: DeskOptions;
  #switchboard: Switchboard | undefined;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** The first authority; before that, nothing else here can be used. */
  begin(authority: Authority): void {
    this.#switchboard = new Switchboard(authority);
  }

  get switchboard(): Switchboard {
    if (this.#switchboard === undefined) throw new Error('nobody was made to decide yet');
    return this.#switchboard;
  }

  get authority(): Authority {
    return this.switchboard.authority;
  }

  /** Hears an authority as long as the claims are there. */
  hearerOf(authority: () => Authority): Required<ClaimHearer> {
    const { hearer } = this.#options;
    const isHeard = () => this.#switchboard?.authority === authority();
    return {
      hear: (claim, answer) => {
        if (isHeard()) hearer.hear(claim, answer);
      },
      recall: (claim) => {
        if (isHeard()) hearer.recall(claim);
      },
      move: (claim) => {
        if (isHeard()) hearer.move?.(claim);
      },
    };
  }

  makeSeat(connect: (asked: Connecting) => Transport): Seat {
    const { settings, random } = this.#options;
    const { prefix = DEFAULT_PREFIX, requester, instance, before, clock, log, timing } = settings;
    // A broker's small writes wait for each other on a connection that also writes: its acknowledgements come late.
    const talk = new SplitTransport({
      write: connect({ clientId: `locks${instance}t`, will: () => participant.will() }),
      read: connect({ clientId: `locks${instance}e` }),
    });
    const watch = connect({ clientId: `locks${instance}v` });
    const names = { prefix, requester, instance, clock, log, random };
    const participant: Participant = new Participant({
      settings: { ...names, ...(timing && { timing }), ...(before && { before }) },
      hearer: this.hearerOf(() => participant),
      talk,
      watch,
    });
    return { participant, talk, watch };
  }

  /** An arbiter of this runtime begins to decide: it takes everything over from the participant. */
  toArbiter(arbiter: Arbiter, participant: Participant): HandedOver {
    const handed = participant.surrender();
    const { switched } = this.switchboard.change(arbiter);
    // It knows the states only when it has rebuilt.
    this.#options.settings.clock.setTimer(0, switched);
    return handed;
  }

  /** An arbiter of this runtime decides no more. Its holds may be believed in until then (monotonic ms). */
  toParticipant(arbiter: Arbiter, participant: Participant, until: number): void {
    if (this.authority !== arbiter) return;
    const handed = arbiter.leave();
    const { switched } = this.switchboard.change(participant);
    const { monotonic } = this.#options.settings.clock.now();
    participant.adopt(handed, Math.max(monotonic, until));
    switched();
  }
}
