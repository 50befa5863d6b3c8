// Where a broker is, read from a URL, and what the mqtt package wants to be told about it.
import type { IClientOptions } from 'mqtt';

/** TLS settings as in Node's `tls.connect`; certificates as PEM. */
export interface TlsOptions {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly passphrase?: string;
  /** The name in the broker's certificate, where it is not the host's. */
  readonly servername?: string;
  /** What we say to speak, where one port serves several protocols. */
  readonly ALPNProtocols?: readonly string[];
  /** `false` believes any certificate. Default `true`. */
  readonly rejectUnauthorized?: boolean;
}

export interface Address {
  /** For people: `mqtt://house:1883`, without credentials. */
  readonly text: string;
  readonly client: IClientOptions;
}

const PROTOCOLS = {
  mqtt: { protocol: 'mqtt', port: 1883 },
  tcp: { protocol: 'mqtt', port: 1883 },
  mqtts: { protocol: 'mqtts', port: 8883 },
  ssl: { protocol: 'mqtts', port: 8883 },
  tls: { protocol: 'mqtts', port: 8883 },
  ws: { protocol: 'ws', port: 80 },
  wss: { protocol: 'wss', port: 443 },
} as const;

/**
 * Reads `mqtt://`, `mqtts://`, `ws://` and `wss://` (and `tcp://`, `ssl://`, `tls://`) with an optional user, password,
 * port and, for websockets, path. Throws a `RangeError` that says what is wrong with the URL, without its password.
 */
export function readAddress(url: string, tls: TlsOptions = {}): Address {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const scheme = parsed?.protocol.slice(0, -1);
  if (parsed === undefined || !isKnown(scheme) || parsed.hostname === '') {
    throw new RangeError(
      `broker address ${hidePassword(url)} is not like mqtt://host:1883, mqtts:, ws: or wss:`,
    );
  }
  const { protocol, port: defaultPort } = PROTOCOLS[scheme];
  const isWebsocket = protocol === 'ws' || protocol === 'wss';
  const port = parsed.port === '' ? defaultPort : Number(parsed.port);
  return {
    text: `${protocol}://${parsed.hostname}:${port}${isWebsocket ? parsed.pathname : ''}`,
    client: {
      protocol,
      // Sockets want an IPv6 address without its brackets, websocket URLs with them.
      host: isWebsocket ? parsed.hostname : parsed.hostname.replace(/^\[|\]$/g, ''),
      port,
      ...(isWebsocket ? { path: parsed.pathname + parsed.search } : {}),
      ...(parsed.username === '' ? {} : { username: decodeURIComponent(parsed.username) }),
      ...(parsed.password === '' ? {} : { password: decodeURIComponent(parsed.password) }),
      ...(protocol === 'wss' ? { wsOptions: inNode(tls) } : {}),
      ...(protocol === 'mqtts' ? inNode(tls) : {}),
    },
  };
}

function inNode({ ALPNProtocols, ...tls }: TlsOptions) {
  return ALPNProtocols === undefined ? tls : { ...tls, ALPNProtocols: [...ALPNProtocols] };
}

function isKnown(scheme: string | undefined): scheme is keyof typeof PROTOCOLS {
  return scheme !== undefined && Object.hasOwn(PROTOCOLS, scheme);
}

function hidePassword(url: string): string {
  return JSON.stringify(url.replace(/^([a-z]*:\/\/)?.*@/is, '$1…@'));
}
