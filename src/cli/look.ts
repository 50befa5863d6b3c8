// Prints who has what, once or on every change.
import type { ResourceSnapshot } from '../protocol';
import { resourceMatcher } from '../protocol';
import type { Place } from './arguments';
import { connectAsSession } from './connect';
import type { Terminal } from './terminal';

export interface LookTask {
  readonly verb: 'list' | 'watch';
  readonly pattern: string;
  readonly isJson: boolean;
}

/** `list` ends when all is printed, `watch` when it is interrupted. */
export async function look(
  place: Place,
  { verb, pattern, isJson }: LookTask,
  terminal: Terminal,
): Promise<number> {
  const locks = await connectAsSession(place);
  const print = (state: ResourceSnapshot) => terminal.say(isJson ? spellJson(state) : spell(state));
  try {
    if (verb === 'list') await list(await locks.query(), pattern, print);
    else await watch((listener) => locks.watch(pattern, listener), print);
    return 0;
  } finally {
    await locks.close();
  }
}

function list(
  states: readonly ResourceSnapshot[],
  pattern: string,
  print: (state: ResourceSnapshot) => void,
): void {
  const matches = resourceMatcher(pattern);
  const sorted = [...states].sort((one, other) => (one.resource < other.resource ? -1 : 1));
  for (const state of sorted) if (matches(state.resource)) print(state);
}

function watch(
  subscribe: (listener: (state: ResourceSnapshot) => void) => () => void,
  print: (state: ResourceSnapshot) => void,
): Promise<void> {
  return new Promise((resolve) => {
    const stop = subscribe(print);
    const end = () => {
      stop();
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  });
}

function spell({
  resource,
  state,
  holder,
  priority,
  value,
  expires,
  waitingCount,
}: ResourceSnapshot): string {
  if (state === 'free') return `${resource}: free${waiting(waitingCount)}`;
  const wanted = value === undefined ? '' : `, ${JSON.stringify(value)}`;
  const until = expires === Infinity ? '' : `, until ${new Date(expires).toISOString()}`;
  return `${resource}: ${state} by ${holder} (${priority})${wanted}${until}${waiting(waitingCount)}`;
}

function waiting(count: number): string {
  return count === 0 ? '' : `, ${count} waiting`;
}

function spellJson({ expires, ...state }: ResourceSnapshot): string {
  return JSON.stringify({ ...state, ...(expires !== Infinity && { expires }) });
}
