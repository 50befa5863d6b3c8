// One claim of an acquire node, with the messages that depend on it, and what each answer means for them.
import type { NodeMessage } from 'node-red';
import type { Answer } from '../../src/mqtt/messages';
import type { RegistryClaim } from '../../src/registry/registry';
import type { LockNews } from '../shared/lock-info';
import type { Errand } from './errand';

export interface Wish {
  readonly key: string;
  claim: RegistryClaim | undefined;
  /** What messages are made of that tell later what became of it. */
  template: NodeMessage;
  /** The message that waits for the grant. */
  waiting: Errand | undefined;
  /** Further messages whose update is not answered yet, oldest first. */
  readonly asking: Errand[];
  /** Told to be ours, and not yet told to be gone. */
  isMine: boolean;
  /** The flow already knows that it is being taken. */
  isTaken: boolean;
  /** The fencing token of the last hold. */
  token: number | undefined;
  /** The state that the flow was last told of, and since when (wall ms) it is that. */
  told:
    | { readonly state: LockNews['state']; readonly token: number | undefined; readonly sinceMs: number }
    | undefined;
  /** It waits to get back what it had. */
  wasMine: boolean;
  /** Has waited for as many hand-overs as it may. */
  isGivenUp: boolean;
  /** Came back from before a restart, and no message has told so yet. */
  isRestored: boolean;
  stopCounting: (() => void) | undefined;
  /** Its longest wait was 0. */
  readonly atOnce: boolean;
}

export function newWish(key: string, template: NodeMessage, atOnce: boolean): Wish {
  return {
    key,
    claim: undefined,
    template,
    waiting: undefined,
    asking: [],
    isMine: false,
    isTaken: false,
    token: undefined,
    told: undefined,
    wasMine: false,
    isGivenUp: false,
    isRestored: false,
    stopCounting: undefined,
    atOnce,
  };
}

/** What an answer of the registry means for the flow. */
export type Outcome =
  | 'yours' // granted, for the first time or again
  | 'taken' // someone else has it now, or will have when the grace is over
  | 'freed' // ended, and nobody has it
  | 'denied' // ended without a grant
  | 'wrong' // ended, because the registry can do nothing with it
  | 'ended' // ended by its own flow, or told before
  | 'confirmed' // an update was taken over
  | 'refused' // an update was not taken over; the claim is as it was
  | 'waits';

/** Denials that are a fault in the flow rather than somebody's better right. */
const FAULTS: ReadonlySet<string> = new Set(['invalid', 'too-long', 'too-many', 'malformed', 'unknown']);

/** `isFree`: nobody has any of its resources now. */
export function outcomeOf(wish: Wish, answer: Answer, isFree: () => boolean): Outcome {
  const isAlive = wish.claim?.state !== 'ended';
  switch (answer.result) {
    case 'granted':
      return wish.isMine ? 'confirmed' : 'yours';
    case 'queued':
      return wish.asking.length > 0 ? 'confirmed' : 'waits';
    case 'revoking':
      return wish.isTaken ? 'confirmed' : 'taken';
    case 'requeued':
      if (wish.isMine) return wish.isTaken ? 'waits' : 'taken';
      return wish.asking.length > 0 ? 'confirmed' : 'waits';
    case 'lost':
      if (wish.isTaken) return 'ended';
      return answer.reason !== 'preempted' && isFree() ? 'freed' : 'taken';
    case 'denied':
      if (isAlive) return 'refused';
      return isFault(answer) ? 'wrong' : 'denied';
    case 'error':
      return isAlive ? 'refused' : 'wrong';
    case 'released':
      return wish.isGivenUp ? 'denied' : 'ended';
  }
}

export function isFault({ result, reason }: Answer): boolean {
  return result === 'error' || (reason !== undefined && FAULTS.has(reason));
}
