// The network of one process is cut, without a word, one way or both ways: what is sent is held back and comes late, as
// TCP does it, or is lost for good. The others go on, and who was cut off believes in nothing that others have by then.
import type { Member } from '../support/fault-house';
import { describeHouses } from '../support/fault-scenes';
import type { TcpProxy, Way } from '../support/mqtt-proxy';

interface Cut {
  readonly name: string;
  readonly begin: (network: TcpProxy) => void;
  readonly end: (network: TcpProxy) => void;
}

const heldBack = (way: Way): Cut => ({
  name: `is held back (${way})`,
  begin: (network) => network.pause(way),
  end: (network) => network.resume(),
});
const lost = (way: Way): Cut => ({
  name: `is lost (${way})`,
  begin: (network) => network.lose(way),
  end: (network) => network.endLoss(),
});

describeHouses(
  (broker) => `a network to ${broker}`,
  (house, queue) => {
    const othersThan = (member: Member) => house.members.filter((it) => it !== member.process);

    for (const { name, begin, end } of [heldBack('up'), heldBack('down'), lost('both')]) {
      it(`of the one that decides: what goes over it ${name}`, async () => {
        const { arbiter, heir } = house;
        begin(arbiter.network);
        await heir.process.decides();
        await house.works(othersThan(arbiter));
        await queue().comesIn();
        end(arbiter.network);
        await arbiter.process.knows(heir.process);
        await house.works();
      });
    }

    for (const { name, begin, end } of [lost('up'), heldBack('both')]) {
      it(`of one that holds and works: what goes over it ${name}`, async () => {
        const { holder } = house;
        begin(holder.network);
        await holder.process.next('over', 1, 0);
        await house.works(othersThan(holder));
        await queue().comesIn();
        end(holder.network);
        await house.works();
      });
    }
  },
);
