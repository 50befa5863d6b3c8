// Processes are killed, stopped and frozen: the others go on where those were, and nothing is lost or had twice.
import { describeHouses } from '../support/fault-scenes';
import type { LockProcess } from '../support/lock-process';

describeHouses(
  (broker) => `processes with locks on ${broker}`,
  (house, queue) => {
    let arbiter: LockProcess;
    let heir: LockProcess;
    let holder: LockProcess;
    let others: readonly LockProcess[];

    beforeEach(() => {
      arbiter = house.arbiter.process;
      heir = house.heir.process;
      others = house.members.filter((it) => it !== arbiter);
      holder = house.holder.process;
    });

    it('go on when the one that decides is killed with -9', async () => {
      await arbiter.kill();
      await heir.decides();
      await house.works(others);
      await queue().comesIn();
    });

    it('go on at once when the one that decides says goodbye', async () => {
      await arbiter.close();
      await heir.decides();
      await house.works(others);
      await queue().comesIn();
      await arbiter.kill();
    });

    it('go on when the one that decides is frozen, which then does nothing of what it has missed', async () => {
      arbiter.freeze();
      await heir.decides();
      await house.works(others);
      await queue().comesIn();
      arbiter.thaw();
      await arbiter.knows(heir);
      await house.works();
    });

    it('agree on one when nobody is left who may decide, and two come at once', async () => {
      await Promise.all([arbiter.kill(), heir.kill()]);
      await house.settle();
    });

    it('go on when one that holds and works is killed with -9', async () => {
      await holder.kill();
      await house.works(house.members.filter((it) => it !== holder));
      await queue().comesIn();
    });

    it('go on when one that holds and works is frozen, which then believes in nothing that is over', async () => {
      holder.freeze();
      await house.works(house.members.filter((it) => it !== holder));
      await queue().comesIn();
      holder.thaw();
      await holder.next('over', 1, 0);
      await house.works();
    });
  },
);
