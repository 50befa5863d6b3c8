import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { ROUTE } from '../../nodes/locks-sidebar/shown';
import { TAB } from '../support/lock-flow';
import { type NodeRedProcess, startNodeRed } from '../support/node-red-process';
import { NODE_RED_4, NODE_RED_5 } from '../support/node-red-runtimes';
import { makeUserDir } from '../support/user-dir';

/** Of the password `open sesame`. */
const PASSWORD = '$2b$04$WwMFGbx9ilDt5lyq7br6huSqFPbKVy4JjynEud7aH50vfePYckO8K';
const USERS = {
  looker: 'locks.read',
  holder: ['locks.read', 'locks.write'],
  stranger: 'flows.read',
  reader: 'read',
};
const REGISTRY = { id: 'registry', type: 'lock-registry', name: '', broker: 'none', prefix: 'permissions' };

const runtime = process.env.NODE_RED_DIR === undefined ? NODE_RED_4 : NODE_RED_5;

describe('a Node-RED where people log in', () => {
  const userDir = makeUserDir([TAB, REGISTRY]);
  let nodeRed: NodeRedProcess;

  before(async () => {
    const users = Object.entries(USERS).map(([username, permissions]) => ({
      username,
      password: PASSWORD,
      permissions,
    }));
    nodeRed = await startNodeRed(runtime, userDir, { adminAuth: { type: 'credentials', users } });
    await nodeRed.said(/Started flows/);
  });

  after(async () => {
    await nodeRed?.stop();
    rmSync(userDir, { recursive: true });
  });

  /** Asks as this user; gives back the status of the answer, and the answer. */
  async function as(
    user: string,
    deed: string,
    body?: object,
  ): Promise<readonly [status: number, told: string]> {
    const login = {
      client_id: 'node-red-admin',
      grant_type: 'password',
      scope: '',
      username: user,
      password: 'open sesame',
    };
    const headers = { 'content-type': 'application/json' };
    const tokens = await fetch(`${nodeRed.url}/auth/token`, {
      method: 'POST',
      headers,
      body: JSON.stringify(login),
    });
    const { access_token: token } = await tokens.json();
    const response = await fetch(`${nodeRed.url}/${ROUTE}${deed}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { ...headers, authorization: `Bearer ${token}` },
      ...(body !== undefined && {
        body: JSON.stringify({ registry: 'registry', resource: 'lamp', ...body }),
      }),
    });
    return [response.status, await response.text()];
  }

  it('shows locks to those who may see them, and to nobody else', async () => {
    const statuses = [];
    for (const user of ['looker', 'holder', 'reader', 'stranger']) statuses.push((await as(user, ''))[0]);
    assert.deepEqual(statuses, [200, 200, 200, 401]);
    assert.equal((await fetch(`${nodeRed.url}/${ROUTE}`)).status, 401);
  });

  it('lets those hold and free who may, and says who did it', async () => {
    for (const deed of ['hold', 'free', 'withdraw', 'purge', 'take-over']) {
      for (const user of ['looker', 'reader', 'stranger']) {
        assert.equal((await as(user, `/${deed}`, { ttl: 60_000, token: 1 }))[0], 401, `${user} ${deed}`);
      }
    }
    assert.deepEqual(await as('holder', '/hold', { ttl: 60_000 }), [200, '{"result":"granted"}']);
    const [, shown] = await as('looker', '');
    const { locker, token } = JSON.parse(shown).changes.rows[0].holder;
    assert.equal(locker, 'holder');
    assert.deepEqual(await as('holder', '/free', { token }), [200, '{"result":"released"}']);
  });
});
