import assert from 'node:assert/strict';
import { Access } from '../../src/mqtt/embedded-access';
import type { EmbeddedBroker } from '../../src/mqtt/embedded-broker';
import { mqttClient, type TestClient } from '../support/mqtt-client';
import { EmbeddedScene, portOf, urlOf } from '../support/mqtt-embedded';
import { mosquittoPub, mosquittoSub } from '../support/mqtt-mosquitto';
import { connected } from '../support/mqtt-transport';

const USERS = [
  { username: 'panel', password: 'secret' },
  { username: 'a/b', password: 'pässword' },
];

describe('who may write what', () => {
  const access = new Access(USERS);
  access.guard('home/locks');
  const open = new Access([]);
  open.guard('home/locks');

  const allowed: readonly (readonly [string, string])[] = [
    ['home/locks/claim/panel/lights', 'panel'],
    ['home/locks/claim/panel/house/lights', 'panel'],
    ['home/locks/claim/a%2Fb/lights', 'a/b'],
    ['home/locks/session/panel', 'panel'],
    ['home/locks/session/panel/claims', 'panel'],
    ['home/locks/session/panel/mark', 'panel'],
    ['home/locks/session/a%2Fb/claims', 'a/b'],
    ['home/locks/beat/panel', 'panel'],
    ['home/locks/beat/a%2Fb', 'a/b'],
    ['home/locks/force/panel/lights', 'panel'],
    ['zigbee2mqtt/lamp/set', 'panel'],
    ['home/locksmith/state/x', 'panel'],
    ['home/locks', 'panel'],
  ];
  for (const [topic, username] of allowed) {
    it(`lets ${username} write ${topic}`, () => {
      assert.equal(access.objectToPublish(topic, username), undefined);
      assert.equal(open.objectToPublish(topic, undefined), undefined);
    });
  }

  const refused: readonly (readonly [string, string, RegExp])[] = [
    ['home/locks/claim/alarm/lights', 'panel', /panel may write only under home\/locks\/claim\/panel$/],
    ['home/locks/claim/a/b', 'a/b', /only under home\/locks\/claim\/a%2Fb$/],
    ['home/locks/claim', 'panel', /only under/],
    ['home/locks/session/alarm', 'panel', /only under home\/locks\/session\/panel$/],
    ['home/locks/session/alarm/claims', 'panel', /only under/],
    ['home/locks/session/alarm/mark', 'panel', /only under/],
    ['home/locks/session/panel/answers', 'panel', /only the arbiter/],
    ['home/locks/session/panel/claims/more', 'panel', /only the arbiter/],
    ['home/locks/session/a/b', 'a/b', /only the arbiter/],
    ['home/locks/beat/alarm', 'panel', /only under home\/locks\/beat\/panel$/],
    ['home/locks/beat/panel/more', 'panel', /only the arbiter/],
    ['home/locks/force/alarm/lights', 'panel', /only under/],
    ['home/locks/state/lights', 'panel', /only the arbiter/],
    ['home/locks/answer/panel/lights', 'panel', /only the arbiter/],
    ['home/locks/arbiter', 'panel', /only the arbiter/],
    ['home/locks/arbiter/beat', 'panel', /only the arbiter/],
    ['home/locks/arbiter/term', 'panel', /only the arbiter/],
    ['home/locks/arbiter/mark/panel', 'panel', /only the arbiter/],
    ['home/locks/event', 'panel', /only the arbiter/],
    ['home/locks/anything', 'panel', /only the arbiter/],
    ['$SYS/x', 'panel', /begin with \$/],
  ];
  for (const [topic, username, text] of refused) {
    it(`does not let ${username} write ${topic}`, () => {
      assert.match(access.objectToPublish(topic, username) ?? '', text);
    });
  }

  it('keeps the arbiter’s topics for it also where everybody may connect', () => {
    assert.match(open.objectToPublish('home/locks/state/lights', undefined) ?? '', /only the arbiter/);
    assert.equal(open.objectToPublish('home/locks/claim/anybody/lights', undefined), undefined);
  });

  it('guards a prefix as long as one registry wants it', () => {
    const both = new Access([]);
    const [first, second] = [both.guard('locks'), both.guard('locks')];
    first();
    assert.match(both.objectToPublish('locks/state/a', undefined) ?? '', /only the arbiter/);
    second();
    assert.equal(both.objectToPublish('locks/state/a', undefined), undefined);
  });

  it('lets in only who knows both user name and password', () => {
    const may = (username?: string, password?: string) =>
      access.mayConnect(username, password === undefined ? undefined : Buffer.from(password));
    assert.equal(may('panel', 'secret'), true);
    assert.equal(may('a/b', 'pässword'), true);
    for (const [username, password] of [
      ['panel', 'wrong'],
      ['panel', 'pässword'],
      ['panel', ''],
      ['panel'],
      ['', ''],
      ['alarm', 'secret'],
      [],
    ]) {
      assert.equal(may(username, password), false, `${username} ${password}`);
    }
    assert.equal(new Access([{ username: '', password: '' }]).mayConnect(undefined, undefined), false);
    assert.equal(open.mayConnect(undefined, undefined), true);
  });
});

