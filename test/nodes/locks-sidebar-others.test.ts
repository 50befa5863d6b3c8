import assert from 'node:assert/strict';
import { HandClock } from '../support/hand-clock';
import { acquire, level } from '../support/lock-flow';
import { mqttClient, type TestClient } from '../support/mqtt-client';
import { freePort } from '../support/mqtt-mosquitto';
import { SidebarScene } from '../support/sidebar-scene';

describe('the runtime side of the sidebar, beside others', () => {
  let scene: SidebarScene;
  let client: TestClient | undefined;

  beforeEach(() => {
    scene = new SidebarScene();
  });

  afterEach(async () => {
    await client?.close();
    client = undefined;
    await scene.end();
  });

  /** Until the state of the resource on the broker is as wanted. */
  async function claimOver(topic: string, claim: object, wanted: RegExp): Promise<void> {
    const { prefix } = scene.registries;
    await client?.publish(`${prefix}/claim/${topic}`, claim, { retain: true });
    await client?.next(`${prefix}/state/#`, ({ text }) => wanted.test(text));
  }

  it('names the device that holds and the one that waits, of which no node is here', async () => {
    const port = await freePort();
    const running = await scene.run(scene.flow({ broker: 'embedded', port: String(port) }, acquire('light')));
    client = await mqttClient(`mqtt://127.0.0.1:${port}`);
    await client.subscribe(`${scene.registries.prefix}/#`);
    await claimOver('panel/lamp', { priority: 7 }, /"holder":"panel"/);
    await scene.ask();
    await claimOver('button/lamp', { priority: 5, locker: 'hall' }, /"waitingCount":1/);
    running.send('light');
    await scene.nudged();
    const [row] = (await scene.changes()).rows;
    const { since, expires, token, ...holder } = row?.holder ?? {};
    assert.deepEqual(holder, { locker: 'panel', requester: 'panel', priority: 7, claims: 1 });
    assert.ok(Number(expires) > Number(since) && Number(token) > 0);
    const [button, light] = row?.waiting ?? [];
    assert.deepEqual([button?.locker, button?.requester, button?.node], ['hall', 'button', undefined]);
    assert.ok(Number(button?.since) > 0, 'it came while the sidebar was open');
    assert.deepEqual([light?.node, light?.requester], ['light', undefined]);
  });

  it('does not know since when a device has waited that was there before', async () => {
    const port = await freePort();
    await scene.run(scene.flow({ broker: 'embedded', port: String(port) }));
    client = await mqttClient(`mqtt://127.0.0.1:${port}`);
    await client.subscribe(`${scene.registries.prefix}/#`);
    await claimOver('panel/lamp', { priority: 7 }, /"holder":"panel"/);
    await claimOver('button/lamp', { priority: 5 }, /"waitingCount":1/);
    const [row] = (await scene.changes()).rows;
    assert.deepEqual(row?.waiting, [{ locker: 'button', requester: 'button', priority: 5 }]);
  });

  it('forgets a registry that no flow has any more', async () => {
    const running = await scene.run(scene.flow({}, acquire('light')));
    assert.equal((await scene.ask()).registries.length, 1);
    await running.deploy([{ id: 'tab', type: 'tab', label: 'House' }]);
    const { registries, registry } = await scene.ask();
    assert.deepEqual([registries, registry], [[], undefined]);
  });

  it('says that nobody has answered yet where nobody decides', async () => {
    const clock = new HandClock();
    const nowhere = { broker: 'url', url: `mqtt://127.0.0.1:${await freePort()}`, decide: 'never' };
    await scene.run(scene.flow(nowhere, acquire('light', level(1))), clock, { waits: false });
    const asked = scene.post('hold', { resource: 'lamp', ttl: 60_000 });
    await scene.arrived('hold');
    await clock.advance(3_000);
    assert.deepEqual(await asked, [200, { result: 'asked' }]);
    const { standing } = await scene.changes();
    assert.deepEqual([standing.isOwn, standing.decider], [false, undefined]);
    const [status, told] = await scene.post('take-over', {});
    assert.equal(status, 409);
    assert.match(JSON.stringify(told), /"error":".+"/);
  });

  it('refuses what is no request', async () => {
    await scene.run(scene.flow({}));
    assert.deepEqual(await scene.send('hold', []), [400, { error: 'the request has no JSON object' }]);
  });
});
