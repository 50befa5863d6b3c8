// What the nodes talk to. A registry lives in the module, not in the config node, so that claims survive deploys.
// Types only; `openRegistry` (open.ts) makes one.

import type { DeadClaim } from '../mqtt/arbiter-graves';
import type { TlsOptions } from '../mqtt/connection-address';
import type { DefaultValue } from '../mqtt/defaults';
import type { Decide } from '../mqtt/member';
import type { MemberStatus } from '../mqtt/member-status';
import type { Answer, AuditEvent, ClaimMessage, ResourceState } from '../mqtt/messages';
import type { Clock, LockingProtocol } from '../protocol';
import type { Level, Levels } from './levels';
import type { PolicyRow } from './policy';

/** The broker on whose topics the locks are mirrored. */
export type BrokerSettings =
  /** None that anybody else could connect to. What is to survive a restart is kept all the same. */
  | { readonly kind: 'none' }
  /** One in this process. */
  | {
      readonly kind: 'embedded';
      readonly port: number;
      /** Default: this machine only. */
      readonly host?: string;
      readonly user?: string;
      readonly password?: string;
    }
  | {
      readonly kind: 'url';
      readonly url: string;
      readonly user?: string;
      readonly password?: string;
      readonly tls?: TlsOptions;
      readonly protocolVersion?: 3 | 4 | 5;
    };

export interface RegistrySettings {
  /** By which code finds it; see `findRegistry`. */
  readonly name?: string;
  readonly broker: BrokerSettings;
  /** Of all topics; default `locks`. */
  readonly prefix?: string;
  /** The name of this runtime as a requester; without one a random name, kept in the folder. */
  readonly requester?: string;
  /** Default: DEFAULT_LEVELS. */
  readonly levels?: readonly Level[];
  readonly policy?: readonly PolicyRow[];
  /** What free resources show, by patterns of their names; the first that matches counts. */
  readonly values?: readonly DefaultValue[];
  /** Holder and value as plain text on topics of their own, too. Default `false`. */
  readonly plainText?: boolean;
  /** Home Assistant is told of every resource under this prefix of its own, usually `homeassistant`. Default: it is not. */
  readonly homeAssistant?: string;
  /**
   * Whether this runtime may decide, on a broker of others: `alone` unless somebody else does, also without the broker;
   * `takeover` whenever nobody else does; or `never`. Default `alone`.
   */
  readonly decide?: Decide;
  /** In ms; those of the runtime that decides are in force. */
  readonly timing?: {
    /** How long a runtime is believed to live without a sign of it. Default 10 s. */
    readonly session?: number;
    /** How long the one that decides may be silent before another one takes over. Default 5 s. */
    readonly failoverDelay?: number;
    /** How long a holder in another process has to wind down, at least. Default 1 s; `Infinity`: until it is gone. */
    readonly handoverTimeout?: number;
  };
  /** A folder of ours. Without one nothing survives a restart but what another broker keeps. */
  readonly folder?: string;
}

/** One claim of a node, alive from `claim` until an answer that ends it. */
export interface RegistryClaim {
  /** Of its owner. */
  readonly path: string;
  /** Unique among the claims of its owner, chosen by it: one per resource set. */
  readonly key: string;
  /** Unique in the registry; `msg.lock.id`. */
  readonly id: string;
  /** As it was last asked for. */
  readonly message: ClaimMessage;
  /** The last answer; `undefined` until the first one comes. */
  readonly answer: Answer | undefined;
  readonly state: 'asked' | 'waiting' | 'held' | 'revoking' | 'ended';
  /** Wall ms at which it was made, or came back. */
  readonly madeAt: number;
  /** Came back from before a restart of Node-RED. */
  readonly restored: boolean;
  /** By the local clock too: false once the lease has run out. */
  isHeld(): boolean;
  /** Wall ms at which the lease runs out; `Infinity` without one. */
  readonly expires: number;
  update(change: Pick<ClaimMessage, 'priority' | 'value' | 'ttl' | 'renew'>): void;
  /** Acknowledges a revocation. */
  yield(): void;
  /** Ends it, waiting or held. */
  release(): void;
}

