// What is said of the claims of others: by an operator who frees a resource, and when a session is gone.
import type { Claim } from './claim';
import type { Command, EndSessionCommand, ForceReleaseCommand } from './command';
import { performOwn, refuse } from './commands';
import type { State } from './state';
import { deny, lose } from './transitions';

/** Any command there is. */
export function performAny(state: State, command: Command): Claim | undefined {
  switch (command.type) {
    case 'forceRelease':
      return forceRelease(state, command);
    case 'endSession':
      return endSession(state, command);
    default:
      return performOwn(state, command);
  }
}

function forceRelease(state: State, command: ForceReleaseCommand): undefined {
  const { resource: name, token, by } = command;
  const resource = state.resources.get(name);
  if (resource === undefined || resource.isFree || resource.token !== token) {
    refuse(state, command, name, { reason: 'changed', detail: `the hold with token ${token} is over` });
    return;
  }
  for (const claim of resource.holders) lose(state, claim, 'forced', { locker: by });
}

function endSession(state: State, command: EndSessionCommand): undefined {
  for (const claim of [...(state.sessions.get(command.session) ?? [])]) {
    if (claim.phase === 'held') lose(state, claim, 'session');
    else deny(state, claim, 'session');
  }
}
