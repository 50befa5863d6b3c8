import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readAnswer, readArbiter, readClaim, readForce, readState } from '../../src/mqtt/read-message';
import { readBeat, readDown, readEvent, readPresence, readUp } from '../../src/mqtt/read-session-message';

const seed = Number(process.env.SEED ?? Date.now());
const readers = {
  ...{ readClaim, readForce, readAnswer, readState, readArbiter },
  ...{ readPresence, readBeat, readUp, readDown, readEvent },
};

const KEYS = [
  ...[
    'id',
    'resource',
    'resources',
    'locker',
    'priority',
    'value',
    'ttl',
    'renew',
    'timeout',
    'grace',
    'preempt',
  ],
  ...[
    'once',
    'yielded',
    'holding',
    'token',
    'purge',
    'result',
    'v',
    'state',
    'claims',
    'waiting',
    'waitingCount',
  ],
  ...[
    'epoch',
    'online',
    'requester',
    'instance',
    'tokenFloor',
    'settings',
    'by',
    'since',
    'expires',
    'remaining',
  ],
  ...['session', 'stream', 'n', 'ack', 'ops', 'tells', 'beat', 'refused', 'left'],
  ...['__proto__', 'constructor', 'toString', 'length'],
];

/** Objects with the keys of the contract and any JSON below them, as text: `JSON.parse` alone makes `__proto__` a key. */
const nearlyMessages = fc
  .array(fc.tuple(fc.constantFrom(...KEYS), fc.oneof(fc.json({ maxDepth: 4 }), fc.constant('1e999'))), {
    maxLength: 8,
  })
  .map((fields) => Buffer.from(`{${fields.map(([key, value]) => `"${key}":${value}`).join(',')}}`));

const VALID = [
  '{"id":"x","resources":["a/b","c"],"locker":"me","priority":"manual","value":{"a":[1]},"ttl":60000,"once":true}',
  '{"v":1,"resource":"a","state":"held","claims":[{"id":"i","requester":"r","name":"n","resources":["a"],"priority":1,' +
    '"locker":"l","order":1,"standing":true}],"waiting":[],"waitingCount":0,"epoch":1,"since":"2026-01-01T00:00:00.000Z"}',
  '{"result":"granted","resources":["a"],"token":1,"by":{"locker":"x"}}',
  '{"v":1,"online":true,"requester":"r","instance":"i","epoch":1,"tokenFloor":1,"settings":{}}',
];

/** Valid messages with bytes changed, cut out or put in. */
const mutated = fc
  .tuple(
    fc.constantFrom(...VALID),
    fc.array(fc.tuple(fc.nat(400), fc.nat(3), fc.uint8Array({ maxLength: 3 })), {
      minLength: 1,
      maxLength: 6,
    }),
  )
  .map(([text, cuts]) =>
    cuts.reduce<Buffer>((payload, [at, count, put]) => {
      const start = at % payload.length;
      return Buffer.concat([payload.subarray(0, start), put, payload.subarray(start + count)]);
    }, Buffer.from(text)),
  );

const payloads = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.json().map((text) => Buffer.from(text)),
  nearlyMessages,
  mutated,
);

describe(`the message readers, fed with anything (SEED=${seed})`, () => {
  for (const [name, read] of Object.entries(readers)) {
    it(`${name} gives a message or an error, never both, never throws`, () => {
      fc.assert(
        fc.property(payloads, (payload) => {
          const { message, error, hash } = read(payload);
          assert.match(hash, /^[\w-]{16}$/);
          assert.equal(message === undefined, error !== undefined);
          if (error === undefined) return;
          assert.ok(error.field.length > 0 && error.text.length < 400, error.text);
          assert.doesNotMatch(error.text, /undefined/);
        }),
        { seed, numRuns: 5_000 },
      );
    });

    it(`${name} reads the same from what it gave`, () => {
      fc.assert(
        fc.property(payloads, (payload) => {
          const { message } = read(payload);
          if (message === undefined) return;
          const again = read(Buffer.from(JSON.stringify(message)));
          // As text: JSON knows no -0.
          assert.equal(JSON.stringify(again.message), JSON.stringify(message));
        }),
        { seed, numRuns: 5_000 },
      );
    });
  }
});
