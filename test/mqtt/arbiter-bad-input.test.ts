import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Answer } from '../../src/mqtt/messages';
import { readClaim } from '../../src/mqtt/read-message';
import { type ArbiterScene, startArbiter } from '../support/arbiter-scene';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

describe('a message that cannot be read', () => {
  let scene: ArbiterScene;

  beforeEach(async () => {
    scene = await startArbiter();
    await scene.device('panel/lights', { priority: 'motion', value: 'on' });
  });

  const bad: readonly (readonly [name: string, text: string, detail: RegExp])[] = [
    ['no JSON', '{"priority"', /the payload is not JSON/],
    ['a list', '[]', /the payload is an empty list, but must be a JSON object/],
    ['a wrong type', '{"ttl":"long"}', /ttl is "long", but must be a length in ms/],
    ['a lease of nothing', '{"ttl":0}', /ttl is 0/],
    ['a level that is none', '{"priority":"urgent"}', /priority is "urgent", but must be a finite number or/],
    ['a number that is none', '{"priority":1e999}', /priority is Infinity/],
    [
      'a resource with an empty level',
      '{"resource":"a//b"}',
      /resource is "a\/\/b", which has an empty level/,
    ],
    ['no resources', '{"resources":[]}', /resources is an empty list/],
    ['more bytes than anybody needs', JSON.stringify({ value: 'x'.repeat(70_000) }), /over 65536/],
    ['a value that changes prototypes', '{"value":{"__proto__":1}}', /__proto__/],
  ];

  for (const [name, text, detail] of bad) {
    it(`(${name}) is answered with what is wrong, and changes nothing`, async () => {
      const before = scene.broker.retained.get('locks/state/lights');
      await scene.device('panel/lights', text);
      const answer = scene.answers('panel/lights').at(-1);
      assert.deepEqual([answer?.result, answer?.reason], ['error', 'malformed']);
      assert.match(String(answer?.detail), detail);
      assert.equal(scene.broker.retained.get('locks/state/lights'), before);
      assert.equal(scene.answer('panel/lights')?.result, 'granted');
    });

    it(`(${name}) makes no claim`, async () => {
      await scene.device('wall/fan', text);
      assert.equal(scene.answers('wall/fan').at(-1)?.result, 'error');
      assert.equal(scene.answer('wall/fan'), undefined);
      assert.equal(scene.state('fan'), undefined);
    });
  }

  it('is answered again when it is replayed, and changes nothing then either', async () => {
    await scene.device('wall/fan', '{"ttl":"long"}');
    await scene.crash();
    const next = await startArbiter({}, scene.broker);
    assert.deepEqual(next.results('wall/fan'), ['error', 'error']);
    assert.equal(next.state('fan'), undefined);
    assert.equal(next.holder('lights'), 'panel');
  });

  it('is logged once a minute for each topic', async () => {
    for (let count = 0; count < 3; count++) await scene.device('wall/fan', 'nonsense');
    await scene.device('hall/fan', 'nonsense');
    assert.equal(scene.warnings.length, 2);
    await scene.settle(60_000);
    await scene.device('wall/fan', 'nonsense');
    assert.equal(scene.warnings.length, 3);
  });

  it('is logged for twenty topics in a minute; the rest is counted', async () => {
    for (let count = 0; count < 30; count++) await scene.device(`wall${count}/fan`, 'nonsense');
    assert.equal(scene.warnings.length, 20);
    await scene.settle(60_000);
    await scene.device('wall/fan', 'nonsense');
    assert.match(String(scene.warnings[20]), /10 more messages could not be acted upon/);
  });
});

describe('a topic that no name has', () => {
  const topics: readonly (readonly [topic: string, detail: RegExp])[] = [
    ['panel', /a requester and a name are wanted/],
    ['panel/a//b', /empty level/],
    ['panel/%61', /not spelt as it must be/],
    ['pa%nel/lights', /not spelt as it must be/],
    [`panel/${'a/'.repeat(40)}a`, /41 levels, over 32/],
    [`panel/${'x'.repeat(513)}`, /over 512 bytes/],
  ];

  for (const [topic, detail] of topics) {
    it(`(${topic.slice(0, 20)}) is answered where its sender would look, and changes nothing`, async () => {
      const scene = await startArbiter();
      const mark = scene.broker.log.length;
      await scene.device(topic, {});
      const [, answer, ...rest] = scene.broker.log.slice(mark);
      assert.equal(answer?.topic, `locks/answer/${topic}`);
      assert.equal(answer?.retain, false);
      assert.deepEqual(rest, []);
      const { result, reason, detail: told } = JSON.parse(String(answer?.payload)) as Answer;
      assert.deepEqual([result, reason], ['error', 'malformed']);
      assert.match(String(told), detail);
    });
  }

  it('is not answered where brokers would cut us off for it', async () => {
    const scene = await startArbiter();
    const mark = scene.broker.log.length;
    await scene.device('a/'.repeat(250), {});
    assert.equal(scene.broker.log.length, mark + 1);
    assert.equal(scene.warnings.length, 1);
  });

  it('is cleared without a word', async () => {
    const scene = await startArbiter();
    const mark = scene.broker.log.length;
    await scene.device('panel', '');
    assert.equal(scene.broker.log.length, mark + 1);
  });

  it('means nothing elsewhere under the prefix', async () => {
    const scene = await startArbiter();
    const mark = scene.broker.log.length;
    for (const topic of ['locks/force/%61/x', 'locks/answer/%61/x', 'locks/other', 'other/claim/a/b']) {
      scene.broker.publish(topic, '{}', { retain: true });
    }
    await scene.settle();
    assert.equal(scene.broker.log.length, mark + 4);
  });
});

