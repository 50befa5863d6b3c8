// The access list of the documentation on a real Mosquitto: everybody writes under his own name, and one decides.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer, ResourceState } from '../../src/mqtt/messages';
import { type ConnectedLocks, type ConnectOptions, connectLocks } from '../../src/registry/connect-locks';
import { openRegistry } from '../../src/registry/open';
import type { RegistrySettings } from '../../src/registry/registry';
import { publish, type Subscription, subscribe } from '../support/mosquitto-tools';
import { mqttClient } from '../support/mqtt-client';
import { type Mosquitto, startMosquitto } from '../support/mqtt-mosquitto';
import { REPOSITORY } from '../support/repository';

const LIST = readFileSync(join(REPOSITORY, 'docs/mosquitto.acl'), 'utf8');
/** For the tools of these tests. */
const MARKS = 'pattern readwrite mark/#\n';
const USERS = ['house', 'panel', 'wall', 'kitchen', 'dashboard'];
const PASSWORD = 'secret';

for (const version of ['311', '5'] as const) {
  describe(`the access list of the documentation (MQTT ${version})`, () => {
    const protocolVersion: 4 | 5 = version === '5' ? 5 : 4;
    let mosquitto: Mosquitto;
    let house: ConnectedLocks;
    let seen: Subscription;
    const open: ConnectedLocks[] = [];
    const as = (user: string) => ({ port: mosquitto.port, version, user, password: PASSWORD });

    before(async () => {
      mosquitto = await startMosquitto({
        settings: ['allow_anonymous false', 'password_file {dir}/passwords', 'acl_file {dir}/acl'],
        files: { acl: `${LIST}${MARKS}`, passwords: passwords() },
      });
    });

    after(() => mosquitto.stop());

    beforeEach(async () => {
      house = await connect('house', { decide: 'alone' });
      seen = await subscribe(as('dashboard'), 'locks/#');
    });

    afterEach(async () => {
      await seen.stop();
      for (const locks of open.splice(0).reverse()) await locks.close();
    });

    async function connect(user: string, more: Partial<ConnectOptions> = {}): Promise<ConnectedLocks> {
      const { url } = mosquitto;
      const locks = await connectLocks({
        ...{ url, user, password: PASSWORD, requester: user, protocolVersion },
        ...more,
      });
      open.push(locks);
      return locks;
    }

    const state = (resource: string) => seen.latest<ResourceState>(`locks/state/${resource}`);

    it('lets a device claim in its own name, and hear what became of it', async () => {
      await publish(as('panel'), 'locks/claim/panel/lights', { value: 'on' });
      const answer = await seen.message<Answer>('locks/answer/panel/lights');
      assert.equal(answer.result, 'granted');
      await publish(as('panel'), 'locks/claim/panel/lights');
      await seen.until('the end', () => state('lights')?.state === 'free');
    });

    const forbidden: readonly (readonly [user: string, topic: string])[] = [
      ['panel', 'locks/claim/wall/lights'],
      ['panel', 'locks/claim/house/lights'],
      ['panel', 'locks/state/lights'],
      ['panel', 'locks/holder/lights'],
      ['panel', 'locks/answer/panel/lights'],
      ['panel', 'locks/answer/wall/lights'],
      ['panel', 'locks/force/wall/lights'],
      ['panel', 'locks/arbiter'],
      ['panel', 'locks/arbiter/beat'],
      ['panel', 'locks/arbiter/term'],
      ['panel', 'locks/arbiter/mark/panel'],
      ['panel', 'locks/event'],
      ['panel', 'locks/beat/wall'],
      ['panel', 'locks/session/wall'],
      ['panel', 'locks/session/wall/claims'],
      ['panel', 'locks/session/wall/answers'],
      ['panel', 'locks/session/panel/answers'],
      ['dashboard', 'locks/claim/dashboard/lights'],
      ['dashboard', 'locks/session/dashboard'],
      ['dashboard', 'locks/session/dashboard/claims'],
      ['dashboard', 'locks/force/dashboard/lights'],
    ];

    it('lets nobody write what is another one’s, the arbiter’s, or not for him', async () => {
      for (const user of ['panel', 'dashboard']) {
        const login = { username: user, password: PASSWORD, protocolVersion } as const;
        const client = await mqttClient(mosquitto.url, login);
        for (const [writer, topic] of forbidden) {
          if (writer !== user) continue;
          // MQTT 5 has a word for no.
          const refused = client.publish(topic, '{"forged":true}', { retain: true });
          if (version === '5') await assert.rejects(refused, /Not authorized/, topic);
          else await refused;
        }
        await client.close();
      }
      // What is thrown away is not heard; something that is not comes after it.
      await publish(as('panel'), 'locks/claim/panel/after', {});
      await seen.message('locks/answer/panel/after');
      const forged = seen.lines.filter(({ text }) => text.includes('forged'));
      assert.deepEqual(forged, []);
      await publish(as('panel'), 'locks/claim/panel/after');
    });

    it('lets a program take part under the name of its user', async () => {
      const kitchen = await connect('kitchen');
      const lock = await kitchen.acquire('lights', 'cook', { value: 'bright' });
      await seen.until('the hold', () => state('lights')?.holder === 'cook');
      assert.equal(state('lights')?.requester, 'kitchen');
      assert.equal(await lock.release(), undefined);
      const next = await house.acquire('lights', 'motion');
      assert.ok(next.token > lock.token);
    });

    it('lets no Node-RED take part under another name, which it says in words', async () => {
      const status = await saidBy({ requester: 'kitchen', decide: 'never' });
      assert.match(status, /^may not write.* under locks\/ here: .*the user wants the name kitchen/);
    });

    it('lets nobody decide who may not, who says so', async () => {
      await house.close();
      assert.match(
        await saidBy({ requester: 'panel', decide: 'alone' }),
        /^may not write under locks\/ here: /,
      );
    });

    /** What a Node-RED of the panel's user says when it finds out. */
    async function saidBy(settings: Pick<RegistrySettings, 'requester' | 'decide'>): Promise<string> {
      const { url } = mosquitto;
      const broker = { kind: 'url', url, user: 'panel', password: PASSWORD, protocolVersion } as const;
      const registry = openRegistry({ broker, ...settings }, { timing: { startWait: 300, echoWait: 300 } });
      const text = await new Promise<string>((resolve) => {
        const look = () => {
          if (registry.status.text.includes('may not write')) resolve(registry.status.text);
        };
        registry.onStatus(look);
        look();
      });
      await registry.close({ now: true });
      return text;
    }

    it('lets the next one decide who may', async () => {
      await publish(as('panel'), 'locks/claim/panel/fan', { value: 'low' });
      await seen.until('the grant', () => state('fan')?.value === 'low');
      const { token } = state('fan') ?? {};
      await house.close();
      house = await connect('house', { decide: 'alone' });
      const [fan] = (await house.query()).filter(({ resource }) => resource === 'fan');
      assert.deepEqual([fan?.holder, fan?.token], ['panel', token]);
      await publish(as('panel'), 'locks/claim/panel/fan');
    });
  });
}

/** A file as mosquitto_passwd makes it. */
function passwords(): string {
  return USERS.map((user) => passwordLine(user)).join('\n');
}

function passwordLine(user: string): string {
  const text = execFileSync('sh', [
    '-c',
    'f=$(mktemp) && mosquitto_passwd -b "$f" "$1" "$2" && cat "$f"; rm "$f"',
    'sh',
    user,
    PASSWORD,
  ]);
  return text.toString().trim();
}
