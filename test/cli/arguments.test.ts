// What the arguments of the command mean, and what is said of those that are wrong.
import assert from 'node:assert/strict';
import { type Asked, readArguments, UsageError } from '../../src/cli/arguments';

function read(...all: readonly string[]): Asked {
  const asked = readArguments(all, {});
  assert.ok(typeof asked === 'object');
  return asked;
}

describe('the arguments of priority-lock', () => {
  it('hold what a command needs, with the time that it may take to end', () => {
    const { task } = read('hold', 'a', 'b/c', '--priority', '100', '--', 'make', '--priority', '-x');
    assert.deepEqual(task, {
      ...{ verb: 'hold', resources: ['a', 'b/c'], locker: undefined, priority: 100, value: undefined },
      ...{ ttl: undefined, timeout: undefined, grace: 5_000, isPolite: false },
      command: ['make', '--priority', '-x'],
    });
  });

  it('hold levels, values and times', () => {
    const options = ['--priority', 'manual', '--value', '{"on":true}', '--ttl', '1.5h', '--timeout', '0'];
    const { task } = read('hold', 'a', ...options, '--grace', '500ms', '--polite', '--locker', 'me');
    assert.deepEqual(task, {
      ...{ verb: 'hold', resources: ['a'], locker: 'me', priority: 'manual', value: { on: true } },
      ...{ ttl: 5_400_000, timeout: 0, grace: 500, isPolite: true, command: [] },
    });
  });

  it('take a value that is no JSON for a text, and no grace for a claim that is left standing', () => {
    const { task } = read('hold', 'a', '--value', 'half open');
    assert.ok(task.verb === 'hold');
    assert.deepEqual([task.value, task.grace], ['half open', 0]);
  });

  it('say where and who, by options, by the environment, or as it mostly is', () => {
    const { place } = read('list');
    assert.deepEqual(
      [place.url, place.user, place.password, place.prefix, place.isNamed, place.connectTimeout],
      ['mqtt://127.0.0.1:1883', undefined, undefined, 'locks', false, 30_000],
    );
    assert.match(place.requester, /^shell-/);
    const environment = {
      PRIORITY_LOCK_URL: 'mqtts://house',
      PRIORITY_LOCK_USER: 'me',
      PRIORITY_LOCK_PASSWORD: 'secret',
    };
    const asked = readArguments(['list'], environment);
    assert.ok(typeof asked === 'object');
    const { url, user, password, requester, isNamed } = asked.place;
    assert.deepEqual(
      [url, user, password, requester, isNamed],
      ['mqtts://house', 'me', 'secret', 'me', true],
    );
    const other = readArguments(['list', '--user', 'you', '--requester', 'desk'], environment);
    assert.ok(typeof other === 'object');
    assert.deepEqual([other.place.user, other.place.requester], ['you', 'desk']);
  });

  it('release, list, watch and force', () => {
    assert.deepEqual(read('release', 'a', 'b').task, { verb: 'release', resources: ['a', 'b'] });
    assert.deepEqual(read('list').task, { verb: 'list', pattern: '#', isJson: false });
    assert.deepEqual(read('watch', 'a/+', '--json').task, { verb: 'watch', pattern: 'a/+', isJson: true });
    assert.deepEqual(read('force', 'a').task, { verb: 'force', resource: 'a' });
  });

  it('ask for help or the version, whatever else they are', () => {
    assert.equal(readArguments(['hold', '--help'], {}), 'help');
    assert.equal(readArguments(['--version'], {}), 'version');
  });

  const wrong: readonly (readonly [line: string, message: RegExp])[] = [
    ['', /^what is to be done\? hold, release, list, watch or force$/],
    ['lock a', /^lock is none of hold, release, list, watch, force$/],
    ['hold', /^which resource\? priority-lock hold RESOURCE$/],
    ['release', /^which resource\? priority-lock release RESOURCE$/],
    ['force', /^which resource\?/],
    ['hold /', /^resource "\/" /],
    ['hold a --', /^a command is wanted after --$/],
    ['list -- ls', /^list runs no command/],
    ['list --ttl 3s', /^--ttl is an option of hold, not of list$/],
    ['force a b', /^force takes one resource: "b" is too much$/],
    ['watch a b', /^watch takes one pattern: "b" is too much$/],
    ['watch a/#/b', /a\/#\/b/],
    ['hold a --ttl 10', /^--ttl 10 is no time: a number with ms, s, m, h or d is wanted, as in 10s$/],
    ['hold a --ttl 0', /^--ttl 0 is no lease$/],
    ['hold a --timeout soon', /^--timeout soon is no time/],
    ['hold a --grace 6s', /^--grace 6s is longer than 5s$/],
    ['hold a --colour red', /Unknown option '--colour'/],
    ['hold a --ttl', /--ttl/],
    ['list --url http://house', /"http:\/\/house" is not like mqtt:/],
    ['list --prefix $SYS', /^prefix "\$SYS" /],
    [`list --requester ${'x'.repeat(600)}`, /^--requester "x+" /],
    ['list --connect-timeout 0', /^--connect-timeout 0 is too short/],
  ];
  for (const [line, message] of wrong) {
    it(`are refused: ${line || 'none'}`, () => {
      assert.throws(
        () => readArguments(line.split(' ').filter(Boolean), {}),
        (error: unknown) => {
          assert.ok(error instanceof UsageError, String(error));
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }
});
