import assert from 'node:assert/strict';
import { endStatus } from '../../nodes/acquire/statuses';
import { newWish } from '../../nodes/acquire/wish';
import type { Answer } from '../../src/mqtt/messages';
import { acquire, helper, lease, level, node, resources } from '../support/lock-flow';
import { useScene } from '../support/lock-scene';
import { type FlowNode, settled, translate } from '../support/node-red';

describe('the status of acquire', () => {
  const scene = useScene();

  const shown = async (id = 'motion') => {
    await settled();
    const { fill, shape, text = '' } = scene.flow.status(id) ?? {};
    assert.ok([...text].length < 20, `"${text}" has ${text.length} characters`);
    return `${fill} ${shape}: ${text}`;
  };

  const alarm = (change = {}) => acquire('alarm', { ...level(900), name: 'Alarm', ...change });

  it('is idle before the first message', async () => {
    await scene.run(acquire('motion'));
    assert.equal(await shown(), 'grey dot: idle');
  });

  it('reaches Status nodes', async () => {
    const watch: FlowNode = {
      id: 'watch',
      type: 'status',
      z: 'tab',
      scope: ['motion'],
      x: 0,
      y: 0,
      wires: [['shown']],
    };
    await scene.run(acquire('motion'), watch, helper('shown'));
    scene.flow.send('motion');
    await settled();
    const texts = [];
    while (scene.flow.waiting('shown') > 0) {
      texts.push(((await scene.flow.next('shown')).status as { text: string }).text);
    }
    assert.equal(texts.at(-1), 'mine');
  });

  it('says mine, and until when', async () => {
    await scene.run(acquire('motion', { ttl: 'seconds', ttlType: 'msg' }), acquire('other', resources('b')));
    scene.flow.send('other');
    assert.equal(await shown('other'), 'green dot: mine');
    scene.flow.send('motion', { seconds: 300 });
    assert.equal(await shown(), 'green dot: mine until 12:05');
  });

  it('names who has it without the id of a message', async () => {
    await scene.run(acquire('alarm', { name: 'Printer', further: 'each' }), acquire('motion'));
    scene.flow.send('alarm');
    scene.flow.send('motion');
    assert.equal(await shown(), 'yellow ring: waits for Printer');
  });

  it('says the day when that is further away', async () => {
    scene.clock.wall = Date.now();
    await scene.run(acquire('motion', lease(3 * 86_400)));
    scene.flow.send('motion');
    const day = new Date(scene.clock.wall + 3 * 86_400_000);
    assert.equal(
      await shown(),
      `green dot: mine until ${day.getDate()} ${day.toLocaleDateString('en-GB', { month: 'short' })}`,
    );
  });

  it('says whom it waits for', async () => {
    await scene.run(alarm(), acquire('motion'));
    scene.flow.send('alarm');
    scene.flow.send('motion');
    assert.equal(await shown(), 'yellow ring: waits for Alarm');
  });

  it('cuts a long name', async () => {
    await scene.run(alarm({ name: 'the security alarm' }), acquire('motion'));
    scene.flow.send('alarm');
    scene.flow.send('motion');
    assert.equal(await shown(), 'yellow ring: waits for the secu…');
  });

  it('follows who it is that has the resource', async () => {
    await scene.run(alarm(), acquire('fire', { ...level(1000), name: 'Fire' }), acquire('motion'));
    scene.flow.send('alarm');
    scene.flow.send('motion');
    scene.flow.send('fire');
    assert.equal(await shown(), 'yellow ring: waits for Fire');
  });

  it('says who took it, while it waits to get it back', async () => {
    await scene.run(alarm(), acquire('motion'));
    scene.flow.send('motion');
    scene.flow.send('alarm');
    assert.equal(await shown(), 'blue ring: Alarm has it');
  });

  it('says so already while it is being taken', async () => {
    await scene.run(alarm(), acquire('motion', { grace: '1' }));
    scene.flow.send('motion');
    scene.flow.send('alarm');
    assert.equal(await shown(), 'blue ring: Alarm has it');
  });

  it('says to whom it was lost', async () => {
    await scene.run(alarm(), acquire('motion', { whenLost: 'giveUp' }));
    scene.flow.send('motion');
    scene.flow.send('alarm');
    assert.equal(await shown(), 'blue ring: lost to Alarm');
  });

  it('says that it is expired, and goes on from there', async () => {
    await scene.run(acquire('motion', lease(1)), acquire('other'));
    scene.flow.send('motion');
    await scene.advance(1000);
    assert.equal(await shown(), 'grey ring: expired');
    scene.flow.send('motion');
    scene.flow.send('other');
    await scene.advance(1000);
    assert.equal(await shown(), 'grey ring: expired');
  });

  it('says who ended it by force', async () => {
    await scene.run(
      acquire('motion'),
      node('release', 'free', 1, { mode: 'force', resource: 'lamp', name: 'me' }),
    );
    scene.flow.send('motion');
    await settled();
    scene.flow.send('free');
    assert.equal(await shown(), 'grey ring: freed by me');
  });

  it('says so too where another one has it next', async () => {
    await scene.run(
      alarm(),
      acquire('motion'),
      node('release', 'free', 1, { mode: 'force', resource: 'lamp', name: 'me' }),
    );
    scene.flow.send('alarm');
    scene.flow.send('motion');
    await settled();
    scene.flow.send('free');
    assert.equal(await shown('alarm'), 'grey ring: freed by me');
    assert.equal(await shown(), 'green dot: mine');
  });

  it('says denied: taken', async () => {
    await scene.run(alarm(), acquire('motion', { whenTaken: 'now' }));
    scene.flow.send('alarm');
    scene.flow.send('motion');
    assert.equal(await shown(), 'red ring: denied: taken');
  });

  it('says denied: timed out', async () => {
    await scene.run(alarm(), acquire('motion', { whenTaken: 'atMost' }));
    scene.flow.send('alarm');
    scene.flow.send('motion');
    await scene.advance(10_000);
    assert.equal(await shown(), 'red ring: denied: timed out');
  });

  it('says that the time ran out while another had it', async () => {
    await scene.run(alarm(), acquire('motion', lease(1)));
    scene.flow.send('motion');
    scene.flow.send('alarm');
    await scene.advance(1000);
    assert.equal(await shown(), 'red ring: expired');
  });

  it('says denied: rules', async () => {
    scene.open({ policy: [{ requester: '#', resource: '#', allowed: false }] });
    await scene.run(acquire('motion'));
    scene.flow.send('motion');
    assert.equal((await scene.lock('motion.4')).reason, 'policy');
    assert.equal(await shown(), 'red ring: denied: rules');
  });

  for (const [reason, text] of [
    ['deadlock', 'denied: deadlock'],
    ['full', 'denied: too many'],
    ['session', 'denied'],
  ] as const) {
    it(`says ${text}`, () => {
      const wish = newWish('lamp', {}, false);
      const answer: Answer = { result: 'denied', reason, resources: ['lamp'] };
      const expected = { fill: 'red', shape: 'ring', text };
      assert.deepEqual(endStatus(wish, 'denied', answer, translate), expected);
    });
  }

  it('says lost where nobody knows to whom', () => {
    const answer: Answer = { result: 'lost', reason: 'session', resources: ['lamp'] };
    const expected = { fill: 'blue', shape: 'ring', text: 'lost' };
    assert.deepEqual(endStatus(newWish('lamp', {}, false), 'taken', answer, translate), expected);
  });

  it('says error for a claim that the registry can do nothing with', async () => {
    await scene.run(acquire('motion', resources('x'.repeat(600))));
    scene.flow.send('motion');
    assert.equal(await shown(), 'red ring: error');
  });

  it('counts, when the node has several claims', async () => {
    await scene.run(alarm(resources('c')), acquire('motion', { resources: [{ v: 'room', t: 'msg' }] }));
    scene.flow.send('alarm');
    scene.flow.send('motion', { room: 'a' });
    scene.flow.send('motion', { room: 'b' });
    assert.equal(await shown(), 'green dot: mine: 2');
    scene.flow.send('motion', { room: 'c' });
    assert.equal(await shown(), 'green dot: mine 2, wait 1');
  });

  it('counts those that wait', async () => {
    await scene.run(alarm(resources('a', 'b')), acquire('motion', { resources: [{ v: 'room', t: 'msg' }] }));
    scene.flow.send('alarm');
    scene.flow.send('motion', { room: 'a' });
    scene.flow.send('motion', { room: 'b' });
    assert.equal(await shown(), 'yellow ring: waiting: 2');
  });
});
