import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AuditEvent, ResourceState } from '../../src/mqtt/messages';
import { freePort } from '../support/mqtt-mosquitto';
import { Office, refused } from '../support/office';

const ROOMS = ['kitchen lights', 'meeting room lights'];

describe('npm start', function () {
  this.timeout(120_000);

  describe('runs the office lights:', () => {
    const office = new Office();

    before(async () => {
      await office.start();
    });
    after(() => office.end());

    it('says where to look', () => {
      assert.match(office.greeting, /editor +http:\/\/127\.0\.0\.1:\d+\//);
      assert.match(office.greeting, /broker +mqtt:\/\/127\.0\.0\.1:\d+/);
    });

    it('has the broker ready when the lamps connect', () => {
      assert.doesNotMatch(office.greeting, /Connection failed/);
    });

    it('save energy turns the kitchen off, then the meeting room, and lets go', async () => {
      await office.press('save energy');
      await held(office, 'save energy');
      await office.lamp('kitchen', 'OFF');
      await office.lamp('meeting-room', 'OFF');
      await free(office);
    });

    it('motion stops it half-way and turns both on', async () => {
      await office.press('save energy');
      await office.lamp('kitchen', 'OFF');
      await office.press('motion detected');
      await held(office, 'motion detected');
      await office.lamp('kitchen', 'ON');
      await office.lamp('meeting-room', 'ON');
      const { reason } = await office.watcher.nextJson<AuditEvent>(
        'locks/event',
        ({ event, locker }) => event === 'lost' && locker === 'save energy',
      );
      assert.equal(reason, 'preempted');
    });

    it('the alarm takes both rooms from motion and flashes them', async () => {
      await office.press('security alarm');
      await held(office, 'security alarm');
      for (const state of ['OFF', 'ON', 'OFF'] as const) {
        await office.lamp('kitchen', state);
        await office.lamp('meeting-room', state);
      }
    });

    it('all clear gives them back to motion, which sets its light again', async () => {
      await office.press('all clear');
      await held(office, 'motion detected');
      await office.lamp('kitchen', 'ON');
      await office.lamp('meeting-room', 'ON');
    });

    it('motion over lets them go', async () => {
      await office.press('motion over');
      await free(office);
    });

    it('gives a wall panel the lights that only publishes, and a killed Node-RED forgets none of it', async () => {
      const claim = 'locks/claim/panel/kitchen lights';
      await office.watcher.publish(
        claim,
        { priority: 'manual', value: 'dim', ttl: 3_600_000 },
        { retain: true },
      );
      const before = await held(office, 'panel', 'kitchen lights');
      await office.kill('SIGKILL');
      await office.start();
      const after = await held(office, 'panel', 'kitchen lights');
      assert.deepEqual([after.token, after.value, after.since], [before.token, before.value, before.since]);
      assert.ok((after.remaining ?? 0) <= 3_600_000 && (after.remaining ?? 0) > 3_000_000);
      await office.watcher.publish(claim, '', { retain: true });
      await free(office, 'kitchen lights');
    });
  });

  it('says which port is taken, and how to choose another', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    const { code, text } = await refused({ PORT: port });
    server.close();
    assert.equal(code, 1);
    assert.match(text, new RegExp(`Port ${port} .*is taken.*PORT=${Number(port) + 1} npm start`));
  });

  it('wants two ports', async () => {
    const { code, text } = await refused({ PORT: '19999', MQTT_PORT: '19999' });
    assert.equal(code, 1);
    assert.match(text, /PORT and MQTT_PORT are both 19999; choose two/);
  });

  it('names a user directory that cannot be one, without a stack', async () => {
    const [PORT, MQTT_PORT] = [String(await freePort()), String(await freePort())];
    const { code, text } = await refused({ PORT, MQTT_PORT, USER_DIR: __filename });
    assert.equal(code, 1);
    assert.match(text, /USER_DIR .*start\.test\.ts cannot be used: ENOTDIR/);
    assert.doesNotMatch(text, /at .*start\.ts:/);
  });

  it('names what is no port', async () => {
    const { code, text } = await refused({ MQTT_PORT: 'abc' });
    assert.equal(code, 1);
    assert.match(text, /MQTT_PORT is "abc"; it must be a port/);
  });
});

/** Waits until somebody holds a resource; without one named, both rooms. */
async function held(office: Office, holder: string, resource?: string): Promise<ResourceState> {
  const [first = '', ...others] = resource === undefined ? ROOMS : [resource];
  const isHis = (state: ResourceState) => state.holder === holder;
  for (const other of others) await office.watcher.nextJson<ResourceState>(`locks/state/${other}`, isHis);
  return office.watcher.nextJson<ResourceState>(`locks/state/${first}`, isHis);
}

async function free(office: Office, ...resources: string[]): Promise<void> {
  for (const resource of resources.length === 0 ? ROOMS : resources) {
    await office.watcher.nextJson<ResourceState>(`locks/state/${resource}`, ({ state }) => state === 'free');
  }
}
