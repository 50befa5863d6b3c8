// The broker is killed with -9 and started again, with what it had kept, with nothing, or with what it had kept some time
// ago: who held, holds, the others stand in line as they stood, and tokens never fall.
import { BROKERS } from '../support/fault-broker';
import { FaultHouse } from '../support/fault-house';
import type { FaultQueue } from '../support/fault-queue';

for (const kind of BROKERS) {
  describe(`${kind.name} that is killed with -9 and started again`, () => {
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

    it('with its store', async () => {
      await house.broker.kill();
      await house.broker.start();
      await house.works();
      await queue.comesIn();
    });

    it('without its store', async () => {
      await house.broker.kill();
      house.broker.forgetStore();
      await house.broker.start();
      await house.works();
      await queue.comesIn();
    });

    it('with an old store', async () => {
      house.broker.copyStore();
      await queue.goesOn();
      await house.broker.kill();
      house.broker.restoreStore();
      await house.broker.start();
      await house.works();
      await queue.comesIn();
    });
  });
}
