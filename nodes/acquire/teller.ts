// Puts what became of a claim into a message, and sends it through the output that says what the flow must do next.
import type { NodeAPI, NodeMessage } from 'node-red';
import type { Answer } from '../../src/mqtt/messages';
import type { Clock } from '../../src/protocol';
import type { Registry, RegistryClaim } from '../../src/registry/registry';
import { holderBeside } from '../shared/holder';
import { type LockNews, lockInfo, resourcesOf, withLock } from '../shared/lock-info';
import { NodeError } from '../shared/node-error';
import type { Errand } from './errand';
import type { Wish } from './wish';

/** The outputs, counted from 0. */
const OUTPUTS = { yours: 0, taken: 1, freed: 2, denied: 3 } as const;

export type Output = keyof typeof OUTPUTS;

export class Teller {
  readonly #RED: NodeAPI;
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #send: (output: number, msg: NodeMessage) => void;

  constructor(
    RED: NodeAPI,
    registry: Registry,
    clock: Clock,
    send: (output: number, msg: NodeMessage) => void,
  ) {
    this.#RED = RED;
    this.#registry = registry;
    this.#clock = clock;
    this.#send = send;
  }

  /** Passes on the message that has waited for this, and ends it. */
  tell(wish: Wish, errand: Errand, output: Output, news: LockNews): void {
    const msg = errand.isSplit ? this.#RED.util.cloneMessage(errand.msg) : errand.msg;
    errand.send(OUTPUTS[output], this.#withNews(wish, msg, news));
    errand.finish();
  }

  /** Sends a message that nobody has asked for at this moment. */
  later(wish: Wish, output: Output, news: LockNews): void {
    const msg = this.#RED.util.cloneMessage(wish.template);
    this.#send(OUTPUTS[output], this.#withNews(wish, msg, news));
  }

  #withNews(wish: Wish, msg: NodeMessage, news: LockNews): NodeMessage {
    if (wish.claim === undefined) return msg;
    const told: LockNews = wish.isRestored ? { ...news, restored: true } : news;
    wish.isRestored = false;
    const lock = lockInfo(this.#registry, wish.claim, wish.token, told, this.#since(wish, told.state));
    return withLock(msg, lock);
  }

  /** A further message while it is held does not begin the hold anew. */
  #since(wish: Wish, state: LockNews['state']): number {
    const { token } = wish;
    if (wish.told?.state === state && wish.told.token === token) return wish.told.sinceMs;
    const sinceMs = this.#clock.now().wall;
    wish.told = { state, token, sinceMs };
    return sinceMs;
  }
}

/** What to say of a hold that is gone, or going. */
export function loss(
  registry: Registry,
  claim: RegistryClaim,
  outcome: 'taken' | 'freed',
  answer: Answer,
): LockNews {
  const { by, reason = 'preempted', expires, result } = answer;
  const next = holderBeside(registry, resourcesOf(claim), claim.message.locker) ?? by;
  return {
    state: result === 'revoking' ? 'revoking' : result === 'requeued' ? 'waiting' : 'lost',
    reason,
    ...(by === undefined ? {} : { by }),
    ...(outcome === 'freed' || next === undefined ? {} : { next }),
    ...(result === 'revoking' && expires !== undefined ? { until: Date.parse(expires) } : {}),
  };
}

/** What to say of a claim, or of a further message, that is not granted. */
export function denial(
  registry: Registry,
  wish: Wish,
  claim: RegistryClaim,
  { reason, by }: Answer,
): LockNews {
  const next = holderBeside(registry, resourcesOf(claim), claim.message.locker);
  const why = wish.isGivenUp ? 'timeout' : reason === 'timeout' && wish.atOnce ? 'taken' : reason;
  return {
    state: 'denied',
    ...(why === undefined ? {} : { reason: why }),
    ...(by === undefined ? {} : { by }),
    ...(next === undefined ? {} : { next }),
  };
}

export function toRefusal({ reason, detail, result }: Answer): NodeError {
  return new NodeError('refused', [reason ?? result, detail].filter((part) => part !== undefined).join(': '));
}
