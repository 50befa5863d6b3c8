// What an arbiter alone makes of its memory, of which a store that is lost or old tells nothing: that others may hold
// something, and which tokens were given.
import assert from 'node:assert/strict';
import type { Memory, Remembered } from '../../src/mqtt/arbiter-context';
import { ArbiterScene, startArbiter } from '../support/arbiter-scene';
import { HandClock } from '../support/hand-clock';
import { HandParticipant, make } from '../support/hand-participant';
import { SimulatedBroker } from '../support/simulated-broker';

const SESSION_MS = 10_000;

/** As a folder remembers it. */
class Folder implements Memory {
  othersMayHold: boolean;
  tokenFloor = 0;
  readonly notes: boolean[] = [];

  constructor(othersMayHold: boolean) {
    this.othersMayHold = othersMayHold;
  }

  note({ othersMayHold = this.othersMayHold, tokenFloor = this.tokenFloor }: Partial<Remembered>): void {
    if (othersMayHold !== this.othersMayHold) this.notes.push(othersMayHold);
    Object.assign(this, { othersMayHold, tokenFloor });
  }
}

describe('an arbiter alone that remembers that others may hold something', () => {
  let broker: SimulatedBroker;
  let memory: Folder;
  let desk: HandParticipant;

  beforeEach(() => {
    broker = new SimulatedBroker({ clock: new HandClock() });
    memory = new Folder(true);
    desk = new HandParticipant(broker);
  });

  it('grants nothing for a session where the store tells of nothing, and says why', async () => {
    const scene = await startArbiter({ memory }, broker);
    await scene.device('panel/lights', {});
    await scene.settle(SESSION_MS - 200);
    assert.equal(scene.arbiter.status.phase, 'starting');
    assert.match(scene.arbiter.status.reason ?? '', /asking everybody/);
    assert.deepEqual(memory.notes, []);
    await scene.settle(200);
    assert.deepEqual([scene.arbiter.status.phase, scene.holder('lights')], ['deciding', 'panel']);
    // Nobody who believes in anything was silent for so long.
    assert.deepEqual(memory.notes, [false]);
  });

  it('leaves to others what they hold', async () => {
    const scene = await startArbiter({ memory }, broker);
    await scene.device('panel/lights', { priority: 'manual' });
    desk.hello([make('lights', { priority: 900 }, { granted: true, order: 1, tokens: { lights: 7 } })]);
    await scene.settle(SESSION_MS);
    assert.deepEqual([scene.holder('lights'), scene.state('lights')?.token], ['desk', 7]);
    assert.deepEqual(memory.notes, []);
  });

  it('does not believe a store of before that shows its term, either', async () => {
    const first = await startArbiter({}, broker);
    await first.crash();
    const scene = await startArbiter({ memory }, broker);
    assert.equal(scene.arbiter.status.phase, 'starting');
    await scene.settle(SESSION_MS);
    assert.equal(scene.arbiter.status.phase, 'deciding');
  });

  it('waits no longer than until one of them has shown that the store is the last one', async () => {
    const first = await startArbiter({}, broker);
    await first.crash();
    const scene = await startArbiter({ memory }, broker);
    desk.epoch = 2;
    desk.stream = 1;
    desk.say({ op: 'hello', witnessed: 1 }, { op: 'ready' });
    await scene.settle();
    assert.equal(scene.arbiter.status.phase, 'deciding');
    assert.deepEqual(memory.notes, []);
  });

  it('need not ask where the last one of them went so long ago that nobody can believe in anything', async () => {
    const slow = new SimulatedBroker({ clock: new HandClock() });
    slow.stop();
    const scene = new ArbiterScene({ memory }, slow);
    await scene.start();
    await scene.settle(SESSION_MS);
    slow.start();
    await scene.settle(500);
    assert.deepEqual([scene.arbiter.status.phase, scene.arbiter.status.isPublishing], ['deciding', true]);
  });

  it('does not forget them because one says goodbye while they are asked', async () => {
    const scene = await startArbiter({ memory }, broker);
    desk.hello();
    await scene.settle();
    desk.presence({ online: false, left: true });
    await scene.settle(1_000);
    assert.deepEqual(memory.notes, []);
  });
});

describe('an arbiter alone', () => {
  it('decides at once where it remembers nobody, and from the first session on does not any more', async () => {
    const memory = new Folder(false);
    const scene = await startArbiter({ memory });
    assert.equal(scene.arbiter.status.phase, 'deciding');
    const [desk, hall] = [
      new HandParticipant(scene.broker),
      new HandParticipant(scene.broker, 'hall', 'hall'),
    ];
    desk.hello();
    hall.hello();
    await scene.settle();
    assert.deepEqual(memory.notes, [true]);
    desk.presence({ online: false, left: true });
    await scene.settle();
    assert.deepEqual(memory.notes, [true]);
    await scene.settle(SESSION_MS + 100);
    assert.deepEqual(memory.notes, [true, false]);
  });

  it('remembers them where it stops while they are there', async () => {
    const memory = new Folder(false);
    const scene = await startArbiter({ memory });
    new HandParticipant(scene.broker).hello();
    await scene.settle();
    const stopped = scene.arbiter.stop();
    await scene.settle(3_000);
    await stopped;
    assert.deepEqual(memory.notes, [true]);
  });

  it('gives no token that was given before, though no store tells of it', async () => {
    const memory = new Folder(false);
    const first = new ArbiterScene({ memory }, new SimulatedBroker({ clock: new HandClock() }));
    const { wall } = first.clock.now();
    memory.tokenFloor = wall + 30_000;
    first.arbiter.start();
    await first.device('panel/lights', {});
    await first.settle();
    const token = first.state('lights')?.token ?? 0;
    assert.ok(token > wall + 30_000, `${token}`);
    assert.ok(memory.tokenFloor >= token, 'it is remembered before it is told');
  });

  it('does not believe that it has given tokens of the far future', async () => {
    const memory = new Folder(false);
    const absurd = Date.UTC(2099, 1, 1);
    memory.tokenFloor = absurd;
    const scene = await startArbiter({ memory });
    await scene.device('panel/lights', {});
    assert.ok((scene.state('lights')?.token ?? Infinity) < absurd);
  });
});
