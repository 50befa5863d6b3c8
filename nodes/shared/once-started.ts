// Waits until all flows run, with one listener for all nodes: an emitter warns of a leak from the eleventh on.
import type { EventEmitter } from 'node:events';

type Start = () => unknown;

const waiting = new WeakMap<EventEmitter, Set<Start>>();

/** Calls back once the flows that start now all run; calling the result calls that off. */
export function onceStarted(runtime: EventEmitter, start: Start): () => void {
  const starts = waiting.get(runtime) ?? listen(runtime);
  starts.add(start);
  return () => {
    starts.delete(start);
  };
}

function listen(runtime: EventEmitter): Set<Start> {
  const starts = new Set<Start>();
  waiting.set(runtime, starts);
  runtime.once('flows:started', () => {
    waiting.delete(runtime);
    for (const start of starts) start();
  });
  return starts;
}
