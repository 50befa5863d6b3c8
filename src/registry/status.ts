// How a registry is, in words for a node's status and the log.
import type { ArbiterStatus } from '../mqtt/arbiter-status';
import type { MemberStatus } from '../mqtt/member-status';
import type { ArbiterMessage } from '../mqtt/messages';
import type { ParticipantStatus } from '../mqtt/participant';
import type { RegistryStatus } from './registry';

/** What is known of the broker besides. */
export interface BrokerReport {
  /** `embedded broker on 127.0.0.1:1883`, `mqtt://house:1883`, … */
  readonly text: string;
  /** It works as it should. */
  readonly isWell: boolean;
  readonly warning?: string | undefined;
}

/** By what names others know a registry. */
export interface Names {
  readonly prefix: string;
  readonly requester: string;
}

type Said = Pick<RegistryStatus, 'state' | 'text'>;

export function registryStatus(member: MemberStatus, broker: BrokerReport, names: Names): RegistryStatus {
  const warning = broker.warning === undefined ? {} : { warning: broker.warning };
  const { arbiter, participant } = member;
  if (arbiter !== undefined) return { ...ofArbiter(arbiter, broker), ...warning };
  if (participant !== undefined) return { ...ofParticipant(participant, member, broker, names), ...warning };
  return { state: 'starting', text: broker.text, ...warning };
}

function ofArbiter({ phase, isPublishing, reason, isRefused }: ArbiterStatus, broker: BrokerReport): Said {
  if (phase === 'stopped') return { state: 'failed', text: 'stopped' };
  if (phase !== 'deciding') return { state: 'starting', text: reason ?? broker.text };
  if (!broker.isWell) return { state: 'offline', text: broker.text };
  if (isPublishing) return { state: 'ready', text: broker.text };
  const why = reason ?? `no connection to ${broker.text}`;
  return { state: 'offline', text: isRefused ? why : `${why}; locks work in this Node-RED meanwhile` };
}

function ofParticipant(
  { phase, reason = phase, arbiter }: ParticipantStatus,
  { role }: MemberStatus,
  broker: BrokerReport,
  { prefix, requester }: Names,
): Said {
  switch (phase) {
    case 'stopped':
      return { state: 'failed', text: 'stopped' };
    case 'refused':
      return { state: 'failed', text: `another Node-RED has the name ${requester} on ${prefix}/: ${reason}` };
    case 'joined':
      return { state: 'ready', text: `${broker.text}; ${whoDecides(arbiter)}` };
    case 'connecting':
      return { state: role === 'starting' ? 'starting' : 'offline', text: reason };
    case 'waiting':
    case 'resting':
      return { state: 'offline', text: isGone(arbiter) ? goneText(arbiter) : reason };
  }
}

function decidesAlone({ settings }: ArbiterMessage): boolean {
  return settings?.takeover !== true;
}

function whoDecides(arbiter: ArbiterMessage | undefined): string {
  const name = arbiter?.requester ?? 'somebody else';
  if (arbiter === undefined || !decidesAlone(arbiter)) return `${name} decides`;
  return `${name} decides alone; allow takeover there`;
}

/** Nobody takes over by himself from one that decides alone: it may go on where nobody sees it. */
function isGone(arbiter: ArbiterMessage | undefined): arbiter is ArbiterMessage {
  return arbiter !== undefined && !arbiter.online && decidesAlone(arbiter);
}

function goneText({ requester }: ArbiterMessage): string {
  return `${requester} decides alone and is not there: start it, or let this Node-RED take over`;
}
