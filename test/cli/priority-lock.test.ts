// The command `priority-lock` as a user of a shell has it: real processes on a real Mosquitto, where a program decides.
import assert from 'node:assert/strict';
import { type ConnectedLocks, connectLocks } from '../../src/registry/connect-locks';
import { freePort, type Mosquitto, startMosquitto } from '../support/mqtt-mosquitto';
import { ShellCommand } from '../support/shell-command';
import { stateBecame } from '../support/watch-locks';

/** Says what it gets, and goes on until it is killed. */
const STUBBORN = "trap 'echo stop' TERM; echo runs; while :; do sleep 0.05; done";
/** Ends as it is told. */
const WILLING = 'echo runs; exec sleep 600';
/** Until it is known whom to watch, which a command that speaks in its first millisecond does not wait for. */
const SOON = 'sleep 0.3; ';
const SESSION = 6_000;

describe('priority-lock', function () {
  this.timeout(120_000);
  let mosquitto: Mosquitto;
  let house: ConnectedLocks;
  const running = new Set<ShellCommand>();

  before(async () => {
    mosquitto = await startMosquitto();
    house = await openHouse();
  });

  after(async () => {
    await house.close();
    await mosquitto.stop();
  });

  afterEach(() => {
    for (const command of running) command.signal('SIGKILL');
    running.clear();
  });

  function openHouse(): Promise<ConnectedLocks> {
    const policy = [
      { requester: 'operator', resource: '#', allowed: true, mayForce: true },
      { requester: '#', resource: '#', allowed: true },
    ];
    return connectLocks({
      ...{ url: mosquitto.url, requester: 'house', decide: 'alone', policy },
      session: SESSION,
    });
  }

  function run(...args: readonly string[]): ShellCommand {
    return start({ PRIORITY_LOCK_URL: mosquitto.url }, ...args);
  }

  function start(environment: Readonly<Record<string, string>>, ...args: readonly string[]): ShellCommand {
    const command = new ShellCommand(args, environment);
    running.add(command);
    return command;
  }

  async function isFree(resource: string): Promise<boolean> {
    const states = await house.query();
    return states.every((state) => state.resource !== resource || state.holder === undefined);
  }

  it('helps, and says which version it is', async () => {
    const help = run('--help');
    assert.equal(await help.ended, 0);
    assert.match(help.output, /^priority-lock: locks by priority, shared over MQTT\.\n/);
    assert.ok(help.output.split('\n').every((line) => line.length <= 120));
    const version = run('--version');
    assert.equal(await version.ended, 0);
    assert.match(version.output, /^\d+\.\d+\.\d+\n$/);
  });

  it('says what is wrong with its arguments, and where to read more', async () => {
    const command = run('hold', 'lights', '--ttl', '10', '--', 'true');
    assert.equal(await command.ended, 64);
    assert.match(
      command.complaints,
      /^priority-lock: --ttl 10 is no time: .*\nTry priority-lock --help\.\n$/,
    );
    const level = run('hold', 'lights', '--priority', 'nonsense', '--', 'true');
    assert.equal(await level.ended, 64);
    assert.match(level.complaints, /--priority: there is no level "nonsense", but .*manual/i);
  });

  describe('hold', () => {
    it('runs a command while all its resources are held, and ends as it does', async () => {
      const command = run('hold', 'a', 'b', '--value', '"on"', '--', 'sh', '-c', 'read x; echo $x; exit 7');
      await holder(house, 'b');
      const states = await house.query();
      const held = states.filter(({ holder: who }) => who !== undefined);
      assert.deepEqual(held.map(({ resource, value }) => [resource, value]).sort(), [
        ['a', 'on'],
        ['b', 'on'],
      ]);
      command.type('hello\n');
      assert.equal(await command.ended, 7);
      assert.equal(command.output, 'hello\n');
      assert.ok((await isFree('a')) && (await isFree('b')));
    });

    it('tells of a command that a signal has ended as a shell does', async () => {
      assert.equal(await run('hold', 'a', '--', 'sh', '-c', 'kill -INT $$').ended, 128 + 2);
      assert.equal(await run('hold', 'a', '--', 'sh', '-c', 'kill -KILL $$').ended, 128 + 9);
    });

    it('passes signals on to the command', async () => {
      const command = run('hold', 'a', '--', 'sh', '-c', WILLING);
      await command.said(/runs/);
      command.signal('SIGTERM');
      assert.equal(await command.ended, 128 + 15);
      assert.ok(await isFree('a'));
    });

    it('says that there is no such command, or that it may not be run', async () => {
      const nothing = run('hold', 'a', '--', 'no-such-command');
      assert.equal(await nothing.ended, 127);
      assert.match(nothing.complaints, /no-such-command/);
      assert.equal(await run('hold', 'a', '--', '/etc/passwd').ended, 126);
      assert.equal(await run('hold', 'a', '--', 'x'.repeat(5_000)).ended, 64);
      assert.ok(await isFree('a'));
    });

    it('asks the command to end when somebody stronger comes, and hands over when it has', async () => {
      const command = run('hold', 'a', '--', 'sh', '-c', WILLING);
      await command.said(/runs/);
      const alarm = await house.acquire('a', 'alarm', { priority: 100 });
      assert.equal(await command.ended, 74);
      assert.match(command.complaints, /priority-lock: the lock is lost: .*by alarm, priority 100/);
      await alarm.release();
    });

    it('kills a command that does not end in its grace', async () => {
      const command = run('hold', 'a', '--grace', '300ms', '--', 'sh', '-c', STUBBORN);
      await command.said(/runs/);
      const alarm = await house.acquire('a', 'alarm', { priority: 100 });
      assert.equal(await command.ended, 74);
      assert.match(command.output, /stop/);
      await alarm.release();
    });

    it('ends the command when the lease is over', async () => {
      const command = run('hold', 'a', '--ttl', '2s', '--', 'sh', '-c', WILLING);
      assert.equal(await command.ended, 74);
      assert.match(command.complaints, /Lock Timeout/);
    });

    it('says that it was not granted, and runs nothing', async () => {
      await using _ = await house.acquire('a', 'other', { priority: 5 });
      const now = run('hold', 'a', '--timeout', '0', '--', 'echo', 'runs');
      assert.equal(await now.ended, 75);
      assert.match(now.complaints, /priority-lock: not granted: .*by other/);
      const later = run('hold', 'a', '--timeout', '200ms', '--', 'echo', 'runs');
      assert.equal(await later.ended, 75);
      const polite = run('hold', 'a', '--timeout', '0', '--priority', '9', '--polite', '--', 'echo', 'runs');
      assert.equal(await polite.ended, 75);
      assert.equal(now.output + later.output + polite.output, '');
    });

    it('waits for its turn', async () => {
      const lock = await house.acquire('a', 'other');
      const command = run('hold', 'a', '--', 'echo', 'runs');
      await stateBecame(house, 'a', ({ waitingCount }) => waitingCount === 1);
      assert.equal(command.output, '');
      await lock.release();
      assert.equal(await command.ended, 0);
      assert.equal(command.output, 'runs\n');
    });

    it('ends the command and lets the lock go a session time later when it is killed itself', async () => {
      const command = run('hold', 'a', '--', 'sh', '-c', `${SOON}${WILLING}`);
      await command.said(/runs/);
      command.signal('SIGKILL');
      const began = performance.now();
      // Its output ends with the last process that writes to it.
      assert.equal(await command.ended, null);
      const lock = await house.acquire('a', 'next');
      assert.ok(performance.now() - began > SESSION / 4);
      await lock.release();
    });

    it('leaves no command behind that does not end as it is told, either', async () => {
      const command = run('hold', 'a', '--grace', '1s', '--', 'sh', '-c', `${SOON}${STUBBORN}`);
      await command.said(/runs/);
      command.signal('SIGKILL');
      assert.equal(await command.ended, null);
      assert.match(command.output, /stop/);
      // The lock goes later, with its session.
      await (await house.acquire('a', 'next')).release();
    });

    it('leaves a claim standing until it is released', async () => {
      const held = run('hold', 'a', '--value', 'on', '--ttl', '1h');
      assert.equal(await held.ended, 0);
      assert.match(held.output, /^a: held, token \d+, until \d{4}-/);
      await holder(house, 'a');
      const waiting = run('hold', 'a', '--requester', 'other', '--ttl', '1h');
      assert.equal(await waiting.ended, 0);
      assert.equal(waiting.output, 'a: waiting\n');
      const refused = run('hold', 'a', '--requester', 'third', '--ttl', '1h', '--timeout', '0');
      assert.equal(await refused.ended, 75);
      assert.equal(await run('release', 'a').ended, 0);
      await stateBecame(house, 'a', ({ holder: who }) => who === 'other');
      assert.equal(await run('release', 'a', '--requester', 'other').ended, 0);
      await (await house.acquire('a', 'me')).release();
    });
  });

  it('lists who has what', async () => {
    const lock = await house.acquire('rooms/kitchen', 'me', { priority: 4, value: 'on' });
    const leased = await house.acquire('rooms/bath', 'me', { ttl: 60_000 });
    const waiting = house.acquire('rooms/kitchen', 'you');
    const list = run('list', 'rooms/+');
    assert.equal(await list.ended, 0);
    const [bath, kitchen] = list.output.trimEnd().split('\n');
    assert.match(bath ?? '', /^rooms\/bath: held by me \(0\), until \d{4}-.*Z$/);
    assert.equal(kitchen, 'rooms/kitchen: held by me (4), "on", 1 waiting');
    const json = run('list', 'rooms/kitchen', '--json');
    assert.equal(await json.ended, 0);
    const { resource, holder: who, token } = JSON.parse(json.output);
    assert.deepEqual([resource, who, token], ['rooms/kitchen', 'me', lock.token]);
    await lock.release();
    await (await waiting).release();
    await leased.release();
  });

  it('watches over a restart of the broker, until it is interrupted', async () => {
    const watch = run('watch', 'lights');
    const first = await house.acquire('lights', 'first');
    await watch.said(/lights: held by first/);
    await mosquitto.kill('SIGTERM');
    await mosquitto.start();
    await first.release();
    const second = await house.acquire('lights', 'second', { value: 1 });
    await watch.said(/lights: held by second \(0\), 1/);
    await second.release();
    await watch.said(/lights: free/);
    watch.signal('SIGINT');
    assert.equal(await watch.ended, 0);
  });

  it('ends as others do when nobody reads on', async () => {
    const watch = run('watch', 'lights');
    const first = await house.acquire('lights', 'first');
    await watch.said(/held by first/);
    watch.closeOutput();
    await first.release();
    assert.equal(await watch.ended, 128 + 13);
  });

  it('ends the hold of another one by force, where a rule lets it', async () => {
    const lock = await house.acquire('a', 'me');
    const stranger = run('force', 'a', '--requester', 'stranger');
    assert.equal(await stranger.ended, 75);
    assert.match(stranger.complaints, /^priority-lock: .+\n$/);
    assert.equal(lock.isHeld(), true);
    const operator = run('force', 'a', '--requester', 'operator');
    assert.equal(await operator.ended, 0);
    assert.equal(operator.output, 'a: me holds it no longer\n');
    assert.equal(lock.isHeld(), false);
    const again = run('force', 'a', '--requester', 'operator');
    assert.equal(await again.ended, 75);
    assert.equal(again.complaints, 'priority-lock: nobody holds a\n');
  });

  it('ends the command by its own clock when the broker dies', async () => {
    const command = run('hold', 'a', '--grace', '1s', '--', 'sh', '-c', WILLING);
    await command.said(/runs/);
    await mosquitto.kill();
    try {
      assert.equal(await command.ended, 74);
      assert.match(command.complaints, /Lock Session Lost/);
    } finally {
      await mosquitto.start();
    }
    await house.close();
    house = await openHouse();
  });
});

