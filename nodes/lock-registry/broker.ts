// Which broker a registry is to use, from its settings and the mqtt-broker nodes of the flows.
import type { Node, NodeAPI } from 'node-red';
import type { TlsOptions } from '../../src/mqtt/connection-address';
import type { BrokerSettings } from '../../src/registry/registry';
import { invalid } from '../shared/node-error';
import { expandText } from '../shared/setting';
import type { BrokerConfig, RegistryCredentials } from './config';

const DEFAULT_PORT = 1883;

/** What an mqtt-broker node has worked out for its own connection. */
interface MqttBrokerNode {
  readonly brokerurl: string;
  readonly options: TlsOptions & {
    readonly username?: string;
    readonly password?: string;
    readonly protocolVersion?: number;
  };
}

/** One that is connected to. */
export type RemoteSettings = BrokerSettings & { readonly kind: 'url' };

/** Throws a `NodeError` that names what is wrong. */
export function brokerSettings(
  RED: NodeAPI,
  node: Node,
  config: BrokerConfig,
  credentials: RegistryCredentials,
): BrokerSettings {
  switch (config.broker) {
    case 'none':
      return { kind: 'none' };
    case 'url':
    case 'node':
      return remoteSettings(RED, node, config, credentials);
    default:
      return {
        kind: 'embedded',
        port: toPort(expandText(RED, node, String(config.port ?? ''))),
        ...optional('host', expandText(RED, node, config.bind ?? '')),
        ...given(credentials),
      };
  }
}

/** Of a broker with an address, or of an mqtt-broker node. Throws a `NodeError` that names what is wrong. */
export function remoteSettings(
  RED: NodeAPI,
  node: Node,
  { broker, brokerNode, url }: Pick<BrokerConfig, 'broker' | 'brokerNode' | 'url'>,
  credentials: RegistryCredentials,
): RemoteSettings {
  if (broker === 'node') return fromFlow(RED.nodes.getNode(brokerNode), brokerNode);
  return { kind: 'url', url: expandText(RED, node, url ?? ''), ...given(credentials) };
}

function given({ user, password }: RegistryCredentials): RegistryCredentials {
  return { ...optional('user', user), ...optional('password', password) };
}

/** The connection is one of our own, since its name and its will are our own: only the address is theirs. */
function fromFlow(found: unknown, id: string): RemoteSettings {
  if (!isMqttBroker(found)) throw invalid('the connection', id, 'an mqtt-broker node that is enabled');
  const { brokerurl, options } = found;
  const { username, password, protocolVersion, ca, cert, key, passphrase, servername } = options;
  const { rejectUnauthorized, ALPNProtocols } = options;
  const tls: TlsOptions = {
    ...optional('ca', ca),
    ...optional('cert', cert),
    ...optional('key', key),
    ...optional('passphrase', passphrase),
    ...optional('servername', servername),
    ...optional('rejectUnauthorized', rejectUnauthorized),
    ...optional('ALPNProtocols', ALPNProtocols),
  };
  return {
    kind: 'url',
    url: brokerurl,
    tls,
    ...optional('user', username),
    ...optional('password', password),
    ...(protocolVersion === 5 ? { protocolVersion } : {}),
  };
}

function isMqttBroker(node: unknown): node is MqttBrokerNode {
  return typeof node === 'object' && node !== null && 'brokerurl' in node && 'options' in node;
}

function toPort(text: string): number {
  const port = text === '' ? DEFAULT_PORT : Number(text);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw invalid('the port', text, 'a number from 0 to 65535');
}

/** The field, unless there is nothing in it. */
function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [Field in Name]?: Value } {
  return value === undefined || value === '' ? {} : ({ [name]: value } as { [Field in Name]: Value });
}
