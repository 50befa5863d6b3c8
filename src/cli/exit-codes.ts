// What the command says of itself by its exit code, after the numbers of sysexits.h. Anything else is the exit code of
// the command that ran while the lock was held.
import { constants } from 'node:os';

export const EXIT = {
  /** The arguments are wrong. */
  usage: 64,
  /** No broker, or nobody who decides about locks there. */
  unavailable: 69,
  /** The lock was lost, and the command was ended. */
  lost: 74,
  /** The lock was not granted, or the hold that was to be ended is another one by now. */
  denied: 75,
} as const;

/** What a shell says of a process that a signal has ended. */
export function exitBySignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
