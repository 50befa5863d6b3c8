// What a participant and the arbiter tell each other, after it was read and checked. Types only.
import type { ClaimKey } from './arbiter-claim';
import type { Answer, ClaimMessage } from './messages';

/** Retained while a participant is there; its will is the same with `online: false`. */
export interface PresenceMessage {
  readonly v: 1;
  readonly online: boolean;
  /** Made anew at each process start. */
  readonly instance: string;
  /** A goodbye: nothing of this instance is alive any more. */
  readonly left?: boolean;
}

/** That a session is alive; its sender hears it back, and so knows that it reaches the broker. */
export interface BeatMessage {
  readonly session: string;
  /** Grows by one with each beat of an instance. */
  readonly beat: number;
}

/** That the arbiter is alive. */
export interface ArbiterBeatMessage {
  readonly epoch: number;
  readonly instance: string;
  readonly beat: number;
}

/** For which instance, of which term. */
interface Addressed {
  readonly v: 1;
  /** The participant's instance. */
  readonly session: string;
  readonly epoch: number;
}

/** One of the numbered messages of a stream, in either direction. */
export interface Frame extends Addressed {
  /** Counts the streams of an instance; both directions have the same. */
  readonly stream: number;
  /** Counts the frames of one direction from 1; absent in a frame that only acknowledges. */
  readonly n?: number;
  /** Everything up to this number has come from the other side. */
  readonly ack: number;
}

export interface UpFrame extends Frame {
  readonly ops: readonly ClaimOp[];
}

export interface DownFrame extends Frame {
  /** The highest beat of the session that the arbiter had when it wrote this. */
  readonly beat: number;
  readonly tells: readonly Tell[];
}

/** Answers each beat at once. */
export interface BeatReturn extends Addressed {
  readonly beat: number;
  /** 0: the arbiter has no stream of this instance, and waits for its hello. */
  readonly stream: number;
  readonly ack: number;
  /** The last frame that was sent. */
  readonly last: number;
}

/** Why this instance, or what it sent, is not heard. */
export interface SessionRefusal extends Addressed {
  readonly refused: string;
}

/** What has become of a claim. */
export interface Tell {
  readonly id: string;
  readonly answer: Answer;
}

/** What a participant wants, in order. A stream begins with a hello, every live claim, and a ready. */
export type ClaimOp =
  | HelloOp
  | MakeOp
  | UpdateOp
  | YieldOp
  | KeepOp
  | { readonly op: 'ready' }
  | { readonly op: 'release'; readonly id: string }
  /** Tell its present outcome again. */
  | { readonly op: 'ask'; readonly id: string };

export interface HelloOp {
  readonly op: 'hello';
  /** The instance of this name that ran before, and is known to be dead. */
  readonly after?: string;
  /** The term of the arbiter that answered last, on a connection that has not broken since. */
  readonly witnessed?: number;
  /** The greatest token that it has heard of. */
  readonly token?: number;
}

export interface MakeOp {
  readonly op: 'claim';
  readonly id: string;
  /** What follows the requester in the topics of a claim that is kept. */
  readonly name: string;
  readonly message: ClaimMessage;
  /** It survives its session. */
  readonly keep: boolean;
  readonly owner?: ClaimKey;
  /** What was told of it so far; absent when nothing was. */
  readonly was?: Was;
  /** Changes of it follow that an arbiter may have made already: of the message, what it has stands. */
  readonly changing?: boolean;
}

/** What a participant knows of a claim that it repeats. Lengths in ms. */
export interface Was {
  readonly order?: number;
  /** Whether it was ever granted. */
  readonly granted: boolean;
  /** By resource, while it holds. */
  readonly tokens?: { readonly [resource: string]: number };
  /** What is left of its lease. */
  readonly remaining?: number;
  /** What is left of its first wait, where that has a bound. */
  readonly wait?: number;
  /** What is left until its revocation is over, while it is being revoked. */
  readonly revoking?: number;
}

export interface UpdateOp {
  readonly op: 'update';
  readonly id: string;
  readonly change: Pick<ClaimMessage, 'priority' | 'value' | 'ttl' | 'renew'>;
}

export interface YieldOp {
  readonly op: 'yield';
  readonly id: string;
  readonly token: number;
}

export interface KeepOp {
  readonly op: 'keep';
  readonly id: string;
  readonly keep: boolean;
}
