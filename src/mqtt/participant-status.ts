// How a participant stands with whoever decides, for people: in one word, and why in a few more.
import { callSafely, subscribe } from './listeners';
import type { ArbiterMessage } from './messages';
import type { ParticipantContext } from './participant-context';

export interface ParticipantStatus {
  /**
   * `connecting`: not to the whole of a broker yet. `waiting`: nobody who decides has answered. `joined`: somebody decides
   * about our claims. `refused`: another one has our name. `resting`: this runtime decides itself.
   */
  readonly phase: 'connecting' | 'waiting' | 'joined' | 'refused' | 'resting' | 'stopped';
  /** Who decides, or has decided last, with the settings in force. */
  readonly arbiter: ArbiterMessage | undefined;
  /** The highest term that was heard of; 0 before. */
  readonly epoch: number;
  /** In words: why not `joined`. */
  readonly reason: string | undefined;
}

/** From which it shows how things stand. */
export interface Signs {
  readonly isStopped: boolean;
  readonly isResting: boolean;
  /** Both connections are there, and all was read. */
  readonly isConnected: boolean;
  /** Why not, in words. */
  readonly reason: string | undefined;
  /** Why this instance is not heard, in words. */
  readonly refused: string | undefined;
  readonly isJoined: boolean;
  readonly arbiter: ArbiterMessage | undefined;
  /** What we say comes back from the broker. */
  readonly hasEcho: boolean;
}

export class StatusTeller {
  readonly #context: ParticipantContext;
  readonly #signs: () => Signs;
  readonly #listeners = new Set<(status: ParticipantStatus) => void>();
  #told: ParticipantStatus | undefined;

  constructor(context: ParticipantContext, signs: () => Signs) {
    this.#context = context;
    this.#signs = signs;
  }

  get status(): ParticipantStatus {
    const signs = this.#signs();
    return { ...phaseOf(signs), arbiter: signs.arbiter, epoch: this.#context.epoch };
  }

  onStatus(listener: (status: ParticipantStatus) => void): () => void {
    return subscribe(this.#listeners, listener);
  }

  start(): void {
    this.#told = this.status;
  }

  /** Something may be otherwise than it was. */
  note(): void {
    const { status } = this;
    const was = this.#told;
    const isSame =
      was?.phase === status.phase &&
      was.reason === status.reason &&
      was.arbiter === status.arbiter &&
      was.epoch === status.epoch;
    if (isSame) return;
    this.#told = status;
    for (const listener of this.#listeners) callSafely(this.#context.log, () => listener(status));
  }

  stop(): void {
    this.note();
    this.#listeners.clear();
  }
}

function phaseOf(signs: Signs): Pick<ParticipantStatus, 'phase' | 'reason'> {
  if (signs.isStopped) return { phase: 'stopped', reason: undefined };
  if (signs.isResting) return { phase: 'resting', reason: undefined };
  if (!signs.isConnected) return { phase: 'connecting', reason: signs.reason };
  if (signs.refused !== undefined) return { phase: 'refused', reason: signs.refused };
  if (signs.isJoined) return { phase: 'joined', reason: undefined };
  return { phase: 'waiting', reason: whyWaiting(signs) };
}

function whyWaiting({ arbiter, hasEcho }: Signs): string {
  if (arbiter === undefined) return 'nobody decides here';
  const { requester, online } = arbiter;
  if (!online) return `${requester}, who decided here, is gone`;
  if (hasEcho) return `${requester} decides, but does not answer`;
  return 'what we write does not come back from the broker';
}
