import assert from 'node:assert/strict';
import type { Json } from '../../src/core';
import { acquire, type Change, flowOf, lease, level, node, resources, value } from '../support/lock-flow';
import { lockOf, useScene } from '../support/lock-scene';
import { settled } from '../support/node-red';
import { type Firmware, SimulatedLamp } from '../support/simulated-lamp';

const MANUAL: Change = { manual: true, value: 'payload', valueType: 'msg', ...level(500) };
const AUTOMATION: Change = { value: 'payload', valueType: 'msg', ...level(100) };

describe('manual detection of acquire', () => {
  const scene = useScene();

  for (const firmware of ['zigbee2mqtt', 'tasmota', 'esphome'] as const satisfies readonly Firmware[]) {
    describe(`with a lamp of ${firmware}`, () => {
      /** A lamp that is told what is in charge, and reports to the node hand. */
      async function run(lateMs: readonly number[], change: Change = {}): Promise<SimulatedLamp> {
        await scene.run(
          acquire('motion', AUTOMATION),
          acquire('hand', { ...MANUAL, ...lease(4 * 3600), ...change }),
        );
        const lamp = new SimulatedLamp(firmware, scene.clock, { lateMs }, (payload) =>
          scene.flow.send('hand', { payload }),
        );
        scene.registry.watch('lamp', ({ value: wanted, holder }) => {
          if (wanted !== undefined && holder !== undefined) lamp.obey(wanted);
        });
        await scene.advance(10_000);
        return lamp;
      }

      it('ignores echoes that come late, twice, rounded and in parts', async () => {
        const lamp = await run([30, 1_000, 1_900, 5_000, 60_000]);
        for (const [isOn, percent] of [
          [true, 50],
          [true, 13],
          [false, 0],
          [true, 99],
        ] as const) {
          scene.flow.send('motion', { payload: lamp.wanted(isOn, percent) });
          await scene.advance(90_000);
        }
        assert.deepEqual(scene.untold('hand'), [0, 0, 0, 0]);
        assert.equal(scene.registry.state('lamp').holder, 'motion node');
        const completed = scene.flow.waiting('completed');
        assert.equal(completed, 4 + 4 * 5 * 2, 'each report has ended');
      });

      it('ignores echoes of values that followed each other quickly', async () => {
        const lamp = await run([700, 1_500]);
        for (const isOn of [true, false, true, false, true]) {
          scene.flow.send('motion', { payload: lamp.wanted(isOn, 50) });
          await scene.advance(300);
        }
        await scene.advance(60_000);
        assert.deepEqual(scene.untold('hand'), [0, 0, 0, 0]);
      });

      it('takes a hand on the switch for an override, and its reports do not prolong it', async () => {
        const lamp = await run([100]);
        scene.flow.send('motion', { payload: lamp.wanted(true, 50) });
        await scene.advance(60_000);
        lamp.turn(false);
        const lock = await scene.lock('hand.1');
        assert.deepEqual([lock.state, lock.priority], ['held', 500]);
        assert.equal(scene.registry.state('lamp').holder, 'hand node');
        for (let hour = 0; hour < 4; hour += 1) {
          await scene.advance(3_599_000);
          lamp.tell();
          await settled();
        }
        assert.deepEqual(scene.untold('hand'), [0, 0, 0, 0]);
        await scene.advance(4_000);
        assert.equal((await scene.lock('hand.2')).reason, 'expired');
        assert.equal(scene.registry.state('lamp').holder, 'motion node');
      });

      it('takes dimming by hand for an override, and what the hand does next for a further message', async () => {
        const lamp = await run([100]);
        scene.flow.send('motion', { payload: lamp.wanted(true, 50) });
        await scene.advance(60_000);
        lamp.turn(true, 80);
        assert.equal((await scene.lock('hand.1')).again, undefined);
        await scene.advance(10_000);
        assert.deepEqual(scene.untold('hand'), [0, 0, 0, 0], 'what the lamp echoes of the override is none');
        lamp.turn(true, 20);
        assert.equal((await scene.lock('hand.1')).again, true);
      });

      it('takes notice of a hand that comes while echoes may come, when that time is over', async () => {
        const lamp = await run([100]);
        scene.flow.send('motion', { payload: lamp.wanted(true, 50) });
        await scene.advance(500);
        lamp.turn(false);
        await scene.advance(1_499);
        assert.deepEqual(scene.untold('hand'), [0, 0, 0, 0]);
        await scene.advance(1);
        assert.equal((await scene.lock('hand.1')).state, 'held');
      });

      it('waits as long as the settings say', async () => {
        const lamp = await run([9_000], { settle: '10', settleUnit: 's' });
        scene.flow.send('motion', { payload: lamp.wanted(true, 50) });
        await scene.advance(8_000);
        scene.flow.send('motion', { payload: lamp.wanted(false, 50) });
        await scene.advance(60_000);
        assert.deepEqual(scene.untold('hand'), [0, 0, 0, 0]);
      });
    });
  }

  const start = async (change: Change = {}, other: Change = AUTOMATION) => {
    await scene.run(
      acquire('motion', other),
      acquire('hand', { ...MANUAL, ...change }),
      node('release', 'over', 1),
    );
    await scene.advance(10_000);
  };
  const report = async (payload: Json, more = {}) => {
    scene.flow.send('hand', { payload, ...more });
    await settled();
  };
  const wantBy = async (payload: Json, msMeanwhile = 10_000) => {
    scene.flow.send('motion', { payload });
    await scene.advance(msMeanwhile);
  };

  it('keeps the latest of several reports that come too early, and ends the others', async () => {
    await start();
    await wantBy('on', 500);
    for (const state of ['OFF', 'ON', 'OFF']) await report({ state });
    await report({ linkquality: 1 });
    assert.equal(scene.flow.waiting('completed'), 4, 'all but the one that waits');
    await scene.advance(1_500);
    assert.deepEqual(lockOf(await scene.flow.next('hand.1')).value, { state: 'OFF' });
    assert.deepEqual(scene.untold('hand'), [0, 0, 0, 0]);
  });

  it('looks again later when the value changes once more', async () => {
    await start();
    await wantBy('on', 500);
    await report('OFF');
    await wantBy('on then', 1_000);
    await wantBy('off', 1_999);
    assert.deepEqual(scene.untold('hand'), [0, 0, 0, 0]);
    await scene.advance(10_000);
    assert.deepEqual(scene.untold('hand'), [0, 0, 0, 0], 'now it is as it should be');
    assert.equal(scene.flow.waiting('completed'), 4);
  });

  it('of a free resource takes a change of what is reported for a hand, and nothing else', async () => {
    await start();
    await report({ state: 'OFF', brightness: 3 });
    await report({ state: 'OFF', brightness: 3 });
    await report({ brightness: 3 });
    assert.deepEqual(scene.untold('hand'), [0, 0, 0, 0]);
    await report({ state: 'ON', brightness: 3 });
    assert.deepEqual((await scene.lock('hand.1')).value, { state: 'ON', brightness: 3 });
  });

  it('of a resource that has just been freed takes nothing for a hand', async () => {
    await start();
    scene.flow.send('motion', { payload: 'on' });
    await scene.advance(10_000);
    await report('ON');
    scene.flow.send('over', await scene.flow.next('motion.1'));
    await scene.advance(1_000);
    await report('OFF');
    await scene.advance(10_000);
    await report('OFF');
    assert.deepEqual(scene.untold('hand'), [0, 0, 0, 0]);
  });

  it('compares with the default value of a free resource', async () => {
    scene.open({ prefix: 'withdefault', values: [{ resource: '#', value: 'off' }] });
    await start();
    await report('OFF');
    assert.deepEqual(scene.untold('hand'), [0, 0, 0, 0]);
    await report('ON');
    assert.equal((await scene.lock('hand.1')).state, 'held');
  });

  it('ignores what it cannot compare: a holder without a value, or nothing in common', async () => {
    await start({}, level(100));
    await report('OFF');
    await wantBy('anything');
    await report('ON');
    await report('OFF');
    await report({ scene: 'cosy' });
    scene.flow.send('hand', { topic: 'no report in it' });
    await settled();
    assert.deepEqual(scene.untold('hand'), [0, 0, 0, 0]);
    assert.equal(scene.flow.waiting('completed'), 6);
  });

  it('finds the report where the settings say', async () => {
    await start({ reported: 'payload.POWER1', ...value('by hand') });
    await wantBy('on');
    await report({ POWER1: 'ON' });
    assert.deepEqual(scene.untold('hand'), [0, 0, 0, 0]);
    await report({ POWER1: 'OFF' });
    assert.equal((await scene.lock('hand.1')).value, 'by hand');
  });

  it('finds no report in a message that lacks even the part that would hold it', async () => {
    await start({ reported: 'payload.light.state' });
    await wantBy('on');
    scene.flow.send('hand', { topic: 'no payload' });
    await report({ heating: 'off' });
    assert.deepEqual(scene.untold('hand'), [0, 0, 0, 0]);
    assert.equal(scene.flow.waiting('errors'), 0);
  });

  it('takes only those resources that a hand has changed, where each is taken by itself', async () => {
    await scene.run(
      acquire('motion', { ...AUTOMATION, resources: [{ v: 'room', t: 'msg' }] }),
      acquire('hand', { ...MANUAL, ...resources('kitchen', 'hall'), several: 'each' }),
    );
    scene.flow.send('motion', { room: 'kitchen', payload: 'on' });
    scene.flow.send('motion', { room: 'hall', payload: 'off' });
    await scene.advance(10_000);
    await report('OFF');
    assert.deepEqual((await scene.lock('hand.1')).resources, ['kitchen']);
    assert.deepEqual(scene.untold('hand'), [0, 0, 0, 0]);
  });

  it('takes all of them when a hand has changed one, where they are taken together', async () => {
    await scene.run(
      acquire('motion', { ...AUTOMATION, resources: [{ v: 'room', t: 'msg' }] }),
      acquire('hand', { ...MANUAL, ...resources('kitchen', 'hall') }),
    );
    scene.flow.send('motion', { room: 'kitchen', payload: 'on' });
    await scene.advance(10_000);
    await report('OFF');
    assert.deepEqual((await scene.lock('hand.1')).resources, ['kitchen', 'hall']);
  });

  it('ends what waits with msg.reset', async () => {
    await start();
    await wantBy('on', 500);
    await report('OFF', { mark: 'early' });
    scene.flow.send('hand', { reset: true });
    await scene.advance(10_000);
    assert.deepEqual(scene.untold('hand'), [0, 0, 0, 0]);
    assert.equal(scene.flow.waiting('completed'), 3);
  });

  it('lasts over a deploy, which ends what waits', async () => {
    const nodes = (settle: string) => [acquire('motion', AUTOMATION), acquire('hand', { ...MANUAL, settle })];
    await scene.run(...nodes('2'));
    await scene.advance(10_000);
    await wantBy('on', 500);
    await report('OFF');
    await scene.flow.deploy(flowOf(...nodes('1')));
    await scene.advance(500);
    assert.deepEqual(scene.untold('hand'), [0, 0, 0, 0]);
    await report('OFF');
    assert.equal((await scene.lock('hand.1')).state, 'held');
    await scene.flow.deploy(flowOf(...nodes('1').slice(0, 1)));
    assert.equal(scene.registry.state('lamp').holder, 'motion node');
  });

  it('names settings and reports that cannot be used', async () => {
    await start({ settle: '-1' });
    await report('ON');
    const settle = (await scene.flow.next('errors')).error as { message: string };
    assert.match(settle.message, /the time to settle is "-1"/);
  });

  it('names a report that is no JSON', async () => {
    await start({ value: '', valueType: 'none' });
    const circle: { itself?: unknown } = {};
    circle.itself = circle;
    scene.flow.send('hand', { payload: circle });
    const { error } = (await scene.flow.next('errors')) as { error: { code: string; message: string } };
    assert.equal(error.code, 'invalid');
    assert.match(error.message, /msg\.payload/);
  });
});
