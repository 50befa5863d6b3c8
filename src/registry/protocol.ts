// The locks of a registry for programs: the library's interface of five functions, over claims like those of the nodes.
import type { Cause, ResourceState, Answer as Told } from '../mqtt/messages';
import {
  type Answer,
  type By,
  type Claim,
  type ClaimChange,
  type ClaimListener,
  type Clock,
  type Denied,
  type LockingProtocol,
  type LossReason,
  type Outcome,
  type RefusalReason,
  type ResourceSnapshot,
  resourceMatcher,
  type StopWatching,
} from '../protocol';
import type { Owner } from './claim-owner';
import type { OwnedClaim } from './owned-claim';
import type { Registry } from './registry';

export interface RegistryProtocolParts {
  readonly registry: Pick<Registry, 'ready' | 'role' | 'states' | 'watch'> & {
    /** Resolves when the states show all that was told of claims by now. */
    caughtUp(): Promise<void>;
  };
  /** Whose claims they are. */
  readonly owner: Owner;
  readonly clock: Clock;
}

interface Listening {
  readonly listener: ClaimListener;
  isRevoking: boolean;
}

export class RegistryProtocol implements LockingProtocol {
  readonly clock: Clock;
  readonly #registry: RegistryProtocolParts['registry'];
  readonly #owner: Owner;
  readonly #listeners = new Map<string, Listening>();
  readonly #waits = new Map<string, (outcome: Outcome) => void>();
  /** What an update that is under way was answered. */
  #refused: Told | undefined = undefined;

  constructor({ registry, owner, clock }: RegistryProtocolParts) {
    this.#registry = registry;
    this.#owner = owner;
    this.clock = clock;
    owner.onAnswer((claim, told) => this.#hear(claim, told));
  }

  obtain(claim: Claim): Answer<Outcome> {
    const { id, resources, locker, priority, value, ttl, timeout, grace, preempt, holding } = claim;
    let outcome: Outcome | undefined;
    this.#waits.set(id, (known) => {
      outcome = known;
    });
    this.#owner.claim(id, {
      ...{ resources, locker, priority, once: true },
      ...(value !== undefined && { value }),
      ...(ttl !== Infinity && { ttl }),
      ...(timeout !== Infinity && { timeout }),
      ...(grace !== undefined && { grace }),
      ...(preempt !== undefined && { preempt }),
      ...(holding !== undefined && {
        holding: holding.map((kept) => this.#owner.claims.get(kept)?.id ?? kept),
      }),
    });
    return outcome ?? new Promise((resolve) => this.#waits.set(id, resolve));
  }

  release({ id }: Claim, how: 'release' | 'yield'): Denied | undefined {
    const claim = this.#owner.claims.get(id);
    if (claim === undefined) return UNKNOWN;
    if (how === 'release') {
      claim.release();
      return undefined;
    }
    if (claim.state !== 'revoking') return NOT_REVOKED;
    claim.yield();
    return undefined;
  }

  extend({ id }: Claim, change: ClaimChange): Answer<Outcome> {
    const claim = this.#owner.claims.get(id);
    if (claim === undefined || !claim.isHeld()) return UNKNOWN;
    this.#refused = undefined;
    let outcome: Outcome | undefined;
    const isElsewhere = this.#registry.role() !== 'arbiter';
    if (isElsewhere) {
      this.#waits.set(id, (known) => {
        outcome = known;
      });
    }
    claim.update({ ...change, renew: change.ttl !== undefined });
    // Whoever decides elsewhere answers later.
    if (isElsewhere) return outcome ?? new Promise((resolve) => this.#waits.set(id, resolve));
    const refused = this.#refused as Told | undefined;
    if (refused !== undefined) return denialOf(refused);
    return claim.isHeld() ? this.#grantOf(claim) : UNKNOWN;
  }

  listen({ id }: Claim, listener: ClaimListener): void {
    this.#listeners.set(id, { listener, isRevoking: false });
  }

  /** Ends every lock and every wait, for those who have them here. */
  stop(): void {
    for (const { listener } of [...this.#listeners.values()])
      listener.hear({ type: 'lost', reason: 'session' });
    this.#listeners.clear();
    for (const key of [...this.#waits.keys()]) this.#settle(key, CLOSED);
  }

  async watch(pattern: string, listener: (state: ResourceSnapshot) => void): Promise<StopWatching> {
    const matches = resourceMatcher(pattern);
    await this.#registry.ready;
    await this.#registry.caughtUp();
    for (const state of this.#registry.states()) {
      if (state.claims.length + state.waitingCount > 0 && matches(state.resource))
        listener(snapshotOf(state));
    }
    let isOn = true;
    const stop = this.#registry.watch(pattern, (state) => {
      // Each in a turn of its own: a watcher that fails or acquires disturbs nobody.
      queueMicrotask(() => {
        if (isOn) listener(snapshotOf(state));
      });
    });
    return () => {
      isOn = false;
      stop();
    };
  }

  #hear(claim: OwnedClaim, told: Told): void {
    const { key } = claim;
    switch (told.result) {
      case 'granted':
        this.#settle(key, this.#grantOf(claim));
        return;
      case 'denied':
        if (told.ended === undefined) this.#refuse(key, told);
        else this.#end(key, denialOf(told));
        return;
      case 'released':
        this.#end(key, WITHDRAWN);
        return;
      case 'revoking':
        this.#revoke(claim, told);
        return;
      case 'lost':
        this.#lose(key, told);
        return;
      case 'queued':
      case 'requeued':
      case 'error':
    }
  }

  /** A change was refused; the claim is as it was. */
  #refuse(key: string, told: Told): void {
    this.#refused = told;
    if (this.#registry.role() !== 'arbiter') this.#settle(key, denialOf(told));
  }

  #revoke({ key, until }: OwnedClaim, { by }: Told): void {
    const listening = this.#listeners.get(key);
    if (listening === undefined || listening.isRevoking) return;
    listening.isRevoking = true;
    listening.listener.hear({ type: 'revoking', until, by: byOf(by) });
  }

  #lose(key: string, told: Told): void {
    const listener = this.#listeners.get(key)?.listener;
    this.#end(key, WITHDRAWN);
    const reason = isLoss(told.reason) ? told.reason : 'session';
    listener?.hear({ type: 'lost', reason, ...(told.by !== undefined && { by: byOf(told.by) }) });
  }

  #end(key: string, outcome: Outcome): void {
    this.#listeners.delete(key);
    this.#settle(key, outcome);
  }

  #settle(key: string, outcome: Outcome): void {
    const settle = this.#waits.get(key);
    this.#waits.delete(key);
    settle?.(outcome);
  }

  /** Both moments move: a lease is asked for again before its end, and contact is proved with each beat. */
  #grantOf(claim: OwnedClaim): Outcome {
    return {
      type: 'granted',
      token: claim.answer?.token ?? 0,
      get expires() {
        return claim.due;
      },
      trustedUntil: () => claim.validUntil,
    };
  }
}

