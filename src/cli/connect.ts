// The two ways to a broker: as a session, which sees and holds locks while it lives, and as a device, whose claim stands.
import { MqttConnection } from '../mqtt/connection';
import { errorText } from '../mqtt/error-text';
import { topicsUnder } from '../mqtt/topics';
import { systemClock } from '../protocol';
import { randomName, systemRandom } from '../registry/chance';
import { type ConnectedLocks, connectLocks } from '../registry/connect-locks';
import type { Place } from './arguments';
import type { Standing } from './standing-claim';

/** No broker, or none that lets us in; the message says why. */
export class Unreachable extends Error {}

/** Two commands of one user are two sessions, unless the user has named one. */
export async function connectAsSession(place: Place): Promise<ConnectedLocks> {
  const { url, user, password, prefix, requester, isNamed, connectTimeout } = place;
  try {
    return await connectLocks({
      ...{
        url,
        prefix,
        connectTimeout,
        decide: 'never',
        requester: isNamed ? requester : `${requester}-${randomName()}`,
      },
      ...(user !== undefined && { user }),
      ...(password !== undefined && { password }),
    });
  } catch (error) {
    throw new Unreachable(errorText(error));
  }
}

export async function connectAsDevice(place: Place): Promise<Standing> {
  const { url, user, password, prefix, requester, connectTimeout } = place;
  const connection = new MqttConnection({
    ...{ url, connectTimeout, clientId: `shell${randomName()}` },
    ...{ clock: systemClock, random: systemRandom },
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
  });
  await new Promise<void>((resolve, reject) => {
    connection.onConnection((connected, reason) => {
      if (connected) resolve();
      else reject(new Unreachable(reason));
    });
    connection.start();
  }).catch(async (error: unknown) => {
    await connection.stop();
    throw error;
  });
  return { connection, topics: topicsUnder(prefix), requester };
}
