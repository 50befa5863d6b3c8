import assert from 'node:assert/strict';
import type { Answer, ArbiterMessage, ClaimMessage, ResourceState } from '../../src/mqtt/messages';
import {
  type ReadError,
  readAnswer,
  readArbiter,
  readClaim,
  readForce,
  readState,
} from '../../src/mqtt/read-message';

const bytes = (text: string) => Buffer.from(text);
const json = (value: unknown) => bytes(JSON.stringify(value));

const CLAIM: Required<ClaimMessage> = {
  id: 'press 7',
  resource: 'kitchen/light',
  resources: ['kitchen/light', 'bedroom/light'],
  locker: 'motion detected',
  priority: 'manual',
  value: { brightness: 40, effects: [null, true, 'x'] },
  ttl: 60_000,
  renew: true,
  timeout: 0,
  grace: 500,
  preempt: false,
  once: true,
  yielded: 1_700_000_000_000,
  holding: ['a', 'b'],
};

const ANSWER: Required<Answer> = {
  id: 'press 7',
  result: 'lost',
  resources: ['kitchen/light'],
  token: 7,
  expires: '2026-11-24T10:00:00.000Z',
  remaining: 12.5,
  until: '2026-11-24T10:00:00.000Z',
  ended: '2026-11-24T10:00:00.000Z',
  wish: { priority: 100, value: ['on'] },
  order: 3,
  regained: true,
  reason: 'preempted',
  detail: 'rule 3',
  by: { locker: 'alarm', requester: 'pi', priority: 900, level: 'security' },
  hash: 'abc',
};

const STATE: Required<ResourceState> = {
  v: 1,
  resource: 'kitchen/light',
  state: 'held',
  holder: 'motion detected',
  requester: 'pi',
  priority: 100,
  level: 'motion',
  value: 'on',
  token: 7,
  since: '2026-11-24T10:00:00.000Z',
  expires: '2026-11-24T10:00:00.000Z',
  remaining: 10,
  claims: [
    {
      id: 'press 7',
      requester: 'pi',
      name: 'lights',
      session: 's',
      resources: ['kitchen/light'],
      priority: 100,
      expires: '2026-11-24T10:00:00.000Z',
      remaining: 10,
      locker: 'motion detected',
      value: ['on'],
      order: 1,
      written: 2,
      standing: true,
      ttl: 1_000,
      grace: 0,
    },
  ],
  waiting: [{ locker: 'save energy', requester: 'pi', priority: -100, level: 'energy' }],
  waitingCount: 1,
  epoch: 3,
};

const ARBITER: Required<ArbiterMessage> = {
  v: 1,
  online: true,
  requester: 'house-pi',
  instance: 'i1',
  epoch: 4,
  tokenFloor: 1_800_000_000_000,
  left: false,
  settings: { sessionTime: 10_000 },
};

function errorOf(reading: { readonly error?: ReadError | undefined }): ReadError {
  assert.ok(reading.error !== undefined, 'it was believed');
  return reading.error;
}

