// The locks over MQTT, on real brokers, held to the rules of every place where locks live: for a program that takes part
// while another one decides, and for one that decides itself.

import { type ConnectOptions, connectLocks } from '../../src/registry/connect-locks';
import { EmbeddedScene, urlOf } from '../support/mqtt-embedded';
import { startMosquitto } from '../support/mqtt-mosquitto';
import { underTest } from './mqtt-under-test';
import { describeProtocol } from './protocol-suite';

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
