// The settings of a registry, from what the editor stores.
import { join } from 'node:path';
import type { Node, NodeAPI } from 'node-red';
import type { DefaultValue } from '../../src/mqtt/defaults';
import { HOME_ASSISTANT } from '../../src/mqtt/discovery-message';
import type { PolicyRow } from '../../src/registry/policy';
import type { RegistrySettings } from '../../src/registry/registry';
import { readDuration } from '../shared/duration';
import { invalid } from '../shared/node-error';
import { expandText } from '../shared/setting';
import { brokerSettings } from './broker';
import type { RegistryConfig, RegistryCredentials, RuleRow, ValueRow } from './config';

/** What registries keep is in this folder of the user directory. */
const FOLDER = 'priority-redlock';

/** Throws a `NodeError` that names what cannot be used. */
export function registrySettings(
  RED: NodeAPI,
  node: Node<RegistryCredentials>,
  config: RegistryConfig,
): RegistrySettings {
  const { userDir } = RED.settings;
  const requester = expandText(RED, node, config.requester ?? '') || instanceId(RED);
  return {
    broker: brokerSettings(RED, node, config, node.credentials ?? {}),
    ...(config.name ? { name: config.name } : {}),
    prefix: expandText(RED, node, config.prefix || 'locks'),
    ...(requester === undefined ? {} : { requester }),
    decide: config.decide || 'alone',
    timing: {
      ...timingIn(config, 'session'),
      ...timingIn(config, 'failoverDelay'),
      ...timingIn(config, 'handoverTimeout'),
    },
    ...(config.levels === undefined ? {} : { levels: config.levels }),
    policy: (config.policy ?? []).map(policyRow),
    ...homeAssistant(RED, node, config),
    values: (config.values ?? []).map((row) => defaultValue(RED, node, row)),
    ...(userDir === undefined ? {} : { folder: join(userDir, FOLDER) }),
  };
}

function homeAssistant(RED: NodeAPI, node: Node, config: RegistryConfig): { homeAssistant?: string } {
  if (config.homeAssistant !== true) return {};
  return { homeAssistant: expandText(RED, node, config.discoveryPrefix || HOME_ASSISTANT) };
}

type TimingField = 'session' | 'failoverDelay' | 'handoverTimeout';

/** What is usual where nothing is said. */
function timingIn<Field extends TimingField>(
  config: RegistryConfig,
  field: Field,
): { [Name in Field]?: number } {
  const text = config[field]?.trim();
  if (!text) return {};
  const isEndless = field === 'handoverTimeout' && /^infinity$/i.test(text);
  const ms = isEndless ? Infinity : readDuration(text);
  if (ms === undefined || (ms === 0 && field !== 'handoverTimeout'))
    throw invalid(`the ${field}`, text, 'a length like 500 ms, 10 s or 1 min');
  return { [field]: ms } as { [Name in Field]?: number };
}

/** Node-RED has a name of its own for itself, once its settings are there. */
function instanceId({ settings }: NodeAPI): string | undefined {
  const id: unknown = settings.available() ? settings.get('instanceId') : undefined;
  return typeof id === 'string' && id !== '' ? id : undefined;
}

function defaultValue(RED: NodeAPI, node: Node, { resource, type, value }: ValueRow): DefaultValue {
  const text = expandText(RED, node, value);
  try {
    const read = RED.util.evaluateNodeProperty(text, type, node, {});
    return { resource: expandText(RED, node, resource), value: read };
  } catch (error) {
    throw invalid(`the default value of ${resource}`, value, `of the type ${type} (${String(error)})`);
  }
}

function policyRow(row: RuleRow, index: number): PolicyRow {
  const { requester, resource, allowed, highest, actsAs, mayForce } = row;
  return {
    requester: requester || '#',
    resource: resource || '#',
    allowed: allowed !== false,
    ...(highest ? { highest } : {}),
    ...lengthIn(row, 'longestTtl', index),
    ...lengthIn(row, 'defaultTtl', index),
    ...lengthIn(row, 'longestGrace', index),
    ...(actsAs ? { actsAs } : {}),
    mayForce: mayForce === true,
  };
}

function lengthIn<Field extends 'longestTtl' | 'defaultTtl' | 'longestGrace'>(
  row: RuleRow,
  field: Field,
  index: number,
): Pick<PolicyRow, Field> | undefined {
  const text = row[field];
  if (!text) return undefined;
  const ms = readDuration(text);
  if (ms === undefined)
    throw invalid(`${field} of rule ${index + 1}`, text, 'a length like 90 s, 30 min or 4 h');
  return { [field]: ms } as Pick<PolicyRow, Field>;
}
