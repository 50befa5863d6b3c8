// The payloads of the MQTT contract (docs/protocol.md), after they were read and checked. Types only.
import type { DenialReason, Json, LossReason } from '../core';

/** A claim as a device or a node sends it; everything is optional. Lengths in ms. */
export interface ClaimMessage {
  /** The claim's generation: a new one is a new wish. */
  readonly id?: string;
  readonly resource?: string;
  readonly resources?: readonly string[];
  readonly locker?: string;
  /** A number, or the name of a level. */
  readonly priority?: number | string;
  readonly value?: Json;
  readonly ttl?: number;
  readonly renew?: boolean;
  readonly timeout?: number;
  readonly grace?: number;
  readonly preempt?: boolean;
  readonly once?: boolean;
  /** The token of the hold that is given up after a revocation. */
  readonly yielded?: number;
  readonly holding?: readonly string[];
}

export type AnswerResult =
  | 'granted'
  | 'queued'
  | 'denied'
  | 'revoking'
  | 'lost'
  | 'requeued'
  | 'released'
  | 'error';

/** Who caused it, as people know them. */
export interface Cause {
  readonly locker: string;
  readonly requester?: string;
  readonly priority?: number;
  readonly level?: string;
}

export type AnswerReason =
  | DenialReason
  | LossReason
  | 'policy' // a rule of the registry forbids it; `detail` names the rule
  | 'withdrawn' // its requester took it back
  | 'replaced' // its requester made another claim in its place
  | 'malformed' // the message cannot be read; `detail` names the field
  | 'unavailable'; // somebody else decides, and cannot be asked

/** What became of a claim. */
export interface Answer {
  readonly id?: string;
  readonly result: AnswerResult;
  readonly resources: readonly string[];
  readonly token?: number;
  /** When the lease runs out or, of a hold that is being revoked, when it ends at the latest. ISO 8601; absent without. */
  readonly expires?: string;
  /** What was left until then, in ms, when this was written. */
  readonly remaining?: number;
  /** When the first wait is over, where it has a bound. ISO 8601. */
  readonly until?: string;
  /** When the claim ended. ISO 8601. */
  readonly ended?: string;
  /** The claim as it stands, where its last message alone does not say it. */
  readonly wish?: ClaimMessage;
  /** Order of arrival, by which a later arbiter restores the queue. */
  readonly order?: number;
  /** Granted before, lost by preemption, and had again. */
  readonly regained?: boolean;
  readonly reason?: AnswerReason;
  /** In words: which field, rule or limit. */
  readonly detail?: string;
  readonly by?: Cause;
  /** Names the very message that this answers: a hash of its payload. */
  readonly hash?: string;
}

export interface HoldingClaim {
  readonly id: string;
  readonly requester: string;
  readonly name: string;
  readonly session?: string;
  readonly resources: readonly string[];
  readonly priority: number;
  /** When its lease runs out (ISO 8601), and what was left of it, in ms, when this was written. */
  readonly expires?: string;
  readonly remaining?: number;
  /** What a later arbiter needs beside the retained claim to restore it. */
  readonly locker: string;
  readonly value?: Json;
  readonly order: number;
  /** When its value was written, among all writes: with several claims, the latest counts. */
  readonly written?: number;
  readonly standing: boolean;
  readonly ttl?: number;
  readonly grace?: number;
}

export interface WaitingClaim {
  readonly locker: string;
  readonly requester: string;
  readonly priority: number;
  readonly level?: string;
}

/** Who holds a resource, its value, who waits. */
export interface ResourceState {
  readonly v: 1;
  readonly resource: string;
  readonly state: 'free' | 'held' | 'revoking';
  readonly holder?: string;
  readonly requester?: string;
  readonly priority?: number;
  readonly level?: string;
  readonly value?: Json;
  readonly token?: number;
  readonly since?: string;
  readonly expires?: string;
  readonly remaining?: number;
  readonly claims: readonly HoldingClaim[];
  readonly waiting: readonly WaitingClaim[];
  readonly waitingCount: number;
  readonly epoch: number;
}

/** One line of the audit stream. */
export interface AuditEvent {
  /** ISO 8601. */
  readonly time: string;
  readonly event: AnswerResult | 'forced' | 'force-denied' | 'purged';
  readonly resources: readonly string[];
  readonly locker: string;
  readonly requester: string;
  readonly name?: string;
  readonly priority?: number;
  readonly level?: string;
  readonly token?: number;
  readonly reason?: AnswerReason;
  readonly detail?: string;
  readonly by?: Cause;
}

/** What an operator may ask for: the end of the hold that has this token, or of a dead claim's remains. */
export type ForceMessage =
  | { readonly token: number; readonly purge?: never }
  | { readonly purge: true; readonly token?: never };

/** Who decides, and by what; its will is the same with `online: false`. */
export interface ArbiterMessage {
  readonly v: 1;
  readonly online: boolean;
  readonly requester: string;
  /** Made anew at each process start. */
  readonly instance: string;
  readonly epoch: number;
  /** No token above it was given before this was written; see TermMessage. */
  readonly tokenFloor: number;
  /** It has said goodbye: it decides no more, not even for itself. */
  readonly left?: boolean;
  /** The settings in force, by name. */
  readonly settings?: { readonly [name: string]: Json };
}

/**
 * What must never fall, apart from the arbiter's presence: that one is overwritten by its will, which is as old as the
 * connection.
 */
export interface TermMessage {
  readonly epoch: number;
  /** No token above it was ever given. */
  readonly tokenFloor: number;
}