describe('priority-lock without anybody to ask', function () {
  this.timeout(120_000);

  it('says that there is no broker', async () => {
    const url = `mqtt://127.0.0.1:${await freePort()}`;
    for (const verb of [['hold', 'a', '--', 'true'], ['hold', 'a'], ['release', 'a'], ['list']]) {
      const [first = '', ...rest] = verb;
      const command = new ShellCommand([first, '--url', url, '--connect-timeout', '3s', ...rest]);
      assert.equal(await command.ended, 69, verb.join(' '));
      assert.match(command.complaints, /nothing listens there/);
    }
  });

  it('says that nobody decides there, and leaves nothing behind', async () => {
    const { url, stop } = await startMosquitto();
    try {
      const list = new ShellCommand(['list', '--url', url, '--connect-timeout', '3s']);
      assert.equal(await list.ended, 69);
      assert.match(list.complaints, /nobody decides here/);
      const standing = new ShellCommand(['hold', 'a', '--url', url, '--requester', 'me', '--ttl', '1h']);
      assert.equal(await standing.ended, 69);
      assert.match(standing.complaints, /nobody who decides has answered/);
      const house = await connectLocks({ url, requester: 'house', decide: 'alone' });
      const lock = await house.acquire('a', 'you', { timeout: 0 });
      await lock.release();
      await house.close();
    } finally {
      await stop();
    }
  });

  it('takes the password from the environment', async () => {
    const { url, stop } = await startMosquitto({
      settings: ['allow_anonymous false', 'password_file {dir}/passwords'],
      files: { passwords: PASSWORDS },
    });
    try {
      const house = await connectLocks({ url, user: 'house', password: 'secret', decide: 'alone' });
      const list = (password: string) =>
        new ShellCommand(['list', ...['--url', url, '--user', 'house', '--connect-timeout', '1h']], {
          PRIORITY_LOCK_PASSWORD: password,
        });
      assert.equal(await list('secret').ended, 0);
      const wrong = list('guess');
      assert.equal(await wrong.ended, 69);
      assert.match(wrong.complaints, /password is wrong/);
      await house.close();
    } finally {
      await stop();
    }
  });
});

function holder(locks: ConnectedLocks, resource: string): Promise<void> {
  return stateBecame(locks, resource, (state) => state.holder !== undefined);
}

/** Made by mosquitto_passwd for `house`, with `secret`. */
const PASSWORDS =
  'house:$7$101$lohYzWH/bAyhL1b1$LJ2nQzTL5NKiNJx9RyZCJ3byuMbhn5N52YXFTOSs/jV11Qiw/tQ7my4U4zrCj7vcQHxLD05i6NF+iJdSiwIF7w==\n';
