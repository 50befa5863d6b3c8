// Hears when what a claim waits for is handed to others.
import { patternOf } from '../../src/protocol';
import type { Registry, RegistryClaim } from '../../src/registry/registry';
import { resourcesOf } from '../shared/lock-info';

/** Calls back each time that another locker gets one of the claim's resources, until what this returns is called. */
export function onHandOver(registry: Registry, claim: RegistryClaim, callback: () => void): () => void {
  const stops = resourcesOf(claim).map((resource) => {
    let seen = registry.state(resource).token ?? 0;
    return registry.watch(patternOf(resource), ({ token = 0, holder, requester }) => {
      const isOwn = holder === claim.message.locker && requester === registry.requester;
      if (token <= seen || holder === undefined || isOwn) return;
      seen = token;
      callback();
    });
  });
  return () => {
    for (const stop of stops) stop();
  };
}
