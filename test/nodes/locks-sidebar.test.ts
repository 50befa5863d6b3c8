import assert from 'node:assert/strict';
import type { Row } from '../../nodes/locks-sidebar/shown';
import { HandClock } from '../support/hand-clock';
import { acquire, lease, level, resources, value } from '../support/lock-flow';
import { type RunningFlow, settled } from '../support/node-red';
import { SidebarScene } from '../support/sidebar-scene';

const COMFORT = { id: 'comfort', name: 'comfort', priority: 0 };
const LEVELS = { levels: [{ id: 'manual', name: 'manual', priority: 500 }, COMFORT] };

describe('the runtime side of the sidebar', () => {
  let scene: SidebarScene;

  beforeEach(() => {
    scene = new SidebarScene();
  });

  afterEach(() => scene.end());

  describe('shows', () => {
    it('nothing where there is no registry', async () => {
      await scene.run([]);
      const { registries, changes } = await scene.ask();
      assert.deepEqual([registries, changes], [[], undefined]);
    });

    it('who holds a resource, at which level, with which value, how long, and the node', async () => {
      const light = acquire('light', { ...resources('lamp'), ...value('on'), ...lease(60) });
      const running = await scene.run(scene.flow(LEVELS, light));
      const before = Date.now();
      running.send('light');
      await running.next('light.1');
      const { holder, ...row } = rowOf(await scene.row('lamp'));
      assert.deepEqual(row, { resource: 'lamp', state: 'held', value: 'on', waiting: [], waitingCount: 0 });
      const { since = 0, expires = 0, token, ...said } = holder;
      assert.deepEqual(said, {
        locker: 'light node',
        priority: 0,
        level: 'comfort',
        claims: 1,
        node: 'light',
      });
      assert.ok(token > 0 && Math.abs(since - before) < 5_000);
      assert.ok(Math.abs(expires - since - 60_000) < 5_000);
    });

    it('who waits, since when, and the node', async () => {
      const running = await scene.run(scene.flow(LEVELS, acquire('alarm', level(500)), acquire('light')));
      await take(running, 'alarm');
      const before = Date.now();
      running.send('light');
      await settled();
      const { waiting, waitingCount } = await scene.row('lamp').then(rowOf);
      const [{ since = 0, ...waiter } = { since: 0 }] = waiting;
      assert.deepEqual(waiter, { locker: 'light node', priority: 0, level: 'comfort', node: 'light' });
      assert.ok(Math.abs(since - before) < 5_000);
      assert.equal(waitingCount, 1);
    });

    it('for a node in a subflow the instance that is on the flow', async () => {
      const template = {
        id: 'sub',
        type: 'subflow',
        name: 'Room',
        in: [{ wires: [{ id: 'inner' }] }],
        out: [],
      };
      const inner = acquire('inner', { z: 'sub' }).filter(({ type }) => type === 'acquire');
      const instance = {
        id: 'kitchen',
        type: 'subflow:sub',
        z: 'tab',
        name: 'kitchen',
        x: 0,
        y: 0,
        wires: [],
      };
      const nodes = [template, ...inner.map((one) => ({ ...one, wires: [[], [], [], []] })), instance];
      const running = await scene.run(scene.flow(LEVELS, nodes));
      running.send('kitchen');
      await settled();
      assert.equal(rowOf(await scene.row('lamp')).holder.node, 'kitchen');
    });

    it('the last events, each once', async () => {
      const running = await scene.run(scene.flow({ broker: 'embedded', port: '0' }, acquire('light')));
      await take(running, 'light');
      const first = await scene.changes();
      assert.deepEqual(
        first.events.map(({ event, locker }) => [event, locker]),
        [['granted', 'light node']],
      );
      running.send('light', { reset: true });
      await settled();
      const second = await scene.changes(first.cursor);
      assert.deepEqual(
        second.events.map(({ event, number }) => [event, number]),
        [['released', (first.events[0]?.number ?? 0) + 1]],
      );
      assert.deepEqual((await scene.changes(second.cursor)).events, []);
    });

    it('200 events at most', async () => {
      const running = await scene.run(scene.flow({ broker: 'embedded', port: '0' }, acquire('light')));
      for (let round = 0; round < 210; round += 1) {
        await take(running, 'light');
        running.send('light', { reset: true });
        await settled();
      }
      const { events } = await scene.changes();
      assert.equal(events.length, 200);
      assert.deepEqual(
        [events[0]?.event, events[199]?.event, events[199]?.number],
        ['granted', 'released', 420],
      );
    });

    it('who decides, and how the broker is', async () => {
      await scene.run(scene.flow(LEVELS));
      const { standing } = await scene.changes();
      assert.deepEqual(
        [standing.decider, standing.isOwn, standing.canTakeOver, standing.state, standing.dead],
        ['here', true, false, 'ready', 0],
      );
    });

    it('each registry by itself, by its name or else its prefix, and what two nodes share once', async () => {
      const other = scene.registries.registry(
        { name: 'Garden', prefix: `${scene.registries.prefix}-b` },
        'garden',
      );
      const again = scene.registries.registry({ name: 'twice' }, 'again');
      const lamps = [acquire('light'), acquire('pump', { registry: 'garden', ...resources('pump') })];
      const all = [scene.registries.registry(LEVELS), other, again];
      const running = await scene.run(scene.registries.withRegistries(all, ...lamps));
      await take(running, 'light');
      await take(running, 'pump');
      const { registries } = await scene.ask();
      assert.deepEqual(registries, [
        { id: 'registry', name: scene.registries.prefix },
        { id: 'garden', name: 'Garden' },
      ]);
      assert.deepEqual(namesOf((await scene.changes('', 'garden')).rows), ['pump']);
      assert.deepEqual(namesOf((await scene.changes()).rows), ['lamp']);
      assert.equal((await scene.ask('', 'gone')).registry, 'registry');
    });

    it('that a hold belongs to a node that is gone, until the registry has noticed too', async () => {
      const flow = scene.flow(LEVELS, acquire('light'));
      const running = await scene.run(flow);
      await take(running, 'light');
      assert.equal(rowOf(await scene.row('lamp')).holder.lacksNode, undefined);
      const registry = scene.registries.registry(LEVELS);
      await running.deploy([registry, { id: 'tab', type: 'tab', label: 'House' }]);
      assert.equal((await scene.row('lamp'))?.state, 'free');
    });
  });

  describe('sends', () => {
    it('only what has changed since the last time', async () => {
      const running = await scene.run(
        scene.flow(LEVELS, acquire('one', resources('lamp 1')), acquire('two', resources('lamp 2'))),
      );
      await take(running, 'one');
      const first = await scene.changes();
      assert.deepEqual([first.isFresh, namesOf(first.rows)], [true, ['lamp 1']]);
      await take(running, 'two');
      const second = await scene.changes(first.cursor);
      assert.deepEqual([second.isFresh, namesOf(second.rows)], [false, ['lamp 2']]);
      assert.deepEqual((await scene.changes(second.cursor)).rows, []);
    });

    it('thousands of resources in answers of 500', async () => {
      const running = await scene.run(
        scene.flow(LEVELS, acquire('each', { resources: [{ v: 'room', t: 'msg' }] })),
      );
      for (let room = 0; room < 1_200; room += 1) running.send('each', { room: `room ${room}` });
      await settled();
      const names: string[] = [];
      const sizes: number[] = [];
      let cursor = '';
      for (let isMore = true; isMore; ) {
        const changes = await scene.changes(cursor);
        ({ isMore, cursor } = changes);
        names.push(...namesOf(changes.rows));
        sizes.push(changes.rows.length);
      }
      assert.deepEqual(sizes, [500, 500, 200]);
      assert.equal(new Set(names).size, 1_200);
    });

    it('everything anew after a deploy', async () => {
      const flow = scene.flow(LEVELS, acquire('light'));
      const running = await scene.run(flow);
      await take(running, 'light');
      const { cursor } = await scene.changes();
      await running.deploy(flow);
      const { isFresh, rows } = await scene.changes(cursor);
      assert.deepEqual([isFresh, namesOf(rows)], [true, ['lamp']]);
    });

    it('word to the editors that there is something to ask for', async () => {
      const running = await scene.run(scene.flow(LEVELS, acquire('light')));
      const { cursor } = await scene.changes();
      running.send('light');
      await scene.nudged();
      assert.deepEqual(namesOf((await scene.changes(cursor)).rows), ['lamp']);
    });

    it('no word to the editors while no sidebar is open, and few while a busy registry is watched', async () => {
      const clock = new HandClock();
      const running = await scene.run(scene.flow(LEVELS, acquire('light', { further: 'keep' })), clock);
      await clock.advance(1_000);
      scene.nudges = 0;
      await change(running, 20);
      await clock.advance(10_000);
      assert.equal(scene.nudges, 0);
      await scene.ask();
      for (let tenth = 0; tenth < 10; tenth += 1) {
        await change(running, 20);
        await clock.advance(100);
      }
      assert.ok(scene.nudges >= 4 && scene.nudges <= 5, `${scene.nudges} nudges in a second`);
      await clock.advance(58_000);
      scene.nudges = 0;
      await change(running, 1);
      await clock.advance(500);
      assert.equal(scene.nudges, 1);
      await clock.advance(1_000);
      await change(running, 20);
      await clock.advance(10_000);
      assert.equal(scene.nudges, 1);
    });
  });

  describe('lets people', () => {
    it('hold a resource at the level manual, with a lease, over a lower one that gets it back', async () => {
      const running = await scene.run(scene.flow(LEVELS, acquire('light')));
      await take(running, 'light');
      const wish = { resource: 'lamp', ttl: 3_600_000, value: { brightness: 40 } };
      assert.deepEqual(await scene.post('hold', wish), [200, { result: 'granted' }]);
      await running.next('light.2');
      const { value: shown, holder, waiting } = rowOf(await scene.row('lamp'));
      const { locker, level: name, isHand, expires = 0, token } = holder;
      assert.deepEqual([locker, name, isHand, shown], ['editor', 'manual', true, { brightness: 40 }]);
      assert.ok(Math.abs(expires - Date.now() - 3_600_000) < 10_000);
      assert.equal(waiting[0]?.node, 'light');
      assert.deepEqual(await scene.post('free', { resource: 'lamp', token }), [200, { result: 'released' }]);
      const { lock } = (await running.next('light.1')) as { readonly lock: { readonly regained: true } };
      assert.equal(lock.regained, true);
    });

    it('change what they hold by hand, and start its time again', async () => {
      await scene.run(scene.flow(LEVELS));
      await scene.post('hold', { resource: 'lamp', ttl: 60_000, value: 'on' });
      const { token } = rowOf(await scene.row('lamp')).holder;
      assert.deepEqual(await scene.post('hold', { resource: 'lamp', ttl: 7_200_000, value: 'off' }), [
        200,
        { result: 'granted' },
      ]);
      const { value: shown, holder } = rowOf(await scene.row('lamp'));
      assert.deepEqual([shown, holder.token, holder.claims], ['off', token, 1]);
      assert.ok((holder.expires ?? 0) - Date.now() > 7_000_000);
    });

    it('wait for what is above them, and take that back', async () => {
      const running = await scene.run(scene.flow(LEVELS, acquire('alarm', level(900))));
      await take(running, 'alarm');
      assert.deepEqual(await scene.post('hold', { resource: 'lamp', ttl: 60_000 }), [
        200,
        { result: 'queued' },
      ]);
      assert.equal(rowOf(await scene.row('lamp')).waiting[0]?.isHand, true);
      await scene.post('withdraw', { resource: 'lamp' });
      assert.deepEqual(rowOf(await scene.row('lamp')).waiting, []);
    });

    it('hold by hand also where no level is called manual', async () => {
      await scene.run(scene.flow({ levels: [COMFORT] }));
      await scene.post('hold', { resource: 'lamp', ttl: 60_000 });
      assert.equal(rowOf(await scene.row('lamp')).holder.priority, 500);
    });

    it('free what a node holds, for good and audited, and tell its flow', async () => {
      const running = await scene.run(scene.flow({ broker: 'embedded', port: '0' }, acquire('light')));
      await take(running, 'light');
      const { token } = rowOf(await scene.row('lamp')).holder;
      assert.deepEqual(await scene.post('free', { resource: 'lamp', token }), [200, { result: 'released' }]);
      const { lock } = (await running.next('light.3')) as { readonly lock: { readonly reason: string } };
      assert.equal(lock.reason, 'forced');
      const { events, rows } = await scene.changes();
      assert.equal(rows[0]?.state, 'free');
      assert.ok(events.some(({ event, locker }) => event === 'forced' && locker === 'editor'));
    });

    it('free only the hold that they saw', async () => {
      const running = await scene.run(scene.flow(LEVELS, acquire('light')));
      await take(running, 'light');
      const { token } = rowOf(await scene.row('lamp')).holder;
      const [status, told] = await scene.post('free', { resource: 'lamp', token: token - 1 });
      assert.equal(status, 409);
      assert.match(JSON.stringify(told), /\{"error":".+"\}/);
      assert.equal((await scene.row('lamp'))?.state, 'held');
    });

    it('clear dead claims, of which there may be none', async () => {
      await scene.run(scene.flow(LEVELS));
      assert.deepEqual(await scene.post('purge', {}), [200, { result: 'purged' }]);
    });

    it('take over what is decided here already', async () => {
      await scene.run(scene.flow(LEVELS));
      assert.deepEqual(await scene.post('take-over', {}), [200, { result: 'taken' }]);
    });

    it('know in words why something cannot be done', async () => {
      await scene.run(scene.flow(LEVELS));
      const because = async (deed: string, body: object) => {
        const [status, told] = await scene.post(deed, body);
        return [status, 'error' in told ? told.error : ''];
      };
      assert.deepEqual(await because('hold', { resource: '', ttl: 1 }), [
        400,
        'resource must be a text that is not empty, not ""',
      ]);
      assert.deepEqual(await because('hold', { resource: 'lamp', ttl: -1 }), [
        400,
        'ttl must be a number above 0, not -1',
      ]);
      assert.deepEqual(await because('free', { resource: 'lamp' }), [
        400,
        'token must be a number above 0, not undefined',
      ]);
      assert.deepEqual(await because('purge', { registry: 'gone' }), [
        400,
        'there is no such registry any more',
      ]);
      const [status, reason] = await because('hold', { resource: 'x'.repeat(2_000), ttl: 1_000 });
      assert.equal(status, 409);
      assert.match(String(reason), /is over 512 bytes$/);
    });
  });
});

function rowOf(row: Row | undefined): Row & Required<Pick<Row, 'holder'>> {
  assert.ok(row?.holder !== undefined, 'nobody holds it');
  return { ...row, holder: row.holder };
}

function namesOf(rows: readonly Row[]): readonly string[] {
  return rows.map(({ resource }) => resource);
}

async function take(running: RunningFlow, id: string): Promise<void> {
  running.send(id);
  await running.next(`${id}.1`);
}

/** So many changes, all at once. */
async function change(running: RunningFlow, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) running.send('light', time % 2 === 0 ? {} : { reset: true });
  await settled();
}
