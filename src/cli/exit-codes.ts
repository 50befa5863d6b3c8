// What the command says of itself by its exit code, after the numbers of sysexits.h. Anything else is the exit code of
// the command that ran while the lock was held.

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

/** A shell says so of a process that a signal has ended: 128 and the signal's number. */
export const EXIT_BY_SIGNAL = 128;
