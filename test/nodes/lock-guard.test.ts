import assert from 'node:assert/strict';
import { acquire, lease, level, node } from '../support/lock-flow';
import { useScene } from '../support/lock-scene';
import { settled } from '../support/node-red';

describe('lock-guard', () => {
  const scene = useScene();
  const guard = node('lock-guard', 'guard', 2);

  it('passes the message to output 1 while the claim in msg.lock is still held', async () => {
    await scene.run(acquire('motion'), guard);
    scene.flow.send('motion', { payload: 1 });
    const msg = await scene.flow.next('motion.1');
    const before = structuredClone(msg);
    scene.flow.send('guard', msg);
    assert.deepEqual(await scene.flow.next('guard.1'), before);
    assert.deepEqual(scene.flow.status('guard'), { fill: 'green', shape: 'dot', text: 'still held' });
  });

  it('passes it to output 2 when another has taken the resource', async () => {
    await scene.run(acquire('motion'), acquire('alarm', level(900)), guard);
    scene.flow.send('motion', { payload: 1 });
    const msg = await scene.flow.next('motion.1');
    scene.flow.send('alarm');
    await scene.flow.next('alarm.1');
    scene.flow.send('guard', msg);
    assert.equal((await scene.flow.next('guard.2')).payload, 1);
    assert.deepEqual(scene.flow.status('guard'), { fill: 'red', shape: 'ring', text: 'stopped' });
    assert.deepEqual(scene.untold('guard', 2), [0, 0]);
  });

  it('passes it to output 2 when the lease has run out', async () => {
    await scene.run(acquire('motion', lease(1)), guard);
    scene.flow.send('motion');
    const msg = await scene.flow.next('motion.1');
    await scene.advance(1000);
    scene.flow.send('guard', msg);
    await scene.flow.next('guard.2');
  });

  for (const lock of [undefined, null, 'lamp', {}, { id: 'made up' }]) {
    it(`passes it to output 2 when msg.lock is ${JSON.stringify(lock)}`, async () => {
      await scene.run(guard);
      scene.flow.send('guard', { lock });
      await scene.flow.next('guard.2');
    });
  }

  it('ends each message once', async () => {
    await scene.run(guard);
    scene.flow.send('guard');
    await settled();
    assert.equal(scene.flow.waiting('completed'), 1);
  });

  it('reports a registry that is not there', async () => {
    await scene.run(node('lock-guard', 'guard', 2, { registry: '' }));
    assert.equal(scene.flow.status('guard')?.text, 'not set up');
    scene.flow.send('guard');
    assert.equal(((await scene.flow.next('errors')).error as { code: string }).code, 'no-registry');
    assert.deepEqual(scene.untold('guard', 2), [0, 0]);
  });
});
