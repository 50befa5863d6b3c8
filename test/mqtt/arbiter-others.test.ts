// What an arbiter alone makes of its memory that others may hold something, of which a store that is lost or old tells
// nothing.
import assert from 'node:assert/strict';
import type { Others } from '../../src/mqtt/arbiter-context';
import { ArbiterScene, startArbiter } from '../support/arbiter-scene';
import { HandClock } from '../support/hand-clock';
import { HandParticipant, make } from '../support/hand-participant';
import { SimulatedBroker } from '../support/simulated-broker';

const SESSION_MS = 10_000;

/** As a folder remembers it. */
class Memory implements Others {
  mayHold: boolean;
  readonly notes: boolean[] = [];

  constructor(mayHold: boolean) {
    this.mayHold = mayHold;
  }

  note(mayHold: boolean): void {
    if (mayHold !== this.mayHold) this.notes.push(mayHold);
    this.mayHold = mayHold;
  }
}

describe('an arbiter alone that remembers that others may hold something', () => {
  let broker: SimulatedBroker;
  let others: Memory;
  let desk: HandParticipant;

  beforeEach(() => {
    broker = new SimulatedBroker({ clock: new HandClock() });
    others = new Memory(true);
    desk = new HandParticipant(broker);
  });

  it('grants nothing for a session where the store tells of nothing, and says why', async () => {
    const scene = await startArbiter({ others }, broker);
    await scene.device('panel/lights', {});
    await scene.settle(SESSION_MS - 200);
    assert.equal(scene.arbiter.status.phase, 'starting');
    assert.match(scene.arbiter.status.reason ?? '', /asking everybody/);
    assert.deepEqual(others.notes, []);
    await scene.settle(200);
    assert.deepEqual([scene.arbiter.status.phase, scene.holder('lights')], ['deciding', 'panel']);
    // Nobody who believes in anything was silent for so long.
    assert.deepEqual(others.notes, [false]);
  });

  it('leaves to others what they hold', async () => {
    const scene = await startArbiter({ others }, broker);
    await scene.device('panel/lights', { priority: 'manual' });
    desk.hello([make('lights', { priority: 900 }, { granted: true, order: 1, tokens: { lights: 7 } })]);
    await scene.settle(SESSION_MS);
    assert.deepEqual([scene.holder('lights'), scene.state('lights')?.token], ['desk', 7]);
    assert.deepEqual(others.notes, []);
  });

  it('does not believe a store of before that shows its term, either', async () => {
    const first = await startArbiter({}, broker);
    await first.crash();
    const scene = await startArbiter({ others }, broker);
    assert.equal(scene.arbiter.status.phase, 'starting');
    await scene.settle(SESSION_MS);
    assert.equal(scene.arbiter.status.phase, 'deciding');
  });

  it('waits no longer than until one of them has shown that the store is the last one', async () => {
    const first = await startArbiter({}, broker);
    await first.crash();
    const scene = await startArbiter({ others }, broker);
    desk.epoch = 2;
    desk.stream = 1;
    desk.say({ op: 'hello', witnessed: 1 }, { op: 'ready' });
    await scene.settle();
    assert.equal(scene.arbiter.status.phase, 'deciding');
    assert.deepEqual(others.notes, []);
  });

  it('need not ask where the last one of them went so long ago that nobody can believe in anything', async () => {
    const slow = new SimulatedBroker({ clock: new HandClock() });
    slow.stop();
    const scene = new ArbiterScene({ others }, slow);
    await scene.start();
    await scene.settle(SESSION_MS);
    slow.start();
    await scene.settle(500);
    assert.deepEqual([scene.arbiter.status.phase, scene.arbiter.status.isPublishing], ['deciding', true]);
  });

  it('does not forget them because one says goodbye while they are asked', async () => {
    const scene = await startArbiter({ others }, broker);
    desk.hello();
    await scene.settle();
    desk.presence({ online: false, left: true });
    await scene.settle(1_000);
    assert.deepEqual(others.notes, []);
  });
});

describe('an arbiter alone', () => {
  it('decides at once where it remembers nobody, and from the first session on does not any more', async () => {
    const others = new Memory(false);
    const scene = await startArbiter({ others });
    assert.equal(scene.arbiter.status.phase, 'deciding');
    const [desk, hall] = [
      new HandParticipant(scene.broker),
      new HandParticipant(scene.broker, 'hall', 'hall'),
    ];
    desk.hello();
    hall.hello();
    await scene.settle();
    assert.deepEqual(others.notes, [true]);
    desk.presence({ online: false, left: true });
    await scene.settle();
    assert.deepEqual(others.notes, [true]);
    await scene.settle(SESSION_MS + 100);
    assert.deepEqual(others.notes, [true, false]);
  });

  it('remembers them where it stops while they are there', async () => {
    const others = new Memory(false);
    const scene = await startArbiter({ others });
    new HandParticipant(scene.broker).hello();
    await scene.settle();
    const stopped = scene.arbiter.stop();
    await scene.settle(3_000);
    await stopped;
    assert.deepEqual(others.notes, [true]);
  });
});
