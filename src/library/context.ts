// What an `acquire` is part of: `acquireAll` calls generators, and each `acquire` that one calls (at once, not after an
// `await` of its own) keeps what was acquired before, and ends when the whole is given up.

export interface Context {
  /** Ids of the claims that are kept meanwhile. */
  readonly holding: readonly string[];
  /** Aborted when the whole is given up. */
  readonly signal: AbortSignal;
}

let current: Context | undefined;

export function currentContext(): Context | undefined {
  return current;
}

export function within<T>(context: Context, work: () => T): T {
  const before = current;
  current = context;
  try {
    return work();
  } finally {
    current = before;
  }
}
