// The settings of a lock-registry node as the editor stores them. Types only.
import type { NodeDef } from 'node-red';
import type { Level } from '../../src/registry/levels';

/** Which broker. */
export interface BrokerConfig {
  readonly broker: 'embedded' | 'node' | 'url' | 'none';
  /** The id of an mqtt-broker node. */
  readonly brokerNode: string;
  readonly url: string;
  readonly bind: string;
  readonly port: string;
}

export interface RegistryConfig extends NodeDef, BrokerConfig {
  readonly prefix: string;
  readonly requester: string;
  /** Whether this Node-RED may decide, on a broker that is not its own. */
  readonly decide?: 'alone' | 'takeover' | 'never';
  /** Lengths as people write them; what is empty is as usual. */
  readonly session?: string;
  readonly failoverDelay?: string;
  /** `Infinity`: until the holder is gone. */
  readonly handoverTimeout?: string;
  /** Whether Home Assistant is told of every resource, and the prefix under which it looks for that. */
  readonly homeAssistant?: boolean;
  readonly discoveryPrefix?: string;
  readonly levels: readonly Level[];
  readonly values: readonly ValueRow[];
  readonly policy: readonly RuleRow[];
}

/** What free resources show. */
export interface ValueRow {
  readonly resource: string;
  readonly type: string;
  readonly value: string;
}

/** Who may claim what; lengths as people write them: `30 min`. What is empty is not limited. */
export interface RuleRow {
  readonly requester?: string;
  readonly resource?: string;
  readonly allowed?: boolean;
  readonly highest?: string;
  readonly longestTtl?: string;
  readonly defaultTtl?: string;
  readonly longestGrace?: string;
  readonly actsAs?: string;
  readonly mayForce?: boolean;
}

export interface RegistryCredentials {
  readonly user?: string;
  readonly password?: string;
}
