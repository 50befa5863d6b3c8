import assert from 'node:assert/strict';
import { makeDefaults } from '../../src/mqtt/defaults';
import { discoveryMessage, discoveryTopic, isDiscoveryPrefix } from '../../src/mqtt/discovery-message';
import { withHomeAssistant } from '../../src/mqtt/discovery-policy';
import { makeLevels } from '../../src/mqtt/levels';
import { topicsUnder } from '../../src/mqtt/topics';
import { type ArbiterScene, type SceneOptions, startArbiter } from '../support/arbiter-scene';
import { objectionsTo } from '../support/discovery-schema';
import { HandClock } from '../support/hand-clock';
import { HomeAssistant } from '../support/home-assistant';
import { SimulatedBroker } from '../support/simulated-broker';

const HOUR_MS = 3_600_000;
const NAMES = { topics: topicsUnder('locks'), prefix: 'homeassistant', manual: 500 };

describe('Home Assistant', () => {
  let broker: SimulatedBroker;
  let scene: ArbiterScene;
  let ha: HomeAssistant;
  const rows = withHomeAssistant([], makeLevels());

  async function start(options: SceneOptions = {}): Promise<void> {
    scene = await startArbiter({ rows, rules: { discovery: 'homeassistant' }, ...options }, broker);
    ha.start();
    await settle();
  }
  const settle = (ms = 500) => scene.settle(ms);
  const stop = async () => {
    const stopped = scene.arbiter.stop();
    await settle();
    await stopped;
  };
  const setDiscovery = (discovery?: string) => {
    const { discovery: _, ...rules } = scene.arbiter.rules;
    scene.arbiter.setRules({ ...rules, ...(discovery !== undefined && { discovery }) });
  };
  const published = () => broker.log.filter(({ topic }) => /\/device\/.*\/config$/.test(topic));

  beforeEach(() => {
    broker = new SimulatedBroker({ clock: new HandClock() });
    ha = new HomeAssistant(broker);
  });

  it('is told nothing unless the rules say so', async () => {
    await start({ rules: {} });
    await scene.device('panel/lights', {});
    await settle();
    assert.deepEqual(published(), []);
    assert.equal(
      broker.log.some(({ topic }) => topic.startsWith('homeassistant')),
      false,
    );
  });

  it('is told of each resource once, whatever happens to it', async () => {
    await start();
    for (const value of [1, 2, 3]) await scene.device('panel/lights', { value });
    await scene.device('panel/blinds', {});
    await settle();
    assert.deepEqual(ha.names, ['blinds', 'lights']);
    assert.equal(published().length, 2);
    assert.ok(published().every(({ retain, qos }) => retain && qos === 1));
  });

  it('sees who holds a resource, with everything else as attributes', async () => {
    await start();
    await scene.device('panel/lights', { priority: 'motion', value: 'on' });
    await settle();
    assert.equal(ha.state('lights', 'held'), 'ON');
    assert.equal(ha.state('lights', 'holder'), 'panel');
    const { value, level, token } = ha.attributes('lights', 'holder');
    assert.deepEqual([value, level, token], ['on', 'motion', scene.state('lights')?.token]);
    await scene.device('panel/lights', '');
    await settle();
    assert.equal(ha.state('lights', 'held'), 'OFF');
    assert.equal(ha.state('lights', 'holder'), 'nobody');
  });

  it('hears of the events of a resource, and not of those of others', async () => {
    await start();
    await scene.device('panel/lights', { priority: 'motion' });
    await scene.device('panel/blinds', {});
    await settle();
    ha.events.length = 0;
    await scene.device('alarm/lights', { priority: 200 });
    const lights = ha.events.filter(([device]) => device === 'lights').map(([, event]) => event);
    assert.deepEqual(
      lights.map(({ event_type, locker }) => [event_type, locker]),
      [
        ['requeued', 'panel'],
        ['granted', 'alarm'],
      ],
    );
    assert.equal(ha.events.length, lights.length);
  });

  it('holds a resource at the level manual, until it lets go', async () => {
    await start();
    await scene.device('panel/lights', { priority: 'motion' });
    await settle();
    assert.equal(ha.state('lights', 'hold'), 'off');
    ha.turn('lights', 'hold', 'on');
    await settle();
    const { holder, level } = scene.state('lights') ?? {};
    assert.deepEqual([holder, level], ['homeassistant', 'manual']);
    assert.equal(ha.state('lights', 'hold'), 'on');
    ha.turn('lights', 'hold', 'off');
    await settle();
    assert.equal(scene.holder('lights'), 'panel');
    assert.equal(ha.state('lights', 'hold'), 'off');
    assert.equal(broker.retained.has('locks/claim/homeassistant/lights'), false);
  });

  it('shows that it wants a resource, also while somebody higher has it, and with a lease of a day', async () => {
    await start();
    scene.own('alarm', { resource: 'lights', locker: 'alarm', priority: 900 });
    await settle();
    ha.turn('lights', 'hold', 'on');
    await settle();
    assert.equal(scene.holder('lights'), 'alarm');
    assert.equal(ha.state('lights', 'hold'), 'on');
    assert.equal(scene.answer('homeassistant/lights')?.result, 'queued');
    await settle(24 * HOUR_MS);
    assert.equal(ha.state('lights', 'hold'), 'off');
  });

  it('frees the hold that it shows, and no other one', async () => {
    await start();
    await scene.device('panel/lights', { priority: 'motion', once: true });
    await settle();
    ha.press('lights', 'free');
    await settle();
    assert.equal(scene.state('lights')?.state, 'free');
    assert.deepEqual(scene.answer('panel/lights')?.by, { locker: 'homeassistant' });
    ha.press('lights', 'free');
    await settle();
    assert.equal(scene.events.at(-1)?.event, 'force-denied');
  });

  it('may do what its rule says, unless there is one for it by its name', () => {
    const own = [{ requester: 'homeassistant', resource: 'lights', mayForce: false }];
    assert.equal(withHomeAssistant(own, makeLevels()), own);
    const [first, ...others] = withHomeAssistant([{ requester: '#', resource: '#' }], makeLevels());
    assert.deepEqual([first?.requester, first?.mayForce, first?.highest], ['homeassistant', true, 500]);
    assert.equal(others.length, 1);
    const levels = makeLevels([{ id: 'manual', name: 'By hand', priority: 70 }]);
    assert.equal(withHomeAssistant([], levels)[0]?.highest, 70);
    assert.equal(withHomeAssistant([], makeLevels([]))[0]?.highest, 500);
  });

  it('sees whether anybody decides', async () => {
    await start();
    await scene.device('panel/lights', {});
    await settle();
    assert.equal(ha.isAvailable('lights'), true);
    await scene.crash();
    await settle();
    assert.equal(ha.isAvailable('lights'), false);
    assert.deepEqual(ha.names, ['lights']);
  });

  it('is told again when it has started', async () => {
    await start();
    await scene.device('panel/lights', {});
    await settle();
    ha.announce();
    await settle();
    assert.equal(published().length, 2);
    broker.publish('homeassistant/status', 'offline');
    await settle();
    assert.equal(published().length, 2);
  });

  it('forgets a resource that is shown no longer', async () => {
    await start();
    await scene.device('panel/lights', {});
    await scene.device('panel/lights', '');
    await settle();
    assert.deepEqual(ha.names, ['lights']);
    await settle(HOUR_MS);
    assert.equal(scene.state('lights'), undefined);
    assert.deepEqual(ha.names, []);
    await scene.device('panel/lights', {});
    await settle();
    assert.deepEqual(ha.names, ['lights']);
  });

  it('keeps a resource that has a default value', async () => {
    const defaults = makeDefaults([{ resource: 'lights', value: 'off' }]);
    await start({ rules: { discovery: 'homeassistant', defaults } });
    assert.deepEqual(ha.names, ['lights']);
    await scene.device('panel/lights', {});
    await scene.device('panel/lights', '');
    await settle(2 * HOUR_MS);
    assert.deepEqual(ha.names, ['lights']);
  });

  it('forgets everything when the rules say so no more', async () => {
    await start();
    await scene.device('panel/lights', {});
    await settle();
    setDiscovery();
    await settle();
    assert.deepEqual(ha.names, []);
    assert.equal(
      [...broker.retained.keys()].some((topic) => topic.startsWith('homeassistant')),
      false,
    );
    setDiscovery('homeassistant');
    await settle();
    assert.deepEqual(ha.names, ['lights']);
  });

  it('is told under another prefix when that changes, also while the broker is away', async () => {
    await start();
    await scene.device('panel/lights', {});
    await settle();
    broker.stop();
    await settle();
    setDiscovery('ha/second');
    broker.start();
    await settle(5_000);
    const topics = [...broker.retained.keys()].filter((topic) => topic.endsWith('/config'));
    assert.deepEqual(topics, [discoveryTopic('lights', { ...NAMES, prefix: 'ha/second' })]);
    setDiscovery('homeassistant');
    await settle();
    const now = [...broker.retained.keys()].filter((topic) => topic.endsWith('/config'));
    assert.deepEqual(now, [discoveryTopic('lights', NAMES)]);
  });

  it('keeps what it knows over the end of whoever decides, and is told of what has gone since', async () => {
    await start();
    await scene.device('panel/lights', {});
    await scene.device('panel/old', {});
    await settle();
    await stop();
    assert.deepEqual(ha.names, ['lights', 'old']);
    for (const kind of ['claim/panel', 'answer/panel', 'state'])
      broker.publish(`locks/${kind}/old`, '', { retain: true });
    await start();
    assert.deepEqual(ha.names, ['lights']);
  });

  it('forgets everything also when that is the last thing that is done', async () => {
    await start();
    await scene.device('panel/lights', {});
    await settle();
    const { length } = published();
    setDiscovery();
    await stop();
    assert.equal(published().length, length + 1);
    assert.equal(published().at(-1)?.payload, '');
  });

  it('is told of many resources at a pace that it can follow', async () => {
    await start();
    for (let index = 0; index < 100; index += 1) {
      broker.publish(`locks/claim/panel/lamp ${index}`, '{}', { retain: true });
    }
    await settle(150);
    assert.ok(published().length <= 40, `${published().length} at once`);
    await settle(1_000);
    assert.equal(ha.names.length, 100);
  });

  it('is told by whoever decides next, and not by who does no more', async () => {
    const term = (epoch: number) => ({
      epoch,
      ...{ witnessed: () => 0, prove: () => undefined, validUntil: () => Infinity },
    });
    await start({ instance: 'first', term: term(0) });
    await settle(20_000);
    await scene.device('panel/lights', {});
    await settle();
    assert.deepEqual(ha.names, ['lights']);
    const first = scene;
    broker.cut('first');
    await settle();
    assert.equal(first.arbiter.status.phase, 'lost');
    const { length } = published();
    first.arbiter.setRules({ ...first.arbiter.rules, discovery: 'other' });
    await settle();
    assert.equal(published().length, length);
    scene = await startArbiter(
      { rows, rules: { discovery: 'homeassistant' }, instance: 'second', term: term(1) },
      broker,
    );
    await settle(20_000);
    assert.equal(published().length, length + 1);
    assert.deepEqual(ha.names, ['lights']);
  });

  it('is done without where the broker does not let it be told', async () => {
    broker.mayPublish = (_, topic) => !topic.startsWith('homeassistant');
    await start();
    await scene.device('panel/lights', {});
    await settle();
    assert.equal(scene.holder('lights'), 'panel');
    assert.deepEqual(ha.names, []);
  });

  it('knows any name, and tells them apart', () => {
    const names = [
      "it's {{ odd }} {% x %}",
      'a\\b',
      'Küche/Licht 💡',
      'kuche licht',
      'kuche_licht',
      'x'.repeat(512),
    ];
    const topics = new Set<string>();
    const ids = new Set<string>();
    for (const name of names) {
      const message = JSON.parse(discoveryMessage(name, NAMES));
      assert.deepEqual(objectionsTo(message), []);
      assert.equal(message.dev.name, name);
      topics.add(discoveryTopic(name, NAMES));
      ids.add(message.dev.ids[0]);
      for (const { unique_id } of Object.values<{ unique_id: string }>(message.cmps)) ids.add(unique_id);
    }
    assert.equal(topics.size, names.length);
    assert.equal(ids.size, names.length * 6);
    for (const topic of topics) assert.match(topic, /^homeassistant\/device\/[\w-]+\/[\w-]+\/config$/);
    assert.notEqual(
      discoveryTopic('lights', NAMES),
      discoveryTopic('lights', { ...NAMES, topics: topicsUnder('other') }),
    );
  });

  it('holds and frees a resource with an odd name', async () => {
    await start();
    const name = "it's {{ odd }} {% x %}/ü \\ 100%";
    scene.own('flow', { resource: name, locker: 'flow', priority: 1 });
    await settle();
    ha.turn(name, 'hold', 'on');
    await settle();
    assert.equal(ha.state(name, 'holder'), 'homeassistant');
    ha.press(name, 'free');
    await settle();
    assert.equal(ha.state(name, 'holder'), 'flow');
    assert.ok(ha.events.some(([device, { event_type }]) => device === name && event_type === 'lost'));
  });

  it('has a prefix that can be one', () => {
    assert.deepEqual(['homeassistant', 'a/b', '', 'a//b', 'a/#', '+', '$SYS'].map(isDiscoveryPrefix), [
      true,
      true,
      ...Array(5).fill(false),
    ]);
  });
});
