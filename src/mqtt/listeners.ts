// Whoever wants to be told, and the way to be told no longer.

/** Adds a listener; what this returns takes it away again, and may be called more than once. */
export function subscribe<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