describe('reading claims', () => {
  it('takes {} for a whole claim', () => {
    assert.deepEqual(readClaim(bytes('{}')).message, {});
  });

  it('keeps every field of the contract', () => {
    const { resources: _, ...single } = CLAIM;
    const { resource: __, ...several } = CLAIM;
    assert.deepEqual(readClaim(json(single)).message, single);
    assert.deepEqual(readClaim(json(several)).message, several);
  });

  it('keeps a value that is null, false, 0 or empty', () => {
    for (const value of [null, false, 0, '', [], {}]) {
      assert.deepEqual(readClaim(json({ value })).message, { value });
    }
  });

  it('ignores unknown fields and leaves them out', () => {
    assert.deepEqual(readClaim(json({ ttl: 5, colour: 'red', v: 9 })).message, { ttl: 5 });
  });

  it('lets the last one of two equal keys count', () => {
    assert.deepEqual(readClaim(bytes('{"ttl":1,"ttl":2}')).message, { ttl: 2 });
  });

  it('accepts a byte order mark, as editors write it', () => {
    assert.deepEqual(readClaim(bytes('\ufeff{"ttl":1}')).message, { ttl: 1 });
  });

  it('lets no key reach a prototype', () => {
    const { message } = readClaim(bytes('{"__proto__":{"priority":1000},"constructor":{"ttl":1}}'));
    assert.deepEqual(Object.keys(message ?? { no: 1 }), []);
    assert.equal(message?.priority, undefined);
    assert.equal(errorOf(readClaim(bytes('{"value":{"a":[{"__proto__":1}]}}'))).field, 'value');
  });

  it('names the same payload by the same hash, and another by another', () => {
    const hash = readClaim(bytes('{"ttl":1}')).hash;
    assert.match(hash, /^[\w-]{16}$/);
    assert.equal(readClaim(bytes('{"ttl":1}')).hash, hash);
    assert.notEqual(readClaim(bytes('{"ttl": 1}')).hash, hash);
    assert.match(readClaim(bytes('nonsense')).hash, /^[\w-]{16}$/);
  });

  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ['', 'payload', /the payload is empty, but must be JSON/],
    ['ON', 'payload', /the payload is not JSON \(Unexpected token/],
    ['7', 'payload', /the payload is 7, but must be a JSON object; \{\} is enough/],
    ['null', 'payload', /the payload is null, but must be a JSON object/],
    ['[]', 'payload', /the payload is an empty list, but must be a JSON object/],
    [
      '{"priority":[1]}',
      'priority',
      /priority is a list of 1, but must be a finite number or the name of a level/,
    ],
    ['{"priority":""}', 'priority', /priority is "", but/],
    ['{"priority":1e999}', 'priority', /priority is Infinity, but must be a finite number/],
    ['{"priority":null}', 'priority', /priority is null/],
    ['{"ttl":"60s"}', 'ttl', /ttl is "60s", but must be a length in ms, above 0/],
    ['{"ttl":0}', 'ttl', /ttl is 0, but must be a length in ms, above 0/],
    ['{"ttl":-5}', 'ttl', /ttl is -5/],
    ['{"ttl":1e300}', 'ttl', /at most 100 years/],
    ['{"timeout":-1}', 'timeout', /timeout is -1, but must be a length in ms, not below 0/],
    ['{"grace":true}', 'grace', /grace is true/],
    ['{"id":5}', 'id', /id is 5, but must be a text of 1 to 256 characters/],
    ['{"id":"\\ud800"}', 'id', /id is .*which is not well-formed text/],
    ['{"renew":"yes"}', 'renew', /renew is "yes", but must be true or false/],
    ['{"once":1}', 'once', /once is 1/],
    ['{"yielded":1.5}', 'yielded', /yielded is 1.5, but must be a token/],
    ['{"locker":""}', 'locker', /locker is ""/],
    ['{"locker":{"a":1}}', 'locker', /locker is an object, but must be a name/],
    ['{"resource":"a//b"}', 'resource', /resource is "a\/\/b", which has an empty level/],
    [`{"resource":"${'ä'.repeat(300)}"}`, 'resource', /resource is ".{50,60}…, which is over 512 bytes/],
    ['{"resources":[]}', 'resources', /resources is an empty list, but must be a list of different/],
    ['{"resources":["b","a","b"]}', 'resources', /^resources has "b" twice$/],
    ['{"resources":["a",7]}', 'resources[1]', /resources\[1\] is 7, but must be the name of a resource/],
    ['{"resources":["a","b/"]}', 'resources[1]', /resources\[1\] is "b\/", which has an empty level/],
    ['{"resource":"a","resources":["b"]}', 'resources', /only one of them may be/],
    ['{"holding":["a",{}]}', 'holding[1]', /holding\[1\] is an object, but must be the id of a claim/],
    ['{"value":{"a":[-1e999]}}', 'value', /value has a number that is too large/],
    [`{"value":${'['.repeat(40)}${']'.repeat(40)}}`, 'value', /value is nested deeper than 32 levels/],
  ];
  for (const [payload, field, text] of wrong) {
    it(`says what is wrong with ${payload.slice(0, 50)}`, () => {
      const error = errorOf(readClaim(bytes(payload)));
      assert.equal(error.field, field);
      assert.match(error.text, text);
      assert.ok(error.text.length < 300);
    });
  }

  it('refuses what is not UTF-8', () => {
    const error = errorOf(readClaim(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])));
    assert.match(error.text, /not UTF-8/);
  });

  it('takes 64 KiB, and not one byte more', () => {
    const filled = (size: number) => bytes(`{"x":"${'a'.repeat(size - 8)}"}`);
    assert.deepEqual(readClaim(filled(65_536)).message, {});
    assert.match(errorOf(readClaim(filled(65_537))).text, /65537 bytes, over 65536/);
  });

  it('survives nesting of any depth', () => {
    const deep = `${'['.repeat(32_000)}${']'.repeat(32_000)}`;
    assert.equal(errorOf(readClaim(bytes(`{"value":${deep}}`))).field, 'value');
    assert.equal(errorOf(readClaim(bytes(`{"ttl":${deep}}`))).field, 'ttl');
    assert.equal(errorOf(readClaim(bytes(deep))).field, 'payload');
    assert.deepEqual(readClaim(bytes(`{"x":${deep}}`)).message, {});
  });
});

