// The broker is killed with -9 and started again, with what it had kept, with nothing, or with what it had kept some time
// ago: who held, holds, the others stand in line as they stood, and tokens never fall.
import { describeHouses } from '../support/fault-scenes';

describeHouses(
  (broker) => `${broker} that is killed with -9 and started again`,
  (house, queue) => {
    it('with its store', async () => {
      await house.broker.kill();
      await house.broker.start();
      await house.works();
      await queue().comesIn();
    });

    it('without its store', async () => {
      await house.broker.kill();
      house.broker.forgetStore();
      await house.broker.start();
      await house.works();
      await queue().comesIn();
    });

    it('with an old store', async () => {
      house.broker.copyStore();
      await queue().goesOn();
      await house.broker.kill();
      house.broker.restoreStore();
      await house.broker.start();
      await house.works();
      await queue().comesIn();
    });
  },
);
