// Payloads for whoever reads messages: some right, most of them wrong in some way.
import fc from 'fast-check';

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
  '{"v":1,"session":"s","epoch":1,"stream":1,"n":1,"ack":0,"ops":[{"op":"hello"},{"op":"claim","id":"i","name":"n",' +
    '"message":{"ttl":1},"keep":true,"was":{"granted":true,"tokens":{"a":1}}},{"op":"release","id":"i"},{"op":"ready"}]}',
  '{"v":1,"session":"s","epoch":1,"stream":1,"n":1,"ack":0,"beat":1,"tells":[{"id":"i","answer":{"result":"lost","resources":["a"]}}]}',
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

/** Bytes, JSON, and what is nearly a message of the contract. */
export const payloads = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.json().map((text) => Buffer.from(text)),
  nearlyMessages,
  mutated,
);
