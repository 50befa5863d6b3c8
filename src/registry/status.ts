// How a registry is, in words for a node's status and the log.
import type { ArbiterStatus } from '../mqtt/arbiter';
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

export function registryStatus(arbiter: ArbiterStatus, broker: BrokerReport, names: Names): RegistryStatus {
  const { phase, isPublishing, reason, isRefused, other } = arbiter;
  const warning = broker.warning === undefined ? {} : { warning: broker.warning };
  if (phase === 'stopped') return { state: 'failed', text: 'stopped', ...warning };
  if (phase === 'elsewhere') return { state: 'failed', text: elsewhere(other, names), ...warning };
  if (phase === 'starting') return { state: 'starting', text: reason ?? broker.text, ...warning };
  if (!broker.isWell) return { state: 'offline', text: broker.text, ...warning };
  if (isPublishing) return { state: 'ready', text: broker.text, ...warning };
  const why = reason ?? `no connection to ${broker.text}`;
  return {
    state: 'offline',
    text: isRefused ? why : `${why}; locks work in this Node-RED meanwhile`,
    ...warning,
  };
}

function elsewhere(other: ArbiterStatus['other'], { prefix, requester }: Names): string {
  const name = other?.requester ?? 'somebody else';
  if (name === requester)
    return `another Node-RED of the name ${name} decides on ${prefix}/: give one another name`;
  if (other?.online === false) {
    return `${name} decides alone on ${prefix}/ and is not there: start it, or clear ${prefix}/arbiter to decide here`;
  }
  return `${name} decides alone on ${prefix}/: use another prefix here, or stop it there`;
}
