// The locks over MQTT, on real brokers, held to the rules of every place where locks live: for a program that takes part
// while another one decides, and for one that decides itself.

import { type LockingProtocol, sleep } from '../../src/protocol';
import { type ConnectedLocks, type ConnectOptions, connectLocks } from '../../src/registry/connect-locks';
import { EmbeddedScene, urlOf } from '../support/mqtt-embedded';
import { startMosquitto } from '../support/mqtt-mosquitto';
import { Claimant } from './claimant';
import { describeProtocol, type ProtocolUnderTest } from './protocol-suite';

interface Broker {
  readonly url: string;
  stop(): Promise<void>;
}

const BROKERS: Readonly<Record<string, () => Promise<Broker>>> = {
  'a Mosquitto': startMosquitto,
  'an aedes': async () => {
    const scene = new EmbeddedScene();
    return { url: urlOf(await scene.start()), stop: () => scene.end() };
  },
};

let places = 0;

for (const [name, start] of Object.entries(BROKERS)) {
  describe(`over ${name}`, () => {
    let broker: Broker | undefined;

    before(async () => {
      broker = await start();
    });

    after(() => broker?.stop());

    /** Under a prefix of its own: nothing of an earlier test is there. */
    const placeOf = (more: Partial<ConnectOptions>): ConnectOptions => ({
      ...{ url: broker?.url ?? '', prefix: `locks${places}`, ...more },
    });

    describeProtocol('a program that takes part', async () => {
      places++;
      const house = await connectLocks(placeOf({ requester: 'house', decide: 'alone' }));
      const program = await connectLocks(placeOf({ requester: 'program', decide: 'never' }));
      // The first look subscribes to its echo, for which a broker may take a while.
      await program.query();
      return underTest(program, house, [program, house]);
    });

    describeProtocol('a program that decides', async () => {
      places++;
      const program = await connectLocks(placeOf({ requester: 'program', decide: 'alone' }));
      return underTest(program, program, [program]);
    });
  });
}

/** `decider` is the one whose picture is always the present one. */
function underTest(
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
