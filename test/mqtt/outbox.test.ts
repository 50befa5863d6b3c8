import assert from 'node:assert/strict';
import { BackOff } from '../../src/mqtt/back-off';
import { Outbox, type Send } from '../../src/mqtt/outbox';

/** Remembers what was sent, and how to acknowledge it. */
function scene(limit: number) {
  const sent: string[] = [];
  const acknowledge = new Map<string, (error?: Error) => void>();
  const sending = (name: string): Send => {
    return (done) => {
      sent.push(name);
      acknowledge.set(name, done);
    };
  };
  return { outbox: new Outbox(limit), sent, acknowledge, sending };
}

describe('the outbox of a connection', () => {
  it('has no more on its way than the broker allows, and keeps the order', async () => {
    const { outbox, sent, acknowledge, sending } = scene(2);
    const all = [
      outbox.send(true, sending('1')),
      outbox.send(true, sending('2')),
      outbox.send(true, sending('3')),
      outbox.send(false, sending('4')),
      outbox.send(true, sending('5')),
    ];
    assert.deepEqual(sent, ['1', '2']);
    acknowledge.get('2')?.();
    await all[1];
    assert.deepEqual(sent, ['1', '2', '3', '4']);
    acknowledge.get('1')?.();
    assert.deepEqual(sent, ['1', '2', '3', '4', '5']);
    for (const name of ['3', '4', '5']) acknowledge.get(name)?.();
    await Promise.all(all);
  });

  it('rejects with what went wrong', async () => {
    const { outbox, acknowledge, sending } = scene(1);
    const first = outbox.send(true, sending('1'));
    const second = outbox.send(true, sending('2'));
    acknowledge.get('1')?.(new Error('refused'));
    await assert.rejects(first, /refused/);
    acknowledge.get('2')?.();
    await second;
  });

  it('fails what is left, sent or not, and sends nothing more', async () => {
    const { outbox, sent, acknowledge, sending } = scene(1);
    const all = [outbox.send(true, sending('1')), outbox.send(true, sending('2'))];
    outbox.fail(new Error('gone'));
    for (const one of all) await assert.rejects(one, /gone/);
    acknowledge.get('1')?.();
    assert.deepEqual(sent, ['1']);
  });
});

describe('backing off', () => {
  it('doubles the wait up to the longest', () => {
    const backOff = new BackOff({ first: 250, longest: 30_000, random: () => 0 });
    const waits = Array.from({ length: 9 }, () => backOff.next());
    assert.deepEqual(waits, [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    for (let more = 0; more < 2_000; more++) assert.equal(backOff.next(), 30_000);
    backOff.reset();
    assert.equal(backOff.next(), 250);
  });

  it('takes up to half of it off by chance', () => {
    const backOff = new BackOff({ first: 1_000, longest: 1_000, random: () => 0.999 });
    const wait = backOff.next();
    assert.ok(wait > 500 && wait < 501, String(wait));
  });
});