/** All claims of one node, by the node's path (stable in subflows and over deploys). */
export interface ClaimOwner {
  readonly path: string;
  /** Live claims, also those that an earlier instance of the node, or an earlier run of Node-RED, has left. */
  readonly claims: ReadonlyMap<string, RegistryClaim>;
  /**
   * Makes a claim under a key that is free, or updates the one that is there. The answer comes to the listener, maybe
   * before this returns. `keep` lets it survive a restart of Node-RED.
   */
  claim(key: string, message: ClaimMessage, options?: { readonly keep?: boolean }): RegistryClaim;
  /**
   * Called with every answer to a claim of this owner, and soon with the ends that nobody has heard of yet. One listener
   * at a time: the node that is there now. It stays until another one comes, also over `detach(false)`.
   */
  onAnswer(listener: (claim: RegistryClaim, answer: Answer) => void): () => void;
  /** The node closes. Removed: its claims end, untold. Not removed: they wait 30 s for the node that comes back. */
  detach(removed: boolean): void;
}

/** How the registry is, in words for a node status and the log. */
export interface RegistryStatus {
  readonly state: 'starting' | 'ready' | 'offline' | 'failed';
  /** `embedded broker on 127.0.0.1:1883`, or which port is taken, by whom probably, and what to do. */
  readonly text: string;
  readonly warning?: string;
}

export interface Registry {
  readonly levels: Levels;
  /** Its own name as a requester. */
  readonly requester: string;
  /** By which all of its times are kept. */
  readonly clock: Clock;
  readonly status: RegistryStatus;
  /** Resolves when it has rebuilt what was before. Never rejects: a taken port or a dead broker is a status. */
  readonly ready: Promise<void>;
  onStatus(listener: (status: RegistryStatus) => void): () => void;
  /** Attaches to the claims of a node's path; the same owner until its claims have ended. */
  owner(path: string): ClaimOwner;
  /** Any live claim of this runtime by its id, whoever owns it: what `release` and `lock-guard` look up. */
  find(id: string): RegistryClaim | undefined;
  /** Live claims of this runtime on a resource by a locker, whoever owns them. */
  findByLocker(resource: string, locker: string): readonly RegistryClaim[];
  state(resource: string): ResourceState;
  states(): Iterable<ResourceState>;
  /** Calls back on every change of a resource that matches (`+` and `#` as in MQTT), never before it has rebuilt. */
  watch(pattern: string, listener: (state: ResourceState) => void): () => void;
  onEvent(listener: (event: AuditEvent) => void): () => void;
  /** The same locks for programs, for `createLocks` of the library. Their claims are this path's; one protocol for each. */
  protocol(path: string): LockingProtocol;
  /** Ends the whole hold that was seen; resolves to why not, or `undefined`. Audited. */
  force(resource: string, token: number, by: string): Promise<string | undefined>;
  /** Whether this runtime decides, or another one. */
  role(): MemberStatus['role'];
  /** The number of the term in which somebody decides; grows with each new one. */
  epoch(): number;
  /** Who decides, or has decided last, by its name as a requester; `undefined` before it is known. */
  decider(): string | undefined;
  /** This runtime could decide, if somebody told it to. */
  canTakeOver(): boolean;
  /** Decides from now on; resolves when it does, rejects with why it cannot. */
  takeOver(): Promise<void>;
  /** Devices' claims that ended at least so long ago (ms) and were not withdrawn, as far as this runtime decides. */
  deadClaims(sinceMs: number): readonly DeadClaim[];
  /** Has the broker forget dead claims. */
  purge(dead: readonly DeadClaim[], by: string): void;
  /**
   * One user less. When the last one has gone, it goes on for as long as it waits for nodes that come back, unless it is
   * opened again; with `now` it stops at once, and resolves when nothing of it is left.
   */
  close(options?: { readonly now?: boolean }): Promise<void>;
}
