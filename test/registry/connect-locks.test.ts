// Programs on a real Mosquitto: who decides, what they see of each other, and what is said when something is wrong.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createLockers } from '../../src/library';
import { type ConnectedLocks, type ConnectOptions, connectLocks } from '../../src/registry/connect-locks';
import { type Certificates, makeCertificates } from '../support/mqtt-certificates';
import { freePort, type Mosquitto, startMosquitto } from '../support/mqtt-mosquitto';
import { REPOSITORY } from '../support/repository';
import { stateBecame } from '../support/watch-locks';

const FORCE_RULE = { requester: 'operator', resource: '#', allowed: true, mayForce: true };

describe('programs that connect to locks', () => {
  let mosquitto: Mosquitto;
  let wsPort: number;
  let tlsPort: number;
  let wssPort: number;
  let certificates: Certificates;
  let open: ConnectedLocks[] = [];

  before(async () => {
    certificates = makeCertificates();
    wsPort = await freePort();
    tlsPort = await freePort();
    wssPort = await freePort();
    const tls = ['certfile {dir}/cert.pem', 'keyfile {dir}/key.pem'];
    mosquitto = await startMosquitto({
      listener: [
        ...[`listener ${wsPort} 127.0.0.1`, 'protocol websockets'],
        ...[`listener ${tlsPort} 127.0.0.1`, ...tls, 'cafile {dir}/ca.pem', 'require_certificate true'],
        ...[`listener ${wssPort} 127.0.0.1`, ...tls, 'protocol websockets'],
      ],
      files: { 'ca.pem': certificates.ca, 'cert.pem': certificates.cert, 'key.pem': certificates.key },
    });
  });

  after(() => mosquitto.stop());

  let places = 0;
  beforeEach(() => void places++);

  afterEach(async () => {
    for (const locks of open) await locks.close();
    open = [];
  });

  async function connect(more: Partial<ConnectOptions> = {}): Promise<ConnectedLocks> {
    const locks = await connectLocks({ url: mosquitto.url, prefix: `locks${places}`, ...more });
    open.push(locks);
    return locks;
  }

  it('say who decides, and in which term', async () => {
    const house = await connect({ requester: 'house', decide: 'alone' });
    const program = await connect();
    assert.deepEqual([house.role(), program.role()], ['arbiter', 'participant']);
    assert.deepEqual([house.epoch(), program.epoch()], [1, 1]);
    assert.equal(house.status().state, 'ready');
    assert.match(program.status().text, /; house decides alone; allow takeover there$/);
    assert.match(program.requester, /^program-[0-9a-z]+$/);
  });

  it('take over by hand from one that is gone, where they may', async () => {
    const house = await connect({ requester: 'house', decide: 'alone' });
    const never = await connect({ requester: 'never' });
    const heir = await connect({ requester: 'heir', decide: 'alone' });
    const lock = await heir.acquire('lights', 'me');
    await assert.rejects(never.takeOver(), /may not decide/);
    const told: string[] = [];
    heir.onStatus(({ text }) => told.push(text));
    await house.close();
    await heir.takeOver();
    assert.deepEqual([heir.role(), heir.epoch()], ['arbiter', 2]);
    assert.equal(lock.isHeld(), true);
    assert.ok(told.length > 0);
    await (await never.acquire('fan', 'you')).release();
    assert.equal(never.epoch(), 2);
  });

  it('take over at a goodbye, also who has come only just before, and nobody loses a lock', async () => {
    const timing = { session: 2_000, failoverDelay: 500, decide: 'takeover' } as const;
    const first = await connect({ requester: 'first', ...timing });
    const second = await connect({ requester: 'second', ...timing });
    assert.deepEqual([first.role(), second.role()], ['arbiter', 'participant']);
    const lock = await second.acquire('lights', 'me');
    await first.close();
    await became(second, () => second.role() === 'arbiter');
    // Granted only when what it writes has come back.
    await second.acquire('fan', 'me');
    assert.equal(lock.signal.aborted, false);
    assert.equal(lock.isHeld(), true);
  });

  it('know the levels of whoever decides', async () => {
    const levels = [{ id: 'a', name: 'Alarm', priority: 77 }];
    await connect({ requester: 'house', decide: 'alone', levels });
    const program = await connect();
    assert.equal(program.priorityOf('Alarm'), 77);
    assert.equal(program.priorityOf(5), 5);
    assert.throws(() => program.priorityOf('motion'), /no level "motion", but Alarm/);
  });

  it('end the holds of others where a rule lets them, and only the one that was seen', async () => {
    const house = await connect({ requester: 'house', decide: 'alone', policy: [FORCE_RULE] });
    const operator = await connect({ requester: 'operator' });
    const lock = await house.acquire('lights', 'me');
    await operator.force('lights', lock.token - 1);
    assert.equal(lock.isHeld(), true);
    // The refusal of another token may come late, and is none of this one.
    assert.equal(await operator.force('lights', lock.token), undefined);
    assert.equal(lock.isHeld(), false);
    const next = await house.acquire('lights', 'me');
    const stranger = await connect({ requester: 'stranger' });
    assert.match((await stranger.force('lights', next.token)) ?? '', /./);
    assert.equal(next.isHeld(), true);
  });

  it('see at once what they have been granted', async () => {
    await connect({ requester: 'house', decide: 'alone' });
    const program = await connect();
    for (let round = 0; round < 20; round++) {
      const lock = await program.acquire(`lights ${round}`, 'me', { value: round });
      const state = (await program.query()).find(({ resource }) => resource === `lights ${round}`);
      assert.deepEqual([state?.holder, state?.value, state?.token], ['me', round, lock.token]);
    }
  });

  it('believe in a lease as long as it is there, also a short one after a wait', async () => {
    const house = await connect({ requester: 'house', decide: 'alone' });
    const program = await connect();
    for (let round = 0; round < 5; round++) {
      const first = await house.acquire('lights', 'first');
      const waiting = program.acquire('lights', 'second', { ttl: 4_000 });
      await stateBecame(house, 'lights', ({ waitingCount }) => waitingCount === 1);
      await first.release();
      const second = await waiting;
      assert.equal(second.isHeld(), true);
      assert.ok(second.expires - Date.now() > 2_500, `${second.expires - Date.now()} ms are left`);
      await second.release();
    }
  });

  it('give back what they hold when they close', async () => {
    await connect({ requester: 'house', decide: 'alone' });
    const other = await connect({ requester: 'other' });
    {
      // A session that is not given back ends after this time.
      await using program = await connect({ requester: 'program', session: 3_600_000 });
      const held = await program.acquire('lights', 'me');
      assert.equal(held.isHeld(), true);
    }
    await other.acquire('lights', 'you');
  });

  for (const decide of ['never', 'alone', 'takeover'] as const) {
    it(`believe in nothing any more when they close (decide ${decide})`, async () => {
      const house = decide === 'never' ? await connect({ requester: 'house', decide: 'alone' }) : undefined;
      const timing = { session: 1_000, failoverDelay: 500 };
      const program = await connect({ requester: 'program', decide, ...timing });
      const lock = await program.acquire('lights', 'me');
      const waiting = program.acquire('lights', 'you');
      // Whoever hears of it first, it must be over by then.
      const wasHeld: boolean[] = [];
      house?.watch('lights', ({ holder }) => {
        if (holder !== 'me') wasHeld.push(lock.isHeld());
      });
      const closing = program.close();
      await assert.rejects(waiting, { code: 'Lock Unavailable', message: /closed/ });
      assert.equal(lock.isHeld(), false);
      assert.equal(lock.state(), 'Lock Session Lost');
      assert.equal(lock.signal.aborted, true);
      await closing;
      assert.ok(wasHeld.every((is) => !is));
    });
  }

  it('run transactions there', async () => {
    await connect({ requester: 'house', decide: 'alone' });
    const program = await connect();
    const newLocker = createLockers({}, program.protocol);
    const result = await newLocker('lights', 'on').promise(function* (value) {
      return `${yield Promise.resolve(value)}!`;
    });
    assert.equal(result, 'on!');
  });

  it('are told that another one has their name', async () => {
    await connect({ requester: 'house', decide: 'alone' });
    const one = await connect({ requester: 'twin' });
    const lock = await one.acquire('lights', 'me');
    await assert.rejects(
      connect({ requester: 'twin', connectTimeout: 5_000 }),
      /another Node-RED has the name twin|twin.*lives|name/,
    );
    assert.equal(lock.isHeld(), true);
  });

  for (const protocolVersion of [4, 5] as const) {
    for (const over of ['TCP', 'websockets', 'websockets over TLS', 'TLS']) {
      it(`lock over ${over} with MQTT ${protocolVersion === 4 ? '3.1.1' : '5'}`, async () => {
        await connect({ requester: 'house', decide: 'alone' });
        const program = await connect({ protocolVersion, ...wayOver(over) });
        const lock = await program.acquire('lights', 'me', { ttl: 60_000 });
        const before = lock.expires;
        await lock.extend(120_000);
        assert.ok(lock.expires > before + 50_000);
        assert.equal(await lock.release(), undefined);
      });
    }
  }

  function wayOver(over: string): Partial<ConnectOptions> {
    if (over === 'TCP') return {};
    if (over === 'websockets') return { url: `ws://127.0.0.1:${wsPort}` };
    const { ca, client } = certificates;
    if (over === 'websockets over TLS') return { url: `wss://localhost:${wssPort}`, tls: { ca } };
    return { url: `mqtts://localhost:${tlsPort}`, tls: { ca, ...client } };
  }

  it('do not let a process end before they are closed, and let it end then', async () => {
    await connect({ requester: 'house', decide: 'alone' });
    const script = `
      const { connectLocks } = require(${JSON.stringify(`${REPOSITORY}/src/registry/connect-locks.ts`)});
      connectLocks(${JSON.stringify({ url: mosquitto.url, prefix: `locks${places}` })}).then(async (locks) => {
        await locks.acquire('lights', 'me');
        process.on('SIGUSR2', () => void locks.close());
        console.log('held');
      });`;
    const child = spawn(process.execPath, ['--require', 'tsx', '-e', script], {
      cwd: REPOSITORY,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exit = once(child, 'exit');
    await once(child.stdout, 'data');
    assert.equal(child.exitCode, null);
    child.kill('SIGUSR2');
    assert.deepEqual(await exit, [0, null]);
  });
});

describe('connecting to locks', () => {
  it('says that nobody decides there', async () => {
    const { url, stop } = await startMosquitto();
    try {
      const connecting = connectLocks({ url, connectTimeout: 1_000 });
      await assert.rejects(connecting, { message: 'no locks there: nobody decides here' });
    } finally {
      await stop();
    }
  });

  it('says that there is no broker, and where it looked', async () => {
    const url = `mqtt://127.0.0.1:${await freePort()}`;
    await assert.rejects(
      connectLocks({ url, connectTimeout: 5_000 }),
      new RegExp(`^Error: no locks there: ${url}: nothing listens there`),
    );
  });

  for (const protocolVersion of [4, 5] as const) {
    it(`says at once that the password is wrong (MQTT ${protocolVersion})`, async () => {
      const { url, stop } = await startMosquitto({ settings: ['allow_anonymous false'] });
      try {
        for (const decide of ['never', 'alone', 'takeover'] as const) {
          await assert.rejects(
            connectLocks({
              ...{ url, user: 'me', password: 'guess', connectTimeout: 3_600_000 },
              ...{ protocolVersion, decide, session: 3_600_000 },
            }),
            /no locks there: mqtt:.*password is wrong.* \((5|135)\)/,
          );
        }
      } finally {
        await stop();
      }
    });
  }

  const wrong: readonly (readonly [name: string, value: unknown, message: RegExp])[] = [
    ['url', undefined, /^url is undefined, but must be mqtt:/],
    ['url', 'http://house', /"http:\/\/house" is not like mqtt:/],
    ['url', 'mqtt://me:secret@', /^(?!.*secret).*is not like mqtt:/],
    ['prefix', '$SYS', /^prefix "\$SYS" /],
    ['prefix', 'a/#', /^prefix "a\/#" /],
    ['requester', '', /^requester "" /],
    ['decide', 'sometimes', /^decide is "sometimes", but must be 'never', 'alone' or 'takeover'$/],
    ['protocolVersion', 3, /^protocolVersion is 3, but must be 4 or 5$/],
    ['connectTimeout', 0, /^connectTimeout is 0, but must be a length in ms from 1 /],
    ['connectTimeout', Number.NaN, /^connectTimeout is NaN/],
    ['connectTimeout', Infinity, /^connectTimeout is Infinity/],
    ['session', 999, /^session is 999, but must be a length in ms from 1000 /],
    ['failoverDelay', -1, /^failoverDelay is -1/],
    ['failoverDelay', '5s', /^failoverDelay is "5s"/],
    ['handoverTimeout', -1, /^handoverTimeout is -1, .*, or Infinity$/],
    ['levels', [{ id: 'a', name: 'A', priority: Number.NaN }], /level a has the priority NaN/],
  ];
  for (const [name, value, message] of wrong) {
    it(`refuses ${name}: ${typeof value === 'object' ? 'one without a number' : String(value)}`, async () => {
      const options = { url: 'mqtt://127.0.0.1:1', [name]: value } as unknown as ConnectOptions;
      await assert.rejects(connectLocks(options), (error: unknown) => {
        assert.ok(error instanceof RangeError, String(error));
        assert.match(error.message, message);
        return true;
      });
    });
  }
});

function became(locks: ConnectedLocks, isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!isSo()) return;
      stop();
      resolve();
    };
    const stop = locks.onStatus(look);
    queueMicrotask(look);
  });
}