describe('a device that has the name of the arbiter’s own runtime', () => {
  it('is told so, and changes nothing', async () => {
    const scene = await startArbiter();
    const claim = scene.own('node', { resource: 'lights', value: 'on' }, true);
    await scene.settle();
    scene.arbiter.update(claim, { value: 'dim' });
    await scene.settle();
    assert.deepEqual(scene.warnings, []);
    await scene.device('house/lights', { priority: 'manual' });
    await scene.device('house/fan', 'nonsense');
    for (const topic of ['house/lights', 'house/fan']) {
      const [answer] = scene.answers(topic);
      assert.deepEqual([answer?.result, answer?.reason], ['error', 'malformed']);
      assert.match(String(answer?.detail), /house is the name of the Node-RED that decides/);
    }
    assert.equal(scene.state('lights')?.value, 'dim');
    assert.equal(scene.warnings.length, 2);
  });
});

describe(`whatever anybody sends (SEED=${seed})`, () => {
  const topics = fc.oneof(
    fc.constantFrom('panel/lights', 'wall/lights', 'panel', 'a/b/c', '%', 'pan%20el/x', '$SYS/x', '///'),
    fc.string({ unit: 'binary', maxLength: 20 }),
  );
  const payloads = fc
    .oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
      fc.json(),
    )
    .filter((text) => text !== '' && readClaim(Buffer.from(text)).error !== undefined);

  it('what cannot be read changes nothing', async () => {
    const scene = await startArbiter();
    await scene.device('panel/lights', { priority: 'motion', value: 'on' });
    const picture = () =>
      [...scene.broker.retained].filter(([topic]) => /^locks\/(state|answer)/.test(topic));
    const before = picture();
    const send = async (kind: string, topic: string, payload: string) => {
      scene.broker.publish(`locks/${kind}/${topic}`, payload);
      await scene.settle(5);
      assert.deepEqual(picture(), before);
    };
    const kinds = fc.constantFrom('claim', 'force', 'session', 'beat', 'x');
    await fc.assert(fc.asyncProperty(kinds, topics, payloads, send), { seed, numRuns: 1_000 });
    assert.equal(scene.arbiter.status.phase, 'deciding');
  });
});

describe('limits', () => {
  it('of a requester’s claims are told, and leave others room', async () => {
    const scene = await startArbiter({ limits: { claimsPerRequester: 2 } });
    for (const name of ['a', 'b', 'c']) await scene.device(`panel/${name}`, {});
    const denied = scene.answer('panel/c');
    assert.deepEqual([denied?.result, denied?.reason], ['denied', 'full']);
    await scene.device('wall/c', {});
    assert.equal(scene.holder('c'), 'wall');
  });

  it('of claims that ended are told, until some are withdrawn', async () => {
    const scene = await startArbiter({ limits: { claimsPerRequester: 2 } });
    for (const name of ['a', 'b']) await scene.device(`panel/${name}`, { ttl: 1 });
    await scene.settle();
    await scene.device('panel/c', {});
    const denied = scene.answers('panel/c').at(-1);
    assert.deepEqual([denied?.result, denied?.reason], ['denied', 'full']);
    assert.match(String(denied?.detail), /2 claims of panel have ended and were not withdrawn/);
    assert.equal(scene.answer('panel/c'), undefined);
    await scene.device('panel/a', {});
    assert.equal(scene.answer('panel/a')?.result, 'granted');
    await scene.device('panel/b', '');
    await scene.device('panel/c', {});
    assert.equal(scene.answer('panel/c')?.result, 'granted');
  });

  it('of resources in one claim are told', async () => {
    const scene = await startArbiter();
    const resources = Array.from({ length: 65 }, (_, count) => `r${count}`);
    await scene.device('panel/all', { resources });
    assert.equal(scene.answer('panel/all')?.reason, 'too-many');
  });

  it('of the grace are told', async () => {
    const scene = await startArbiter();
    await scene.device('panel/lights', { grace: 5_001 });
    assert.equal(scene.answer('panel/lights')?.reason, 'too-long');
  });
});
