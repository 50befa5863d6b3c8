// The settings of an acquire node as the editor stores them. Types only.
import type { NodeDef } from 'node-red';

/** What to do with a message that comes while the node has a claim on the same resources. */
export type Further =
  | 'renew' // updates it and starts the lease again
  | 'keep' // updates it and keeps the time
  | 'differs' // updates and renews it only when the value is another one
  | 'each'; // is a claim of its own, by a locker of its own: one after the other

export interface AcquireConfig extends NodeDef {
  readonly registry: string;
  readonly resources: readonly { readonly v: string; readonly t: string }[];
  /** With `levelType` `level` the id of a named level. */
  readonly level: string;
  readonly levelType: string;
  /** With `valueType` `none` there is no value. */
  readonly value: string;
  readonly valueType: string;
  /** With `ttlType` `none` until released. */
  readonly ttl: string;
  readonly ttlType: string;
  readonly ttlUnit: string;
  readonly whenLost: 'wait' | 'giveUp';
  readonly whenTaken: 'wait' | 'atMost' | 'now' | 'free';
  readonly timeout: string;
  readonly timeoutUnit: string;
  readonly further: Further;
  readonly owner: string;
  readonly grace: string;
  readonly graceUnit: string;
  readonly several: 'together' | 'each';
  readonly restarts: 'auto' | 'always' | 'never';
  /** Whether a message tells of what is still held after a restart. */
  readonly announce: boolean;
  /** Whether `msg.acquire` may change settings. */
  readonly override: boolean;
  /** Whether only a message counts that reports something else than the value in charge. */
  readonly manual: boolean;
  /** The property of the message that holds what is reported. */
  readonly reported: string;
  /** For how long after a change reports are taken for its echo. */
  readonly settle: string;
  readonly settleUnit: string;
  /** Empty for as many as it takes. */
  readonly maxAttempts: string;
}
