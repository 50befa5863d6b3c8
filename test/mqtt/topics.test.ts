import assert from 'node:assert/strict';
import fc from 'fast-check';
import { objectToPrefix, objectToRequester, objectToResource } from '../../src/mqtt/names';
import { topicsUnder } from '../../src/mqtt/topics';

const seed = Number(process.env.SEED ?? Date.now());
const property = { seed, numRuns: 2_000 };
const topics = topicsUnder('home/locks');

/** Any text, with what is special in topics far more often than by chance. */
const anyText = fc
  .array(
    fc.oneof(fc.string({ unit: 'binary', maxLength: 8 }), fc.constantFrom(...'/+#%$\0\x07\u0085\ufffe"ä😀')),
    {
      maxLength: 12,
    },
  )
  .map((parts) => parts.join(''));
const requesters = anyText.filter((text) => objectToRequester(text) === undefined);
const resources = anyText.filter((text) => objectToResource(text) === undefined);

describe(`topics (SEED=${seed})`, () => {
  it('puts names into topics as the contract shows them', () => {
    assert.equal(topics.claim('panel', 'kitchen light'), 'home/locks/claim/panel/kitchen light');
    assert.equal(topics.answer('panel', 'house/ground'), 'home/locks/answer/panel/house/ground');
    assert.equal(topics.state('house/ground/lights'), 'home/locks/state/house/ground/lights');
    assert.equal(topics.session('house-pi'), 'home/locks/session/house-pi');
    assert.equal(topics.beat('house-pi'), 'home/locks/beat/house-pi');
    assert.equal(topics.force('ops', 'a/b'), 'home/locks/force/ops/a/b');
    assert.equal(topics.holder('a/b'), 'home/locks/holder/a/b');
    assert.equal(topics.value('a/b'), 'home/locks/value/a/b');
    assert.equal(topics.arbiter, 'home/locks/arbiter');
    assert.equal(topics.arbiterBeat, 'home/locks/arbiter/beat');
    assert.equal(topics.event, 'home/locks/event');
    assert.equal(topics.all('claim'), 'home/locks/claim/#');
  });

  it('spells wildcards, $, %, controls and noncharacters as %XX, and a / in a requester too', () => {
    assert.equal(topics.state('50% + $#\0\x9f\ufffe'), 'home/locks/state/50%25 %2B %24%23%00%C2%9F%EF%BF%BE');
    assert.equal(topics.claim('a/b', 'a/b'), 'home/locks/claim/a%2Fb/a/b');
  });

  it('reads back every topic that it builds', () => {
    fc.assert(
      fc.property(requesters, resources, (requester, name) => {
        assert.deepEqual(topics.parse(topics.claim(requester, name)), { kind: 'claim', requester, name });
        assert.deepEqual(topics.parse(topics.answer(requester, name)), { kind: 'answer', requester, name });
        const force = topics.parse(topics.force(requester, name));
        assert.deepEqual(force, { kind: 'force', requester, resource: name });
        for (const kind of ['state', 'holder', 'value'] as const) {
          assert.deepEqual(topics.parse(topics[kind](name)), { kind, resource: name });
        }
        for (const kind of ['session', 'beat'] as const) {
          assert.deepEqual(topics.parse(topics[kind](requester)), { kind, requester });
        }
        const said = topics.parse(topics.sessionClaims(requester));
        assert.deepEqual(said, { kind: 'session-claims', requester });
        const told = topics.parse(topics.sessionAnswers(requester));
        assert.deepEqual(told, { kind: 'session-answers', requester });
      }),
      property,
    );
  });

  it('builds nothing that a broker could take for a wildcard, or cut a client off for', () => {
    fc.assert(
      fc.property(requesters, resources, (requester, name) => {
        const topic = topics.claim(requester, name);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
        assert.doesNotMatch(topic, /[+#$\u0000-\u001f\u007f-\u009f\ufdd0-\ufdef\ufffe\uffff]/);
        assert.ok(Buffer.byteLength(topic) < 65_536);
      }),
      property,
    );
  });

  it('gives different names different topics', () => {
    const pair = fc.tuple(requesters, resources);
    fc.assert(
      fc.property(pair, pair, (one, other) => {
        const same = topics.claim(...one) === topics.claim(...other);
        assert.equal(same, one[0] === other[0] && one[1] === other[1]);
      }),
      property,
    );
  });

  it('never throws at a topic, and takes only the one spelling of a name', () => {
    const wild = fc.oneof(
      anyText,
      anyText.map((rest) => `home/locks/claim/${rest}`),
      fc.tuple(requesters, anyText).map(([requester, rest]) => `home/locks/claim/${requester}/${rest}`),
      anyText.map((rest) => `home/locks/state/${rest}`),
    );
    fc.assert(
      fc.property(wild, (topic) => {
        const parsed = topics.parse(topic);
        if (parsed?.kind === 'claim') assert.equal(topics.claim(parsed.requester, parsed.name), topic);
        if (parsed?.kind === 'state') assert.equal(topics.state(parsed.resource), topic);
        if (parsed?.kind === 'malformed') assert.equal(`home/locks/${parsed.of}/${parsed.rest}`, topic);
      }),
      property,
    );
  });

  const malformed: readonly (readonly [string, string, RegExp])[] = [
    ['small hex digits', 'claim/panel/a%2b', /name .*not spelt/],
    ['an encoded letter', 'claim/panel/%41', /name .*not spelt/],
    ['a bare $', 'state/a$', /name .*not spelt/],
    ['a broken escape', 'claim/pa%2/x', /requester .*not spelt/],
    ['bytes that are no UTF-8', 'claim/panel/%FF', /name .*not spelt/],
    ['an encoded / in a name', 'claim/panel/a%2Fb', /name .*not spelt/],
    ['a lone surrogate', 'claim/panel/a\ud800', /name .*not spelt/],
    ['no name', 'claim/panel', /a requester and a name/],
    ['an empty name', 'claim/panel/', /name .*is empty/],
    ['an empty requester', 'claim//lights', /requester .*is empty/],
    ['a requester that is misspelt', 'session/a/b', /requester .*not spelt/],
    ['no requester', 'beat/', /requester .*is empty/],
    ['an empty level', 'claim/panel/a//b', /name .*empty level/],
    ['33 levels', `claim/panel/${'a/'.repeat(32)}a`, /33 levels, over 32/],
    ['a name of 513 bytes', `state/${'ä'.repeat(256)}a`, /over 512 bytes/],
  ];
  for (const [what, rest, text] of malformed) {
    it(`refuses ${what}, and keeps where to answer`, () => {
      const parsed = topics.parse(`home/locks/${rest}`);
      assert.equal(parsed?.kind, 'malformed');
      assert.match(parsed.text, text);
      assert.equal(`${parsed.of}/${parsed.rest}`, rest);
      assert.equal(topics.answerTo(parsed.rest), `home/locks/answer/${parsed.rest}`);
    });
  }

  it('knows the topics without a name in them', () => {
    assert.deepEqual(topics.parse(topics.arbiter), { kind: 'arbiter' });
    assert.deepEqual(topics.parse(topics.arbiterBeat), { kind: 'arbiter-beat' });
    assert.deepEqual(topics.parse(topics.term), { kind: 'arbiter-term' });
    assert.deepEqual(topics.parse(topics.event), { kind: 'event' });
  });

  it('leaves alone what is not its own', () => {
    for (const topic of ['zigbee2mqtt/lamp', 'home/locksmith/claim/a/b', 'home/locks', 'home/locks/else/a']) {
      assert.equal(topics.parse(topic), undefined);
    }
  });

  it('allows 32 levels and 512 bytes', () => {
    assert.equal(objectToResource(`${'a/'.repeat(31)}a`), undefined);
    assert.equal(objectToResource('ä'.repeat(256)), undefined);
  });

  it('says the same of a name each time, however many there are', () => {
    for (let round = 0; round < 2; round++) {
      for (let n = 0; n < 1_500; n++) {
        assert.equal(objectToResource(`room ${n}`), undefined);
        assert.match(String(objectToResource(`room ${n}/`)), /empty level/);
      }
    }
  });

  it('refuses a prefix that a broker keeps for itself or takes for a filter', () => {
    const bad = [
      '',
      '$SYS',
      '$SYS/locks',
      'a/+',
      'locks/#',
      'lo#cks',
      '/locks',
      'locks/',
      'a//b',
      'a\0b',
      'a\ud800',
    ];
    for (const prefix of bad) assert.throws(() => topicsUnder(prefix), RangeError, JSON.stringify(prefix));
    assert.throws(() => topicsUnder('locks/'), /prefix "locks\/" has an empty level/);
    assert.equal(objectToPrefix('my home/locks'), undefined);
    assert.equal(objectToPrefix('50%/$x'), undefined);
  });
});
