// Why there is no connection, in words that tell a person what to do.

/** What is known of a failed or lost connection. */
export interface Failure {
  /** Of the broker: `mqtt://house:1883`. */
  readonly address: string;
  /** The last error that the socket or the client reported. */
  readonly error: unknown;
  /** It was connected before: it was lost, not refused. */
  readonly established: boolean;
}

/** Return codes of MQTT 3.1.1 (small ones) and reason codes of MQTT 5. */
const CODES: Readonly<Record<number, string>> = {
  1: 'it does not speak this MQTT version: choose another one',
  2: 'it does not accept the client id',
  3: 'it is not available at the moment',
  4: 'the user name or the password is wrong',
  5: 'not authorized: the user name or the password is wrong or missing, or the user may not connect',
  129: 'it calls our message malformed',
  130: 'it reports a protocol error',
  132: 'it does not speak this MQTT version: choose another one',
  133: 'it does not accept the client id',
  134: 'the user name or the password is wrong',
  135: 'not authorized: the user name or the password is wrong or missing, or the user may not connect',
  136: 'it is not available at the moment',
  137: 'it is too busy',
  138: 'it has banned this client',
  139: 'it is shutting down',
  141: 'it heard nothing of us for too long',
  142: 'another client has taken this client id',
  147: 'it was sent too much at once',
  149: 'a message was too large for it',
  150: 'it was sent messages too fast',
  151: 'a quota is used up',
  152: 'its administrator has ended the connection',
};

/** Of those, what is not going to be otherwise at the next try: version, client id, user, password, ban. */
const REFUSALS: readonly unknown[] = [1, 2, 4, 5, 132, 133, 134, 135, 138];

const SOCKET_CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (is the broker running, and the port right?)',
  ENOTFOUND: 'no host has this name',
  EAI_AGAIN: 'the name of the host cannot be looked up (is the network there?)',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'the host does not answer',
  EPIPE: 'the connection broke',
  EACCES: 'this program may not connect there',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself (give it as the CA)',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an unknown authority (give its CA)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes from an unknown authority (give its CA)',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from an unknown authority (give its CA)',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'that port does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'that port does not speak TLS',
  EPROTO: 'TLS was refused',
};

/** One sentence: which broker, what went wrong, and the code that a search engine knows. */
export function explainFailure({ address, error, established }: Failure): string {
  const code = codeOf(error);
  const known = typeof code === 'number' ? CODES[code] : SOCKET_CODES[code ?? ''];
  if (known !== undefined) return `${address}: ${known} (${code})`;
  if (established) {
    const hint = error === undefined ? ' (is it restarting, or has another client the same client id?)' : '';
    return `${address}: the broker closed the connection${hint}${detail(error)}`;
  }
  if (messageOf(error) === 'connack timeout') return `${address}: connected, but nobody answers: is it MQTT?`;
  if (code === undefined || code === 'ECONNRESET') {
    return `${address}: the connection was closed before any answer: is it MQTT, and is TLS right?${detail(error)}`;
  }
  return `${address}: no connection${detail(error)}`;
}

/** Whether the broker has answered that it does not let us in. */
export function isRefusal(error: unknown): boolean {
  return REFUSALS.includes(codeOf(error));
}

function codeOf(error: unknown): number | string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'number' || typeof error.code === 'string' ? error.code : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}

function detail(error: unknown): string {
  const message = messageOf(error) || codeOf(error);
  return message === undefined ? '' : ` (${message})`;
}
