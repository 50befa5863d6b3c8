import assert from 'node:assert/strict';
import { objectToPattern, resourceMatcher, topicMatcher } from '../../src/mqtt/topic-filter';

// Pattern, name, whether it matches: what sections 4.7.1 and 4.7.2 of MQTT 3.1.1 say.
const SPEC: readonly (readonly [string, string, boolean])[] = [
  ['sport/tennis/player1/#', 'sport/tennis/player1', true],
  ['sport/tennis/player1/#', 'sport/tennis/player1/ranking', true],
  ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon', true],
  ['sport/tennis/player1/#', 'sport/tennis/player2', false],
  ['sport/tennis/player1/#', 'sport/tennis', false],
  ['sport/#', 'sport', true],
  ['#', 'sport', true],
  ['#', 'sport/tennis/player1', true],
  ['sport/tennis/+', 'sport/tennis/player1', true],
  ['sport/tennis/+', 'sport/tennis/player2', true],
  ['sport/tennis/+', 'sport/tennis/player1/ranking', false],
  ['sport/+', 'sport', false],
  ['sport/+', 'sport/', true],
  ['+', 'sport', true],
  ['+', 'sport/tennis', false],
  ['+/tennis/#', 'sport/tennis', true],
  ['+/tennis/#', 'sport/tennis/player1', true],
  ['+/tennis/#', 'sport/golf', false],
  ['sport/+/player1', 'sport/tennis/player1', true],
  ['sport/+/player1', 'sport/tennis/player2', false],
  ['+/+', '/finance', true],
  ['/+', '/finance', true],
  ['+', '/finance', false],
  ['ACCOUNTS', 'Accounts', false],
  ['a', 'a', true],
  ['a/b', 'a/b/c', false],
];

describe('matching with + and #', () => {
  for (const [pattern, name, matches] of SPEC) {
    it(`${pattern} ${matches ? 'matches' : 'does not match'} ${name}`, () => {
      assert.equal(resourceMatcher(pattern)(name), matches);
      assert.equal(topicMatcher(pattern)(name), matches);
    });
  }

  it('takes # only alone and last, + only alone', () => {
    for (const pattern of ['', 'sport/tennis#', 'sport/tennis/#/ranking', 'sport+', '+a/b', '##']) {
      assert.notEqual(objectToPattern(pattern), undefined, pattern);
      assert.throws(() => resourceMatcher(pattern), RangeError);
    }
    assert.throws(() => resourceMatcher('sport+'), /pattern "sport\+" has "sport\+", but/);
  });

  it('keeps topics that begin with $ from wildcards at the first level', () => {
    for (const filter of ['#', '+/monitor/Clients', '+/#']) {
      assert.equal(topicMatcher(filter)('$SYS/monitor/Clients'), false, filter);
    }
    assert.equal(topicMatcher('$SYS/#')('$SYS/monitor/Clients'), true);
    assert.equal(topicMatcher('$SYS/monitor/+')('$SYS/monitor/Clients'), true);
  });

  it('takes a $ in a resource for a letter like any other', () => {
    assert.equal(resourceMatcher('#')('$lamp'), true);
    assert.equal(resourceMatcher('+')('$lamp'), true);
    assert.equal(resourceMatcher('$lamp')('$lamp'), true);
  });

  it('finds names with + # % in them when they are spelt as in a topic', () => {
    assert.equal(resourceMatcher('C%23/+')('C#/x'), true);
    assert.equal(resourceMatcher('a%2Bb')('a+b'), true);
    assert.equal(resourceMatcher('50%25')('50%'), true);
    assert.equal(resourceMatcher('50% light')('50% light'), true);
  });
});
