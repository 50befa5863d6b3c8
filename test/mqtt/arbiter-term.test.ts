import assert from 'node:assert/strict';
import type { Term } from '../../src/mqtt/arbiter-context';
import { readArbiter } from '../../src/mqtt/read-message';
import { type ArbiterScene, type SceneOptions, startArbiter } from '../support/arbiter-scene';
import { HandClock } from '../support/hand-clock';
import { SimulatedBroker } from '../support/simulated-broker';

function results({ heard }: ArbiterScene): readonly string[] {
  return heard.map(({ claim, answer }) => `${claim.name.split('/')[0]} ${answer.result}`);
}

describe('an arbiter that can be succeeded', () => {
  /** The last term is over, and its arbiter was heard alive to the end. */
  function startTerm(
    broker = new SimulatedBroker({ clock: new HandClock() }),
    known: Partial<Term> = {},
    more: SceneOptions = {},
  ): Promise<ArbiterScene> {
    if (!broker.retained.has('locks/arbiter/term'))
      broker.publish('locks/arbiter/term', JSON.stringify({ epoch: 6, tokenFloor: 0 }), { retain: true });
    const { epoch: last } = JSON.parse(broker.retained.get('locks/arbiter/term') ?? '');
    const prove = (proven: () => void) => proven();
    const term = { epoch: 6, witnessed: () => last, prove, validUntil: () => Infinity, ...known };
    return startArbiter({ term, ...more }, broker);
  }

  it('begins a term above every one that it knows of, and says that it can be succeeded', async () => {
    const { broker, arbiter } = await startTerm();
    const { message } = readArbiter(Buffer.from(broker.retained.get('locks/arbiter') ?? ''));
    assert.equal(message?.epoch, 7);
    assert.equal(message?.settings?.takeover, true);
    assert.equal(arbiter.epoch, 7);
    const next = await startTerm(broker, { epoch: 2 });
    assert.equal(next.arbiter.epoch, 8);
  });

  it('trusts a store only where the arbiter that wrote it was heard last, on a connection that is there still', async () => {
    const phaseWhere = async (known: Partial<Term>) =>
      (await startTerm(undefined, known)).arbiter.status.phase;
    assert.equal(await phaseWhere({ witnessed: () => 6 }), 'deciding');
    assert.equal(await phaseWhere({ witnessed: () => 0 }), 'starting');
    // That one has not written a term: it still asked who holds what, and did not trust the store either.
    assert.equal(await phaseWhere({ witnessed: () => 7 }), 'starting');
    assert.equal(await phaseWhere({ prove: () => undefined }), 'starting');
  });

  it('shows that its term has begun only after the states that it knows', async () => {
    const first = await startTerm();
    await first.device('panel/lights', {});
    await first.crash();
    const { broker } = first;
    const mark = broker.log.length;
    await startTerm(broker, { witnessed: () => 0 });
    await first.settle(9_000);
    assert.equal(first.topicsSince(mark).includes('locks/state/lights'), false);
    await first.settle(2_000);
    const topics = first.topicsSince(mark);
    const states = topics.indexOf('locks/state/lights');
    assert.ok(states > 0 && states < topics.indexOf('locks/arbiter/term'), topics.join(' '));
    assert.equal(JSON.parse(broker.retained.get('locks/arbiter/term') ?? '').epoch, 8);
  });

  it('goes above a later term that somebody knows of, and says so in what is retained', async () => {
    const { broker, arbiter, ...scene } = await startTerm();
    const head = { v: 1, session: 'i', epoch: 50, stream: 1, n: 1, ack: 0 };
    broker.publish(
      'locks/session/desk/claims',
      JSON.stringify({ ...head, ops: [{ op: 'hello' }, { op: 'ready' }] }),
    );
    await scene.clock.advance(50);
    const epochs = ['locks/arbiter', 'locks/arbiter/term'].map(
      (topic) => JSON.parse(broker.retained.get(topic) ?? '').epoch,
    );
    assert.deepEqual([...epochs, arbiter.epoch], [51, 51, 51]);
  });

  it('tells its own runtime of a grant only when the state has come back', async () => {
    const scene = await startTerm();
    const { broker } = scene;
    broker.mayPublish = (_, topic) => !topic.startsWith('locks/state/');
    const claim = scene.own('node', { resource: 'lights' });
    await scene.settle();
    assert.deepEqual(results(scene), []);
    assert.equal(claim.isProven, false);
    assert.equal(scene.arbiter.leave()[0]?.make.was, undefined);
    broker.mayPublish = () => true;
    scene.own('other', { resource: 'lights', locker: 'other' });
    await scene.settle();
    assert.deepEqual(results(scene), ['other queued', 'node granted']);
    assert.equal(claim.isProven, true);
    assert.deepEqual(scene.arbiter.leave()[0]?.make.was, {
      order: 1,
      granted: true,
      tokens: { lights: claim.answer?.token },
    });
  });

  it('waits for the states of all its resources', async () => {
    const scene = await startTerm();
    scene.broker.mayPublish = (_, topic) => topic !== 'locks/state/b';
    scene.own('node', { resources: ['a', 'b'] });
    await scene.settle();
    assert.deepEqual(results(scene), []);
    scene.broker.mayPublish = () => true;
    scene.arbiter.setRules({ ...scene.arbiter.rules, plainText: true });
    await scene.settle();
    scene.own('other', { resource: 'b', locker: 'other' });
    await scene.settle();
    assert.deepEqual(results(scene), ['other queued', 'node granted']);
  });

  it('takes no state of before for the proof', async () => {
    const scene = await startTerm();
    const { broker } = scene;
    const claim = scene.own('node', { resource: 'lights' });
    await scene.settle();
    const old = broker.retained.get('locks/state/lights') ?? '';
    await scene.device('panel/lights', { priority: 100 });
    assert.equal(claim.phase, 'waiting');
    broker.mayPublish = (_, topic) => !topic.startsWith('locks/state/');
    await scene.device('panel/lights', '');
    assert.equal(claim.phase, 'held');
    broker.publish('locks/state/lights', old);
    broker.publish('locks/state/lights', old.replace('"epoch":7', '"epoch":6'));
    broker.publish('locks/state/lights', 'nonsense');
    broker.publish('locks/state/lights', '');
    await scene.settle();
    assert.deepEqual(results(scene), ['node granted', 'node requeued']);
    assert.equal(claim.isProven, false);
    assert.deepEqual(scene.arbiter.leave()[0]?.make.was, { order: 1, granted: true });
  });

  it('gives up at once, untold, what a stronger claim wants before the proof', async () => {
    const scene = await startTerm();
    scene.broker.mayPublish = (_, topic) => !topic.startsWith('locks/state/');
    scene.own('weak', { resource: 'lights', once: true, grace: 5_000 });
    const strong = scene.own('strong', { resource: 'lights', locker: 'strong', priority: 9 });
    assert.equal(strong.phase, 'held');
    assert.deepEqual(results(scene), ['strong queued', 'weak lost']);
  });

  it('tells of a renewal, a refusal and an end at once', async () => {
    const scene = await startTerm();
    scene.broker.mayPublish = (_, topic) => !topic.startsWith('locks/state/');
    const early = scene.own('early', { resource: 'lights' });
    scene.arbiter.update(early, { priority: 'no such level' });
    scene.arbiter.release(early);
    assert.deepEqual(results(scene), ['early denied', 'early released']);
    scene.broker.mayPublish = () => true;
    const claim = scene.own('node', { resource: 'lights', ttl: 1_000 });
    await scene.settle();
    scene.arbiter.update(claim, { renew: true });
    assert.deepEqual(results(scene).slice(2), ['node granted', 'node granted']);
  });

  it('decides nothing any more when its connection is lost, and never again', async () => {
    const scene = await startTerm();
    const claim = scene.own('node', { resource: 'lights', ttl: 500 });
    scene.own('waiter', { resource: 'lights', locker: 'waiter', timeout: 10_000 });
    await scene.settle();
    const before = scene.heard.length;
    const { log } = scene.broker;
    scene.broker.cut(scene.transport?.clientId ?? '', 'cut');
    const published = log.length;
    assert.equal(scene.arbiter.status.phase, 'lost');
    assert.equal(scene.arbiter.status.reason, 'cut');
    await scene.settle(60_000);
    assert.equal(claim.phase, 'held');
    assert.equal(scene.heard.length, before);
    assert.equal(log.length, published);
    assert.deepEqual(
      scene.arbiter.leave().map(({ make: { name, was } }) => [name, was?.granted, was?.wait !== undefined]),
      [
        ['node/key', true, false],
        ['waiter/key', false, true],
      ],
    );
    const refused = scene.arbiter.claim({
      id: 'x',
      owner: { path: 'a', key: 'b' },
      message: {},
      isKept: false,
    });
    assert.deepEqual(refused, { reason: 'unavailable', detail: 'the locks are lost' });
    await scene.arbiter.stop();
    assert.equal(scene.arbiter.status.phase, 'stopped');
    assert.equal(scene.clock.timers, 0);
  });

  it('is lost when it may not write, or is never connected', async () => {
    const broker = new SimulatedBroker({ clock: new HandClock() });
    broker.mayPublish = () => false;
    const scene = await startTerm(broker);
    await scene.settle(20_000);
    assert.equal(scene.arbiter.status.phase, 'lost');
    assert.match(scene.arbiter.status.reason ?? '', /may not write/);
    const gone = new SimulatedBroker({ clock: new HandClock() });
    gone.stop();
    const other = await startTerm(gone);
    await other.arbiter.ready;
    assert.equal(other.arbiter.status.phase, 'lost');
  });

  it('does not ask who was there before it, and repeats its presence over what others write', async () => {
    const broker = new SimulatedBroker({ clock: new HandClock() });
    const other = { v: 1, online: true, requester: 'r', instance: 'i', epoch: 9, tokenFloor: 0 };
    broker.publish('locks/arbiter', JSON.stringify(other), { retain: true });
    const scene = await startTerm(broker);
    assert.equal(scene.arbiter.epoch, 10);
    broker.publish('locks/arbiter', JSON.stringify({ ...other, online: false }), { retain: true });
    await scene.settle();
    assert.match(broker.retained.get('locks/arbiter') ?? '', /"epoch":10/);
  });

  it('says goodbye as one that is not there any more', async () => {
    const scene = await startTerm();
    const stopped = scene.arbiter.stop();
    await scene.settle();
    await stopped;
    const { message } = readArbiter(Buffer.from(scene.broker.retained.get('locks/arbiter') ?? ''));
    assert.deepEqual([message?.online, message?.left], [false, true]);
  });
});
