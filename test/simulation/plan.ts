// What a simulated history consists of, made from a seed before anything happens: who there is, and what is done when.
// Types only.
import type { OwnChange } from '../../src/mqtt/arbiter-own';
import type { ClaimMessage } from '../../src/mqtt/messages';

/** Lengths in ms. */
export interface ProcessShape {
  readonly requester: string;
  readonly decide: 'never' | 'alone' | 'takeover';
  /** How many ms of its own pass in one ms. */
  readonly rate: number;
  /** How wrong its wall clock is at the start. */
  readonly wallError: number;
  /** How long a message takes at least, and at most. */
  readonly latency: readonly [least: number, most: number];
}

export interface Shape {
  readonly processes: readonly ProcessShape[];
  readonly devices: readonly string[];
  readonly resources: readonly string[];
  /** How long a holder that does not answer is waited for. */
  readonly handoverTimeout: number;
  readonly keepalive: number;
  /** Operators end holds by force. */
  readonly isForced: boolean;
  /** Between two saves of the broker's store. */
  readonly saveEvery: number;
}

/** Which of those that are there when it happens: from 0 up to, but not, 1. */
type Choice = number;

export type Fault =
  /** Killed, and started again. */
  | { readonly kind: 'crash'; readonly process: number; readonly for: number }
  /** Stopped with a goodbye, and started again. */
  | { readonly kind: 'stop'; readonly process: number; readonly for: number }
  | { readonly kind: 'freeze' | 'suspend'; readonly process: number; readonly for: number }
  | { readonly kind: 'jump'; readonly process: number; readonly by: number }
  /** Nothing passes between a process and the broker, one way or both; of one connection if one is picked. */
  | {
      readonly kind: 'cut';
      readonly process: number;
      readonly ways: 'up' | 'down' | 'both';
      readonly connection: Choice | undefined;
      readonly for: number;
    }
  /** One connection ends, and both sides are told. */
  | { readonly kind: 'break'; readonly process: number; readonly connection: Choice }
  | { readonly kind: 'slow'; readonly process: number; readonly by: number; readonly for: number }
  /** This share of the messages at QoS 0 is lost, or comes twice. */
  | { readonly kind: 'lossy'; readonly process: number; readonly share: number; readonly for: number }
  | {
      readonly kind: 'broker';
      /** What it has when it is there again. */
      readonly store: 'kept' | 'lost' | 'old';
      /** Nobody is told that it is gone. */
      readonly isSilent: boolean;
      readonly for: number;
    }
  /** The broker stands still. */
  | { readonly kind: 'stall'; readonly for: number };

export type Deed =
  | {
      readonly kind: 'claim';
      readonly process: number;
      readonly message: ClaimMessage;
      readonly isKept: boolean;
    }
  | { readonly kind: 'release'; readonly process: number; readonly claim: Choice }
  | {
      readonly kind: 'update';
      readonly process: number;
      readonly claim: Choice;
      readonly change: OwnChange;
    }
  | { readonly kind: 'keep'; readonly process: number; readonly claim: Choice; readonly isKept: boolean }
  | { readonly kind: 'force'; readonly process: number; readonly resource: string }
  /** A device publishes its claim, or withdraws it. */
  | {
      readonly kind: 'device';
      readonly device: string;
      readonly name: string;
      readonly message?: ClaimMessage;
    };

export type Step = (Fault | Deed) & {
  /** Ms since the beginning of its round. */
  readonly at: number;
};

/** Faults and deeds, then quiet, in which everything must come right. */
export interface Round {
  readonly length: number;
  readonly steps: readonly Step[];
}

export interface Plan {
  readonly seed: number;
  readonly shape: Shape;
  readonly rounds: readonly Round[];
}
