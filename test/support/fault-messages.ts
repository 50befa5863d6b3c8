// What a test and its locking processes say to each other. Types only.
import type { ConnectOptions } from '../../src/registry/connect-locks';

export type LockSettings = Omit<ConnectOptions, 'log'>;

/** From the test. */
export type Order =
  | { readonly do: 'open'; readonly settings: LockSettings }
  /** Changes what only the resource's lock guards, again and again, until told otherwise. */
  | { readonly do: 'work'; readonly resource: string }
  /** Ends the work after the change that is under way. */
  | { readonly do: 'rest' }
  /** Acquires a resource as its own locker, and keeps it. */
  | { readonly do: 'take'; readonly resource: string; readonly priority: number }
  | { readonly do: 'give'; readonly resource: string }
  /** Says how many wait for a resource, on every change. */
  | { readonly do: 'watch'; readonly resource: string }
  | { readonly do: 'close' }
  /** What was asked of the shared state; `undefined`: a greater token was seen there. */
  | { readonly do: 'answer'; readonly question: number; readonly marks: readonly string[] | undefined };

/** A moment at which a process said that it has a lock, as two readings of this machine's monotonic clock around it. */
export interface Belief {
  readonly resource: string;
  readonly token: number;
  readonly before: number;
  readonly after: number;
}

/** From a process. */
export type Happening =
  | { readonly is: 'open' }
  | { readonly is: 'failed'; readonly text: string }
  | { readonly is: 'role'; readonly role: string; readonly epoch: number; readonly text: string }
  | { readonly is: 'believed'; readonly belief: Belief }
  /** A change was made under the lock, and taken. */
  | { readonly is: 'changed'; readonly resource: string; readonly mark: string }
  | { readonly is: 'taken'; readonly resource: string; readonly token: number; readonly at: number }
  | { readonly is: 'over'; readonly resource: string; readonly code: string; readonly at: number }
  | { readonly is: 'denied'; readonly resource: string; readonly code: string }
  | { readonly is: 'waiting'; readonly resource: string; readonly count: number }
  | { readonly is: 'closed' }
  | Question;

/** Of the shared state. */
export interface Question {
  readonly is: 'read' | 'write';
  readonly question: number;
  readonly resource: string;
  readonly token: number;
  /** For `write`: all that is to be there. */
  readonly marks: readonly string[];
}
