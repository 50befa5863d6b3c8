// What the sidebar of the editor is given to show, and how it asks for it. Times are wall ms.
import type { Json } from '../../src/core';
import type { AuditEvent } from '../../src/mqtt/messages';
import type { RegistryStatus } from '../../src/registry/registry';

/** Who holds or waits. */
export interface Party {
  readonly locker: string;
  /** The Node-RED or device, where it is not this Node-RED. */
  readonly requester?: string;
  readonly priority: number;
  readonly level?: string;
  /** Since when it holds or waits; absent where nobody has seen it begin. */
  readonly since?: number;
  /** The node of this Node-RED, as the editor knows it: inside a subflow its outermost instance. */
  readonly node?: string;
  /** It was made in this sidebar. */
  readonly isHand?: true;
}

export interface Holder extends Party {
  readonly token: number;
  /** How many claims hold: re-entrance. */
  readonly claims: number;
  /** When the lease runs out; absent without one. */
  readonly expires?: number;
  /** It belongs to a node that is not in the flows any more, or disabled. */
  readonly lacksNode?: true;
}

/** One resource. */
export interface Row {
  readonly resource: string;
  readonly state: 'free' | 'held' | 'revoking';
  readonly value?: Json;
  /** Absent while free. */
  readonly holder?: Holder;
  /** The first of those who wait, in the order in which they come next. */
  readonly waiting: readonly Party[];
  readonly waitingCount: number;
}

/** How a registry is. */
export interface Standing extends RegistryStatus {
  /** Who decides, by its name as a requester. */
  readonly decider?: string;
  /** This Node-RED decides. */
  readonly isOwn: boolean;
  readonly canTakeOver: boolean;
  readonly epoch: number;
  /** How many claims of devices ended long ago and were never withdrawn. */
  readonly dead: number;
}

/** A line of the audit stream, numbered. */
export interface EventLine extends AuditEvent {
  readonly number: number;
}

export interface RegistryName {
  /** Of its lock-registry node. */
  readonly id: string;
  readonly name: string;
}

/** What has changed in a registry since the cursor that was sent. */
export interface Changes {
  /** To be sent the next time. */
  readonly cursor: string;
  /** The cursor was of another time: what was shown before counts no more. */
  readonly isFresh: boolean;
  /** There is more than fits into one answer: ask again. */
  readonly isMore: boolean;
  /** There are more resources than are shown at all. */
  readonly isCut: boolean;
  readonly standing: Standing;
  readonly rows: readonly Row[];
  readonly events: readonly EventLine[];
}

export interface View {
  /** The clock of the runtime, by which all times here are. */
  readonly now: number;
  readonly registries: readonly RegistryName[];
  /** Which of them `changes` is of; absent where there is none. */
  readonly registry?: string;
  readonly changes?: Changes;
}

/** The topic on which the editor is told that there is something to ask for. It says nothing else. */
export const NUDGE_TOPIC = 'locks-sidebar';
/** Of the last ones so many are kept. */
export const MOST_EVENTS = 200;
/** Under the editor's address. */
export const ROUTE = 'priority-redlock/locks';
