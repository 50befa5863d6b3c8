// How long a broker that does not answer is waited for at the end.
import type { Clock, Timer } from '../protocol';

/** Ms. */
export const GOODBYE_MS = 2_000;

/** Resolves when everything has arrived, or has not for too long; rejects where something was refused before that. */
export async function waitForGoodbye(clock: Clock, arrivals: Iterable<Promise<unknown>>): Promise<void> {
  let timer: Timer | undefined;
  const late = new Promise<void>((resolve) => {
    timer = clock.setTimer(GOODBYE_MS, resolve);
  });
  try {
    await Promise.race([Promise.all(arrivals), late]);
  } finally {
    timer?.cancel();
  }
}
