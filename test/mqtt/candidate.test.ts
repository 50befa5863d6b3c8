import assert from 'node:assert/strict';
import { Candidate } from '../../src/mqtt/candidate';
import type { ArbiterMessage } from '../../src/mqtt/messages';
import { topicsUnder } from '../../src/mqtt/topics';
import { HandClock } from '../support/hand-clock';
import { SimulatedBroker } from '../support/simulated-broker';

const DELAY = 5_000;
/** More than the spread of candidates, less than a beat. */
const SOON = 300;

describe('a candidate', () => {
  let clock: HandClock;
  let broker: SimulatedBroker;
  const topics = topicsUnder('locks');

  beforeEach(() => {
    clock = new HandClock();
    broker = new SimulatedBroker({ clock });
  });

  function candidate(instance = 'me', chance = 0) {
    const stands: number[] = [];
    const warnings: string[] = [];
    const watch = broker.client({ clientId: `${instance} watch` });
    const talk = broker.client({ clientId: `${instance} talk` });
    const made = new Candidate({
      ...{ topics, requester: `of ${instance}`, instance, clock, watch, talk },
      random: () => chance,
      log: { info: () => undefined, warn: (text) => warnings.push(text) },
      failoverDelay: DELAY,
      stand: () => stands.push(clock.monotonic),
    });
    made.start();
    watch.start();
    talk.start();
    return { candidate: made, stands, warnings, watch, talk };
  }

  function beat(epoch = 3, instance = 'other'): void {
    broker.publish('locks/arbiter/beat', JSON.stringify({ epoch, instance, beat: 1 }));
  }

  function presence(change: Partial<ArbiterMessage> = {}): void {
    const message = { v: 1, online: true, requester: 'house', instance: 'other', epoch: 3, tokenFloor: 0 };
    const settings = { takeover: true };
    broker.publish('locks/arbiter', JSON.stringify({ ...message, settings, ...change }), { retain: true });
  }

  async function beatFor(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1_000) {
      beat();
      await clock.advance(Math.min(1_000, left));
    }
  }

  it('stands when nobody was heard for the delay since it listens', async () => {
    const { stands } = candidate();
    await clock.advance(DELAY);
    assert.deepEqual(stands, []);
    await clock.advance(SOON);
    assert.equal(stands.length, 1);
  });

  it('stands some time later at the start, by chance', async () => {
    const { stands } = candidate('me', 0.9);
    await clock.advance(DELAY + 850);
    assert.deepEqual(stands, []);
    await clock.advance(SOON);
    assert.equal(stands.length, 1);
  });

  it('does not while an arbiter beats, and does the delay after its last beat', async () => {
    const { stands, candidate: it } = candidate();
    await beatFor(30_000);
    const last = clock.monotonic - 1_000;
    assert.deepEqual(stands, []);
    assert.equal(it.witnessed, 3);
    await clock.advance(DELAY);
    assert.equal(stands.length, 1);
    const [at = 0] = stands;
    assert.ok(at >= last + DELAY && at < last + DELAY + SOON, `${at - last}`);
  });

  it('takes a presence that comes for a sign of life, but not one that was retained', async () => {
    presence();
    const { stands, candidate: it } = candidate();
    await clock.advance(100);
    assert.equal(it.witnessed, 0);
    assert.equal(it.epoch, 3);
    await clock.advance(DELAY - 1_000);
    presence({ epoch: 4 });
    await clock.advance(DELAY - 100);
    assert.deepEqual(stands, []);
    assert.equal(it.witnessed, 4);
    await clock.advance(SOON);
    assert.equal(stands.length, 1);
  });

  it('stands at once after a goodbye', async () => {
    const { stands } = candidate();
    await beatFor(3_000);
    presence({ online: false, left: true });
    await clock.advance(SOON);
    assert.equal(stands.length, 1);
  });

  it('takes a goodbye that comes for a sign of the term that it ends', async () => {
    const { candidate: heir } = candidate();
    await clock.advance(SOON);
    assert.equal(heir.witnessed, 0);
    presence({ online: false, left: true });
    await clock.advance(SOON);
    assert.equal(heir.witnessed, 3);
    const late = candidate('late');
    await clock.advance(SOON);
    assert.equal(late.candidate.witnessed, 0, 'one that was retained is none');
  });

  it('waits after a will, which may tell of a broken connection only', async () => {
    const { stands } = candidate();
    await beatFor(3_000);
    presence({ online: false });
    await clock.advance(DELAY - 1_100);
    assert.deepEqual(stands, []);
    await clock.advance(1_200);
    assert.equal(stands.length, 1);
  });

  it('does not stand when a beat comes before its probe is back', async () => {
    const { stands } = candidate();
    await clock.advance(5);
    // The probe leaves now, and a beat is under way already.
    await clock.advance(DELAY - 2);
    beat();
    await clock.advance(1_000);
    assert.deepEqual(stands, []);
  });

  it('does not stand while its probe does not come back, and tries again', async () => {
    const { stands } = candidate();
    broker.mayPublish = (_, topic) => !topic.includes('mark');
    await clock.advance(DELAY * 3);
    assert.deepEqual(stands, []);
    broker.mayPublish = () => true;
    await clock.advance(DELAY + SOON);
    assert.equal(stands.length, 1);
  });

  it('does not stand without a connection to speak over, or to hear over', async () => {
    const { stands, talk, watch } = candidate();
    await clock.advance(100);
    await talk.stop();
    await clock.advance(DELAY * 2);
    assert.deepEqual(stands, []);
    talk.start();
    broker.cut(watch.clientId);
    broker.stop();
    await clock.advance(DELAY * 2);
    assert.deepEqual(stands, []);
    broker.start();
    await clock.advance(DELAY);
    assert.deepEqual(stands, []);
    await clock.advance(SOON);
    assert.equal(stands.length, 1);
  });

  it('forgets whom it has heard when its connection breaks', async () => {
    const { candidate: it, watch } = candidate();
    await beatFor(2_000);
    assert.equal(it.witnessed, 3);
    broker.cut(watch.clientId);
    await clock.advance(500);
    assert.equal(it.witnessed, 0);
    assert.equal(it.epoch, 3);
  });

  it('shows by a message to itself that it still hears what the broker says', async () => {
    const { candidate: it } = candidate();
    let proofs = 0;
    await clock.advance(DELAY + SOON);
    broker.mayPublish = (_, topic) => !topic.includes('mark');
    it.prove(() => proofs++);
    await clock.advance(DELAY);
    assert.equal(proofs, 0);
    broker.mayPublish = () => true;
    it.prove(() => proofs++);
    await clock.advance(SOON);
    assert.equal(proofs, 1);
    it.stepBack();
    it.prove(() => proofs++);
    await clock.advance(SOON);
    assert.equal(proofs, 1, 'who stands no more has nothing to show');
  });

  it('never stands against somebody who decides also without the broker', async () => {
    presence({ settings: { takeover: false } });
    const { stands, candidate: it } = candidate();
    await clock.advance(DELAY);
    presence({ settings: { takeover: false }, online: false });
    await clock.advance(DELAY * 4);
    assert.deepEqual(stands, []);
    assert.equal(it.decidesAlone?.requester, 'house');
    presence({ settings: {}, online: false, left: true });
    await clock.advance(SOON);
    assert.equal(it.decidesAlone, undefined);
    assert.equal(stands.length, 1);
  });

  it('stands when the presence of who decided alone is cleared by hand, or was of its own name', async () => {
    presence({ settings: {}, online: false });
    const one = candidate();
    await clock.advance(DELAY * 2);
    broker.publish('locks/arbiter', '', { retain: true });
    await clock.advance(DELAY + SOON);
    assert.equal(one.stands.length, 1);
    assert.equal(one.candidate.arbiter, undefined);
    presence({ settings: {}, requester: 'of another' });
    const other = candidate('another');
    await clock.advance(DELAY + SOON);
    assert.equal(other.stands.length, 1);
  });

  it('does not take its own beats, of a term that it has lost, for somebody else', async () => {
    const { stands } = candidate();
    await clock.advance(DELAY - 100);
    beat(4, 'me');
    await clock.advance(SOON);
    assert.equal(stands.length, 1);
  });

  it('waits longer each time that it loses soon, and stands again', async () => {
    const { stands, candidate: it } = candidate('me', 0.5);
    const waits: number[] = [];
    for (let loss = 0; loss < 5; loss++) {
      while (stands.length === loss) await clock.advance(500);
      it.stepBack();
      it.stepBack();
      waits.push((stands.at(-1) ?? 0) - (stands.at(-2) ?? 0));
    }
    const [, first = 0, second = 0, third = 0, fourth = 0] = waits;
    assert.ok(first > DELAY * 1.1 && second > first + 500 && third > second + 500, `${waits}`);
    assert.ok(fourth < DELAY * 8, `${waits}`);
  });

  it('takes a loss after a long term for a first one', async () => {
    const { stands, candidate: it } = candidate();
    await clock.advance(DELAY + SOON);
    it.stepBack();
    await clock.advance(DELAY * 3);
    assert.equal(stands.length, 2);
    await clock.advance(DELAY * 10);
    it.stepBack();
    await clock.advance(DELAY * 2 + SOON);
    assert.equal(stands.length, 3);
  });

  it('says once that nothing of what it writes comes back, and again after something did', async () => {
    const { stands, warnings, candidate: it } = candidate();
    broker.mayPublish = () => false;
    await clock.advance(DELAY * 2 + SOON);
    assert.deepEqual(warnings, [], 'one may have been lost');
    await clock.advance(DELAY * 4);
    assert.deepEqual([stands.length, warnings.length], [0, 1]);
    assert.match(
      String(warnings[0]),
      /cannot decide: what it writes to locks\/arbiter\/mark\/of me does not come back/,
    );
    broker.mayPublish = () => true;
    await clock.advance(DELAY);
    assert.equal(stands.length, 1);
    it.stepBack();
    broker.mayPublish = () => false;
    await clock.advance(DELAY * 12);
    assert.equal(warnings.length, 2);
  });

  it('says why it cannot listen, and ignores what is no message', async () => {
    const { stands, watch, warnings } = candidate();
    watch.subscribe = () => Promise.reject(new Error('forbidden'));
    await clock.advance(DELAY * 2);
    assert.deepEqual(stands, []);
    assert.match(warnings.join(), /cannot become the one that decides: Error: forbidden/);
    const other = candidate('other');
    await clock.advance(10);
    broker.publish('locks/arbiter/beat', 'nonsense');
    broker.publish('locks/arbiter', 'nonsense');
    await clock.advance(DELAY + SOON);
    assert.equal(other.stands.length, 1);
  });

  it('leaves nothing behind when it stops, and listens at once where there is a connection', async () => {
    const { candidate: it, stands, watch, talk } = candidate();
    await clock.advance(1_000);
    it.stop();
    await clock.advance(DELAY * 2);
    assert.deepEqual(stands, []);
    it.start();
    await clock.advance(DELAY + SOON);
    assert.equal(stands.length, 1);
    it.stop();
    await watch.stop();
    await talk.stop();
    assert.equal(clock.timers, 0);
  });
});
