// Whoever lives with a connection: hears what it brings, and that it comes and goes.
import type { Transport, TransportMessage } from './transport';

export interface Follower {
  heard(message: TransportMessage): void;
  /** There is a connection: what was subscribed before is not any more. */
  connected(): void;
  /** There is none; `reason` in words. */
  lost(reason: string | undefined): void;
}

/** Follows it from now on, until the function that this gives back is called. */
export function follow(
  transport: Pick<Transport, 'onMessage' | 'onConnection'>,
  follower: Follower,
): () => void {
  const stops = [
    transport.onMessage((message) => follower.heard(message)),
    transport.onConnection((connected, reason) => {
      if (connected) follower.connected();
      else follower.lost(reason);
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