describe('reading forced releases', () => {
  it('takes a token or a purge', () => {
    assert.deepEqual(readForce(json({ token: 7 })).message, { token: 7 });
    assert.deepEqual(readForce(json({ purge: true })).message, { purge: true });
  });

  for (const payload of [
    '{}',
    '{"purge":false}',
    '{"token":"7"}',
    '{"token":-1}',
    '{"token":1,"purge":true}',
    '',
  ]) {
    it(`refuses ${payload || 'nothing'}`, () => {
      assert.ok(errorOf(readForce(bytes(payload))).text.length > 10);
    });
  }
});

describe('reading back what an arbiter wrote', () => {
  it('keeps every field of answers, states and its presence', () => {
    assert.deepEqual(readAnswer(json(ANSWER)).message, ANSWER);
    assert.deepEqual(readState(json(STATE)).message, STATE);
    assert.deepEqual(readArbiter(json(ARBITER)).message, ARBITER);
  });

  it('names the field that is wrong, however deep', () => {
    const [claim] = STATE.claims;
    const claims = [claim, { ...claim, order: -1 }];
    assert.match(
      errorOf(readState(json({ ...STATE, claims }))).text,
      /^claims\[1\]\.order is -1, but must be/,
    );
    const { id: _, ...nameless } = { ...claim };
    assert.equal(errorOf(readState(json({ ...STATE, claims: [nameless] }))).text, 'claims[0].id is missing');
  });

  it('leaves out unknown fields, however deep', () => {
    const claims = STATE.claims.map((claim) => ({ ...claim, extra: 1 }));
    assert.deepEqual(readState(json({ ...STATE, claims, extra: 1 })).message, STATE);
  });

  const garbage: readonly (readonly [string, unknown])[] = [
    ['another version', { ...STATE, v: 2 }],
    ['a time that is none', { ...STATE, since: '2026-99-99T10:00:00.000Z' }],
    ['a time in words', { ...STATE, since: 'tomorrow' }],
    ['a token that no number can hold', { ...STATE, token: 2 ** 60 }],
    ['a resource that nobody can name', { ...STATE, resource: 'a//b' }],
    ['a value with a trap', JSON.parse('{"v":1,"value":{"__proto__":1}}')],
    ['a state that is none', { ...STATE, state: 'mine' }],
    ['claims that are no list', { ...STATE, claims: { length: 1 } }],
  ];
  for (const [what, value] of garbage) {
    it(`does not believe ${what}`, () => {
      errorOf(readState(json(value)));
    });
  }

  it('does not believe answers without a result, or with one that there is not', () => {
    const { result: _, ...rest } = ANSWER;
    assert.equal(errorOf(readAnswer(json(rest))).text, 'result is missing');
    assert.match(
      errorOf(readAnswer(json({ ...ANSWER, result: 'won' }))).text,
      /result is "won", but must be one of/,
    );
  });

  it('reads states with many large values', () => {
    const [claim] = STATE.claims;
    const claims = Array.from({ length: 40 }, () => ({ ...claim, value: 'x'.repeat(8_000) }));
    assert.equal(readState(json({ ...STATE, claims })).message?.claims.length, 40);
  });
});
