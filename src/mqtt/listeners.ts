// Whoever wants to be told, and the way to be told no longer.
import type { Log } from './arbiter-context';

/** Adds a listener; what this returns takes it away again, and may be called more than once. */
export function subscribe<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Whoever listens must not break what it listens to. */
export function callSafely(log: Log, tell: () => void): void {
  try {
    tell();
  } catch (error) {
    log.warn(`a listener to the locks failed: ${error instanceof Error ? error.stack : error}`);
  }
}
