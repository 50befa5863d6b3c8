// Where faults come: a house on a broker of each kind, in which before each test everybody works, and some stand at a door.
import { BROKERS } from './fault-broker';
import { FaultHouse } from './fault-house';
import type { FaultQueue } from './fault-queue';

/** Describes the same on each kind of broker; `queue` gives the one at the door of the test that runs. */
export function describeHouses(
  titleOf: (broker: string) => string,
  tests: (house: FaultHouse, queue: () => FaultQueue) => void,
): void {
  for (const kind of BROKERS) {
    describe(titleOf(kind.name), () => {
      const house = new FaultHouse(kind, { session: 3_000, failoverDelay: 1_000 });
      let queue: FaultQueue;

      before(() => house.begin());

      beforeEach(async () => {
        await house.settle();
        queue = await house.queue();
      });

      afterEach(function () {
        house.check(this.currentTest);
      });

      after(() => house.end());

      tests(house, () => queue);
    });
  }
}
