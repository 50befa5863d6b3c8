// From a claim's message to what is asked of the lock table: names and levels looked up, the policy applied, or why not.
import { ownLocker, sharedLocker, type Wish } from './arbiter-claim';
import type { Rules } from './arbiter-context';
import type { AnswerReason, ClaimMessage } from './messages';
import { objectToResource, objectToText } from './names';

/** Why a message is not acted upon; `detail` names the field or the rule. */
export interface Refusal {
  readonly reason: AnswerReason;
  readonly detail: string;
}

/** Who asks, and what is meant where the message does not say it. */
export interface Asker {
  readonly requester: string;
  readonly name: string;
  readonly isDevice: boolean;
}

/** The resources that a message is about. */
export function resourcesOf(message: ClaimMessage, name: string): readonly string[] {
  return message.resources ?? [message.resource ?? name];
}

/** What a checked message of a device, or any message of our own runtime, asks for. */
export function readWish(asker: Asker, message: ClaimMessage, rules: Rules): Wish | Refusal {
  const { requester, name, isDevice } = asker;
  const resources = resourcesOf(message, name);
  const { locker = requester, grace } = message;
  const ttl = message.ttl === Infinity ? undefined : message.ttl;
  const malformed = isDevice ? undefined : objectToNames(resources, locker);
  if (malformed !== undefined) return malformed;
  const priority = rules.levels.priorityOf(message.priority ?? 0);
  if (priority === undefined) return unknownLevel(message, isDevice);
  const ruling = rules.policy.judge({ requester, resources, priority, ttl, grace, isDevice });
  if (ruling.refusal !== undefined) return { reason: 'policy', detail: ruling.refusal };
  const { actsAs } = ruling;
  return {
    resources,
    priority,
    ttl: ruling.ttl,
    locker: actsAs ?? locker,
    identity: actsAs === undefined ? ownLocker(requester, locker) : sharedLocker(actsAs),
    detail: ruling.leaseRule === undefined ? undefined : leaseNote(ruling.ttl, ruling.leaseRule),
  };
}

export function isRefusal(wish: Wish | Refusal): wish is Refusal {
  return 'reason' in wish;
}

/** A device's names were checked when its message was read. */
function objectToNames(resources: readonly string[], locker: string): Refusal | undefined {
  for (const resource of resources) {
    const objection = objectToResource(resource);
    if (objection !== undefined) return invalid(`resource ${JSON.stringify(resource)} ${objection}`);
  }
  const objection = objectToText(locker);
  return objection === undefined ? undefined : invalid(`locker ${JSON.stringify(locker)} ${objection}`);
}

function unknownLevel({ priority }: ClaimMessage, isDevice: boolean): Refusal {
  const detail = `priority is ${JSON.stringify(priority)}, but must be a finite number or the name of a level`;
  return { reason: isDevice ? 'malformed' : 'invalid', detail };
}

function invalid(detail: string): Refusal {
  return { reason: 'invalid', detail };
}

function leaseNote(ttl: number, rule: string): string {
  return `no ttl was asked for: it has ${ttl} ms (rule: ${rule})`;
}
