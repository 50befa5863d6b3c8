import assert from 'node:assert/strict';
import { acquire, flowOf, level, node, resources } from '../support/lock-flow';
import { lockOf, useScene } from '../support/lock-scene';
import { settled } from '../support/node-red';

describe('a message for acquire ends in exactly one done:', () => {
  const scene = useScene();

  /** How many times Complete has fired for this payload. */
  const completions = async (): Promise<unknown[]> => {
    await settled();
    const payloads = [];
    while (scene.flow.waiting('completed') > 0) payloads.push((await scene.flow.next('completed')).payload);
    return payloads;
  };

  /** Motion waits for the alarm. */
  const runWaiting = async (change = {}) => {
    await scene.run(acquire('alarm', level(900)), acquire('motion', change), node('release', 'over', 1));
    scene.flow.send('alarm', { payload: 'alarm' });
    const alarm = await scene.flow.next('alarm.1');
    assert.deepEqual(await completions(), ['alarm']);
    scene.flow.send('motion', { payload: 'motion' });
    assert.deepEqual(await completions(), []);
    return alarm;
  };

  it('granted at once', async () => {
    await scene.run(acquire('motion'));
    scene.flow.send('motion', { payload: 'motion' });
    assert.deepEqual(await completions(), ['motion']);
  });

  it('granted after a wait, with its own send', async () => {
    const alarm = await runWaiting();
    scene.flow.send('over', alarm);
    assert.equal((await scene.flow.next('motion.1')).payload, 'motion');
    assert.deepEqual((await completions()).sort(), ['alarm', 'motion']);
  });

  it('denied', async () => {
    await runWaiting({ whenTaken: 'atMost' });
    await scene.advance(10_000);
    assert.equal((await scene.flow.next('motion.4')).payload, 'motion');
    assert.deepEqual(await completions(), ['motion']);
  });

  it('replaced by a further one', async () => {
    await runWaiting();
    scene.flow.send('motion', { payload: 'further' });
    assert.deepEqual(await completions(), ['motion']);
  });

  it('ended by msg.reset without letting one of a mutex through', async () => {
    await scene.run(acquire('motion', { further: 'each' }));
    for (const payload of ['one', 'two', 'three']) scene.flow.send('motion', { payload });
    assert.equal((await scene.flow.next('motion.1')).payload, 'one');
    scene.flow.send('motion', { reset: true });
    await settled();
    assert.equal(scene.flow.waiting('motion.1'), 0);
    assert.equal(scene.registry.state('lamp').state, 'free');
  });

  it('ended by msg.reset, which ends everything the node has', async () => {
    const alarm = await runWaiting({ resources: [{ v: 'room', t: 'msg' }] });
    assert.equal(lockOf(alarm).state, 'held');
    scene.flow.send('motion', { payload: 'free', room: 'hall' });
    scene.flow.send('motion', { payload: 'taken', room: 'lamp' });
    await completions();
    scene.flow.send('motion', { reset: true, payload: 'reset' });
    assert.deepEqual((await completions()).sort(), ['reset', 'taken']);
    assert.equal(scene.registry.state('hall').state, 'free');
    assert.equal(scene.registry.state('lamp').waitingCount, 0);
    assert.equal(scene.flow.status('motion')?.text, 'idle');
    assert.deepEqual(scene.untold('motion'), [1, 0, 0, 0]);
  });

  it('released while it waits', async () => {
    await scene.run(
      acquire('alarm', level(900)),
      acquire('motion'),
      node('release', 'over', 1, { nodes: ['motion'] }),
    );
    scene.flow.send('alarm', { payload: 'alarm' });
    scene.flow.send('motion', { payload: 'motion' });
    await completions();
    scene.flow.send('over', { payload: 'over' });
    assert.deepEqual((await completions()).sort(), ['motion', 'over']);
    assert.deepEqual(scene.untold('motion'), [0, 0, 0, 0]);
  });

  it('closed by a deploy', async () => {
    await runWaiting();
    const flow = flowOf(
      acquire('alarm', level(900)),
      acquire('motion', { grace: '1' }),
      node('release', 'over', 1),
    );
    await scene.flow.deploy(flow, 'nodes');
    assert.deepEqual(await completions(), ['motion']);
  });

  it('in error, with a code for Catch', async () => {
    await scene.run(acquire('motion', { resources: [{ v: 'room', t: 'msg' }] }));
    scene.flow.send('motion', { payload: 'motion' });
    const { error } = (await scene.flow.next('errors')) as { error: { code: string; message: string } };
    assert.equal(error.code, 'invalid');
    assert.equal(
      error.message,
      'Error: the resource is missing: it should be the name of a resource, or a list of names',
    );
    assert.deepEqual(await completions(), []);
  });

  it('in error for a resource of only spaces', async () => {
    await scene.run(acquire('motion', { resources: [{ v: '  ', t: 'str' }] }));
    scene.flow.send('motion', { payload: 'motion' });
    const { error } = (await scene.flow.next('errors')) as { error: { code: string; message: string } };
    assert.equal(error.code, 'invalid');
    assert.match(error.message, /the resource is " {2}": it should be the name of a resource/);
    assert.deepEqual(await completions(), []);
  });

  it('in one error when one of several resources is refused', async () => {
    const name = 'x'.repeat(600);
    await scene.run(acquire('motion', { ...resources('hall', name), several: 'each' }));
    scene.flow.send('motion', { payload: 'motion' });
    assert.equal(((await scene.flow.next('errors')).error as { code: string }).code, 'refused');
    assert.deepEqual((await scene.lock('motion.1')).resources, ['hall']);
    assert.equal(scene.flow.waiting('errors'), 0);
    assert.deepEqual(await completions(), []);
  });
});
