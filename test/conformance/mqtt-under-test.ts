// Locks over MQTT as the rules of a locking protocol are tried on them, in real time.
import { type LockingProtocol, sleep } from '../../src/protocol';
import type { ConnectedLocks } from '../../src/registry/connect-locks';
import { Claimant } from './claimant';
import type { ProtocolUnderTest } from './protocol-suite';

/** `decider` is the one whose picture is always the present one. */
export function underTest(
  { protocol }: ConnectedLocks,
  decider: ConnectedLocks,
  all: readonly ConnectedLocks[],
): ProtocolUnderTest {
  return {
    protocol,
    pass: async (ms) => {
      await sleep(ms);
      const mark = new Claimant(protocol, 'mark');
      // When a later claim was answered, everything before it was.
      await mark.get();
      await mark.release();
      // Changes that only concern waiters may be shown a little later.
      while ((await pictureOf(protocol)) !== (await pictureOf(decider.protocol)));
    },
    stop: async () => {
      for (const locks of all) await locks.close();
    },
  };
}

async function pictureOf(protocol: LockingProtocol): Promise<string> {
  const lines: string[] = [];
  const stop = await protocol.watch('#', ({ resource, state, holder, value, waitingCount }) => {
    lines.push(JSON.stringify([resource, state, holder, value, waitingCount]));
  });
  stop();
  return lines.sort().join();
}