describe('an embedded broker with users', () => {
  let scene: EmbeddedScene;
  let broker: EmbeddedBroker;
  let panel: TestClient;

  beforeEach(async () => {
    scene = new EmbeddedScene();
    broker = await scene.start({ users: USERS });
    broker.guard('locks');
    panel = await mqttClient(urlOf(broker), { username: 'panel', password: 'secret' });
  });

  afterEach(async () => {
    await panel.close();
    await scene.end();
  });

  it('refuses who has no credentials or wrong ones, and logs it', async () => {
    await assert.rejects(mqttClient(urlOf(broker)), /Bad username or password/);
    const wrong = { username: 'panel', password: 'x' };
    await assert.rejects(mqttClient(urlOf(broker), wrong), /Bad username or password/);
    await assert.rejects(mosquittoPub(portOf(broker), '-t', 'a', '-m', 'x', '-u', 'panel', '-P', 'x'));
    assert.deepEqual(
      scene.log.filter((line) => line.includes('may not connect')),
      [
        'warn: embedded broker: nobody may not connect (wrong user name or password)',
        'warn: embedded broker: "panel" may not connect (wrong user name or password)',
      ],
      'each once a minute',
    );
  });

  it('drops a claim under another name, retained or not, and keeps the connection', async () => {
    await panel.publish('locks/claim/alarm/lights', '{}', { retain: true });
    await panel.publish('locks/state/lights', '{}', { retain: true });
    await panel.publish('locks/claim/panel/lights', '{}', { retain: true });
    assert.deepEqual([...(await panel.retained('#'))], [['locks/claim/panel/lights', '{}']]);
    assert.equal(panel.mqtt.connected, true);
    const complaint = scene.log.find((line) => line.includes('locks/claim/alarm/lights')) ?? '';
    assert.match(complaint, /was dropped: panel may write only under locks\/claim\/panel/);
  });

  it('drops a will under another name, too', async () => {
    const will = {
      topic: 'locks/claim/panel/lights',
      payload: Buffer.from('{}'),
      qos: 1,
      retain: true,
    } as const;
    const intruder = await mqttClient(urlOf(broker), { username: 'a/b', password: 'pässword', will });
    intruder.mqtt.stream.destroy();
    while (!scene.log.some((line) => line.includes('was dropped'))) await new Promise(setImmediate);
    assert.deepEqual([...(await panel.retained('#'))], []);
  });

  it('lets the arbiter write everything, and everybody read it', async () => {
    const arbiter = await connected(broker.transport());
    await arbiter.publish('locks/state/lights', 'held', { qos: 1, retain: true });
    const credentials = ['-u', 'a/b', '-P', 'pässword'];
    assert.deepEqual(await mosquittoSub(portOf(broker), 1, '-t', 'locks/#', ...credentials), [
      'locks/state/lights held',
    ]);
  });
});
