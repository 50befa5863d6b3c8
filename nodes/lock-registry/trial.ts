// Tries whether a broker lets us in, for somebody who is about to use it: says in words what is wrong, and leaves
// nothing behind.
import { MqttConnection } from '../../src/mqtt/connection';
import { errorText } from '../../src/mqtt/error-text';
import type { Transport } from '../../src/mqtt/transport';
import type { Clock } from '../../src/protocol';
import { randomName, systemRandom } from '../../src/registry/chance';
import type { RemoteSettings } from './broker';

export interface Trial {
  readonly isWell: boolean;
  /** What is wrong, without secrets; empty where nothing is. */
  readonly text: string;
}

/** An answer that takes longer is none: somebody sits before the dialog. */
const LONGEST_TRIAL_MS = 8_000;
/** Of which the broker may take so long for its first answer. */
const CONNECT_TIMEOUT_MS = 5_000;

/** Connects once, subscribes as a registry of this prefix does, and says goodbye. Never rejects. */
export async function tryBroker(settings: RemoteSettings, prefix: string, clock: Clock): Promise<Trial> {
  try {
    const connection = connectionTo(settings, clock);
    const text = await reach(connection, prefix, clock).finally(() => connection.stop());
    return { isWell: text === '', text };
  } catch (error) {
    return { isWell: false, text: errorText(error) };
  }
}

/** @throws {RangeError} for a URL that is none. */
function connectionTo(
  { url, user, password, tls, protocolVersion }: RemoteSettings,
  clock: Clock,
): Transport {
  return new MqttConnection({
    url,
    clientId: `trial${randomName()}`,
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    ...(tls !== undefined && { tls }),
    protocolVersion: protocolVersion === 5 ? 5 : 4,
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnects: false,
    ...{ clock, random: systemRandom },
  });
}

/** Resolves to why not; to an empty text when it can be reached, and read. */
async function reach(connection: Transport, prefix: string, clock: Clock): Promise<string> {
  let giveUp = () => {};
  const overdue = new Promise<string>((resolve) => {
    giveUp = () => resolve(`no answer within ${LONGEST_TRIAL_MS / 1_000} seconds`);
  });
  const timer = clock.setTimer(LONGEST_TRIAL_MS, giveUp);
  try {
    return await Promise.race([enter(connection, prefix), overdue]);
  } finally {
    timer.cancel();
  }
}

async function enter(connection: Transport, prefix: string): Promise<string> {
  const refusal = await new Promise<string>((resolve) => {
    connection.onConnection((isConnected, reason = '') => resolve(isConnected ? '' : reason));
    connection.start();
  });
  if (refusal === '') await connection.subscribe(`${prefix}/arbiter`, 0);
  return refusal;
}
