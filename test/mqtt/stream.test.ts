import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FrameReceiver, FrameSender } from '../../src/mqtt/stream';
import { HandClock } from '../support/hand-clock';

const seed = Number(process.env.SEED ?? Date.now());

describe('numbered frames', () => {
  it('come in order and once, whatever is lost, late, or there twice', async () => {
    const fates = fc.constantFrom('arrives', 'is lost', 'comes twice', 'comes late');
    await fc.assert(
      fc.asyncProperty(fc.array(fates, { maxLength: 60 }), fc.nat(20), async (fate, count) => {
        const { clock, sender, taken } = route([...fate]);
        const wanted = Array.from({ length: count }, (_, index) => `frame ${index + 1}`);
        for (const content of wanted) {
          sender.send(content);
          await clock.advance(10);
        }
        await clock.advance(600_000);
        assert.deepEqual(taken, wanted);
        assert.deepEqual(sender.unacknowledged, []);
        assert.equal(clock.timers, 0);
      }),
      { seed },
    );
  });

  it('are sent again after 250 ms without an answer, and then less and less often', async () => {
    const clock = new HandClock();
    const sentAt: number[] = [];
    const sender = new FrameSender({ clock, send: () => sentAt.push(clock.monotonic) });
    sender.send('lost');
    await clock.advance(8_000);
    assert.deepEqual(sentAt, [0, 250, 750, 1_750, 3_750, 5_750, 7_750]);
    sender.stop();
    assert.equal(clock.timers, 0);
  });

  it('are not sent again so soon to who took long for the last one', async () => {
    const clock = new HandClock();
    const sentAt: number[] = [];
    const sender = new FrameSender({ clock, send: () => sentAt.push(clock.monotonic) });
    sender.send('slow');
    await clock.advance(200);
    sender.acknowledge(1);
    sender.send('next');
    await clock.advance(2_000);
    assert.deepEqual(sentAt, [0, 200, 800, 2_000]);
    sender.stop();
  });

  it('are acknowledged up to a number; what was never sent cannot be', () => {
    const clock = new HandClock();
    const sender = new FrameSender<string>({ clock, send: () => undefined });
    assert.deepEqual([sender.send('a'), sender.send('b'), sender.send('c')], [1, 2, 3]);
    sender.acknowledge(7);
    assert.deepEqual(sender.unacknowledged, ['a', 'b', 'c']);
    sender.acknowledge(2);
    assert.deepEqual([sender.unacknowledged, sender.last], [['c'], 3]);
    sender.acknowledge(1);
    assert.deepEqual(sender.unacknowledged, ['c']);
    sender.stop();
  });

  it('had better wait when a thousand are on their way', () => {
    const sender = new FrameSender<string>({ clock: new HandClock(), send: () => undefined });
    for (let n = 1; n < 1_000; n++) sender.send('');
    assert.equal(sender.isFull, false);
    sender.send('');
    assert.equal(sender.isFull, true);
    sender.acknowledge(1);
    assert.equal(sender.isFull, false);
    sender.stop();
  });
});

/** A way for frames on which each has a fate, until the fates are used up; acknowledgements share them. */
function route(fates: string[]) {
  const clock = new HandClock();
  const receiver = new FrameReceiver();
  const taken: string[] = [];
  const carry = (arrive: () => void) => {
    const fate = fates.shift() ?? 'arrives';
    if (fate === 'is lost') return;
    clock.setTimer(fate === 'comes late' ? 1_300 : 1, arrive);
    if (fate === 'comes twice') clock.setTimer(40, arrive);
  };
  const sender: FrameSender<string> = new FrameSender({
    clock,
    send: (n, content) =>
      carry(() => {
        if (receiver.accept(n)) taken.push(content);
        const { last } = receiver;
        carry(() => sender.acknowledge(last));
      }),
  });
  return { clock, sender, taken };
}
