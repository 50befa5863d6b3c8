// Every example flow, in a fresh Node-RED 4 and 5: its story is played, as its comments tell it.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ResourceState } from '../../src/mqtt/messages';
import { ExampleHouse } from '../support/example-house';
import { startMosquitto } from '../support/mqtt-mosquitto';
import { NODE_RED_4, NODE_RED_5, type NodeRedRuntime } from '../support/node-red-runtimes';
import { REPOSITORY } from '../support/repository';

/** By the name of the file; the office lights, which `npm start` runs, and the dashboard have tests of their own. */
const STORIES: Readonly<Record<string, (house: ExampleHouse) => Promise<void>>> = {
  async blinds(house) {
    const move = async (to: string) =>
      assert.equal((await house.watcher.next('blinds/set', ({ text }) => text === to)).text, to);
    await house.press('noon: down');
    await move('down');
    await house.press('hand: half');
    await move('50 %');
    await house.press('storm');
    await move('up');
    await house.press('calm again');
    await house.held('blinds', 'hand');
    await house.press('hand: let go');
    await house.held('blinds', 'schedule');
  },

  async 'light-follows'(house) {
    const lamp = 'zigbee2mqtt/hall';
    await house.sees(lamp, { state: 'OFF' });
    await house.press('evening');
    await house.sees(lamp, { brightness: 40 });
    await house.press('bright, please');
    await house.sees(lamp, { brightness: 254 });
    await house.press('motion');
    await house.press('as you were');
    await house.sees(lamp, { brightness: 120 });
    await house.press('motion is over');
    await house.sees(lamp, { brightness: 40, state: 'ON' });
    await house.press('evening is over');
    await house.sees(lamp, { state: 'OFF' });
  },

  async 'manual-override'(house) {
    const [lamp, light] = ['zigbee2mqtt/living-room', 'living room light'];
    await house.press('evening schedule');
    await house.sees(lamp, { brightness: 40, state: 'ON' });
    await house.press('bright, please');
    await house.sees(lamp, { brightness: 254, state: 'ON' });
    const before = await house.held(light, 'a hand');
    await house.stop('SIGKILL');
    await house.start();
    const after = await house.held(light, 'a hand');
    assert.equal(after.token, before.token);
    assert.ok((after.remaining ?? 0) > 3.9 * 3_600_000 && (after.remaining ?? 0) <= 4 * 3_600_000);
    await house.press('as you were');
    await house.sees(lamp, { brightness: 40, state: 'ON' });
    await house.press('wall switch: off');
    const { value, level } = await house.watcher.nextJson<ResourceState>(
      `locks/state/${light}`,
      ({ holder, token }) => holder === 'a hand' && token !== after.token,
    );
    assert.deepEqual([value, level], [{ state: 'OFF', brightness: 40 }, 'manual']);
    await house.press('as you were');
    await house.sees(lamp, { brightness: 40, state: 'ON' });
    await house.press('end of the evening');
    await house.sees(lamp, { state: 'OFF' });
  },

  async 'one-at-a-time'(house) {
    await house.press('three orders');
    await house.watcher.next('printer/begins', ({ text }) => text === 'poster');
    await house.press('urgent order');
    for (const order of ['poster', 'ticket', 'map', 'letter']) {
      await house.watcher.next('printer/is-done', ({ text }) => text === order);
    }
    const printed = house.watcher.seen.filter(({ topic }) => topic.startsWith('printer/'));
    assert.deepEqual(
      printed.map(({ topic, text }) => `${text} ${topic.slice('printer/'.length)}`),
      ['poster', 'ticket', 'map', 'letter'].flatMap((order) => [`${order} begins`, `${order} is-done`]),
    );
  },

  async 'party-mode'(house) {
    const bulb = 'zigbee2mqtt/bulb';
    await house.press('party');
    for (const color of ['red', 'green', 'blue', 'red']) await house.sees(bulb, { color });
    await house.press('alarm');
    await house.sees(bulb, { color: 'white' });
    await house.press('all clear');
    await house.held('bulb', 'party');
    for (const color of ['red', 'green']) await house.sees(bulb, { color });
    await house.press('party is over');
    await house.sees(bulb, { color: 'white' });
  },

  async 'two-rooms'(house) {
    const [hall, garage] = ['zigbee2mqtt/hall', 'zigbee2mqtt/garage'];
    await house.press('motion in the hall');
    await house.sees(hall, { brightness: 120 });
    await house.press('alarm');
    await house.sees(hall, { brightness: 254, state: 'ON' });
    await house.sees(garage, { brightness: 254, state: 'ON' });
    await house.press('motion in the garage');
    await house.press('all clear');
    await house.sees(hall, { brightness: 120 });
    await house.sees(garage, { brightness: 120 });
    await house.press('hall is quiet');
    await house.press('garage is quiet');
    await house.sees(hall, { state: 'OFF' });
    await house.sees(garage, { state: 'OFF' });
  },

  async 'wall-panel'(house) {
    const [lamp, light] = ['zigbee2mqtt/stairs', 'stairs light'];
    await house.press('motion');
    await house.sees(lamp, { brightness: 90 });
    await house.press('panel: on');
    await house.sees(`locks/answer/panel/${light}`, { result: 'granted' });
    await house.sees(lamp, { brightness: 254, state: 'ON' });
    await house.press('panel: let go');
    await house.sees(lamp, { brightness: 90, state: 'ON' });
    await house.press('motion is over');
    await house.sees(lamp, { state: 'OFF' });
  },
};

describe('the examples', () => {
  it('have a story each', () => {
    const flows = readdirSync(join(REPOSITORY, 'examples')).filter((name) => name.endsWith('.json'));
    const elsewhere = ['dashboard', 'office-lights', 'two-node-reds'];
    const told = [...Object.keys(STORIES), ...elsewhere].map((name) => `${name}.json`);
    assert.deepEqual(flows.sort(), told.sort());
  });

  for (const [name, play] of Object.entries(STORIES)) {
    it(`${name} runs as it tells, on Node-RED 4 and 5`, async () => {
      await Promise.all([NODE_RED_4, NODE_RED_5].map((runtime) => playOn(runtime, name, play)));
    });
  }

  it('two-node-reds: a Node-RED 4 runs the boiler, and a 5 when that is killed', async () => {
    const { port, stop } = await startMosquitto();
    const cellar = await ExampleHouse.open(NODE_RED_4, 'two-node-reds', { port, name: 'cellar' });
    await cellar.held('boiler', 'cellar');
    const attic = await ExampleHouse.open(NODE_RED_5, 'two-node-reds', { port, name: 'attic' });
    try {
      await attic.watcher.nextJson<ResourceState>(
        'locks/state/boiler',
        ({ holder, waiting }) => holder === 'cellar' && waiting[0]?.locker === 'attic',
      );
      await cellar.stop('SIGKILL');
      await attic.sees('locks/arbiter', { requester: 'attic', online: true });
      await attic.held('boiler', 'attic');
    } finally {
      await cellar.end();
      await attic.end();
      await stop();
    }
  });
});

async function playOn(
  runtime: NodeRedRuntime,
  name: string,
  play: (house: ExampleHouse) => Promise<void>,
): Promise<void> {
  const house = await ExampleHouse.open(runtime, name);
  try {
    await play(house);
  } catch (cause) {
    throw new Error(`on Node-RED ${runtime.version}`, { cause });
  } finally {
    await house.end();
  }
}