const UNKNOWN: Denied = { type: 'denied', reason: 'unknown', detail: 'no held claim has this id' };
const NOT_REVOKED: Denied = { type: 'denied', reason: 'invalid', detail: 'the claim is not being revoked' };
const CLOSED: Denied = { type: 'denied', reason: 'unavailable', detail: 'the locks were closed' };
const WITHDRAWN: Denied = { type: 'denied', reason: 'withdrawn' };

function denialOf({ reason, detail, by }: Told): Denied {
  return {
    type: 'denied',
    reason: refusalOf(reason),
    ...(detail !== undefined && { detail }),
    ...(by !== undefined && { by: byOf(by) }),
  };
}

function isLoss(reason: Told['reason']): reason is LossReason {
  return reason === 'preempted' || reason === 'expired' || reason === 'forced' || reason === 'session';
}

/** Of what may be answered, what may be a claim's denial. */
function refusalOf(reason: Told['reason']): RefusalReason {
  switch (reason) {
    case undefined:
    case 'preempted':
    case 'forced':
    case 'replaced':
    case 'malformed':
      return 'invalid';
    default:
      return reason;
  }
}

function byOf(cause: Cause | undefined): By {
  const { locker = '', requester, priority } = cause ?? {};
  return {
    locker,
    ...(requester !== undefined && { requester }),
    ...(priority !== undefined && { priority }),
  };
}

function snapshotOf(state: ResourceState): ResourceSnapshot {
  const { resource, holder, priority, value, token = 0, since, expires, waiting, waitingCount } = state;
  return {
    ...{ resource, state: state.state, holder, priority, value, token, waitingCount },
    since: since === undefined ? undefined : Date.parse(since),
    expires: expires === undefined ? Infinity : Date.parse(expires),
    waiting: waiting.map((waiter) => ({ locker: waiter.locker, priority: waiter.priority })),
  };
}
