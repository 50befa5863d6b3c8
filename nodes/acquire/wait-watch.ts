// Watches who holds what a claim waits for: for the status, and to give up after a number of attempts.
import { patternOf } from '../../src/protocol';
import type { Registry, RegistryClaim } from '../../src/registry/registry';
import { resourcesOf } from '../shared/lock-info';

export interface WaitWatch {
  stop(): void;
}

export interface WaitListener {
  /** Another one holds now. */
  another(): void;
  /** The resource was handed to others as often as the claim may stand by. */
  attemptsOver(): void;
}

/** The claim itself is the first attempt, each hand-over to another one more. */
export function watchWait(
  registry: Registry,
  claim: RegistryClaim,
  maxAttempts: number,
  listener: WaitListener,
): WaitWatch {
  let attempts = 1;
  const stops = resourcesOf(claim).map((resource) => {
    let seen = registry.state(resource).token ?? 0;
    return registry.watch(patternOf(resource), ({ token = 0, holder, requester }) => {
      const isOwn = holder === claim.message.locker && requester === registry.requester;
      if (token <= seen || holder === undefined || isOwn) return;
      seen = token;
      attempts += 1;
      if (attempts >= maxAttempts) listener.attemptsOver();
      else listener.another();
    });
  });
  return {
    stop: () => {
      for (const stop of stops) stop();
    },
  };
}
