// Random histories of devices and flows, with crashes, lost connections and restarts in between: what everybody can see
// must be the same before and after.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ClaimMessage, ResourceState } from '../../src/mqtt/messages';
import { type ArbiterScene, startArbiter } from '../support/arbiter-scene';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const runs = Number(process.env.RUNS ?? 150);

const RESOURCES = ['lights', 'blinds', 'house/fan'] as const;
const REQUESTERS = ['panel', 'wall'] as const;
const NAMES = ['1', '2', '3'] as const;
const PATHS = ['node a', 'node b'] as const;

const wishes: fc.Arbitrary<ClaimMessage> = fc.record(
  {
    id: fc.constantFrom('x', 'y'),
    resources: fc.subarray([...RESOURCES], { minLength: 1 }),
    locker: fc.constantFrom('mum', 'dad'),
    priority: fc.constantFrom(-1, 0, 5, 'motion', 'manual'),
    value: fc.constantFrom('on', 'off', 3, { brightness: 40 }),
    ttl: fc.constantFrom(5_000, 60_000, 3_600_000),
    renew: fc.boolean(),
    timeout: fc.constantFrom(2_000, 100_000),
    grace: fc.constantFrom(0, 1_000),
    preempt: fc.boolean(),
    once: fc.boolean(),
  },
  { requiredKeys: ['resources'] },
);

interface Deed {
  readonly name: string;
  do(scene: ArbiterScene): Promise<void>;
}

const topics = fc.tuple(fc.constantFrom(...REQUESTERS), fc.constantFrom(...NAMES));

const deeds: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(topics, wishes).map(([topic, wish]) => deviceDeed(topic.join('/'), wish)),
  },
  { weight: 2, arbitrary: topics.map((topic) => deviceDeed(topic.join('/'), '')) },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom(...PATHS), wishes).map(([path, wish]) => ownDeed(path, wish)),
  },
  { weight: 1, arbitrary: fc.constantFrom(...PATHS).map(releaseDeed) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(100, 1_500, 30_000)
      .map((ms) => ({ name: `${ms} ms`, do: (scene: ArbiterScene) => scene.settle(ms) })),
  },
  { weight: 1, arbitrary: fc.constant<Deed>({ name: 'cut', do: cut }) },
);

function deviceDeed(topic: string, wish: ClaimMessage | ''): Deed {
  return { name: `${topic} ${JSON.stringify(wish)}`, do: (scene) => scene.device(topic, wish) };
}

function ownDeed(path: string, wish: ClaimMessage): Deed {
  return {
    name: `${path} ${JSON.stringify(wish)}`,
    do: async (scene) => {
      const claim = ownClaim(scene, path);
      if (claim === undefined) scene.own(path, wish, true);
      else scene.arbiter.update(claim, wish);
      await scene.settle();
    },
  };
}

function releaseDeed(path: string): Deed {
  return {
    name: `${path} releases`,
    do: async (scene) => {
      const claim = ownClaim(scene, path);
      if (claim !== undefined) scene.arbiter.release(claim);
      await scene.settle();
    },
  };
}

async function cut(scene: ArbiterScene): Promise<void> {
  await quiet(scene);
  const before = picture(scene);
  scene.broker.cut(String(scene.transport?.clientId));
  await scene.settle(200);
  assert.deepEqual(picture(scene), before);
}

function ownClaim(scene: ArbiterScene, path: string) {
  const known = [...scene.heard.map(({ claim }) => claim), ...scene.recalled];
  return known.find((claim) => claim.isAlive && claim.owner?.path === path);
}

/** What everybody can see, without what must change. */
function picture(scene: ArbiterScene): unknown {
  return RESOURCES.map((resource) => {
    const state: Partial<ResourceState> = scene.state(resource) ?? {};
    const { holder, requester, priority, value, token, since, waiting, waitingCount } = state;
    const claims = state.claims?.map(({ id, name, order, locker, standing, ttl, grace }) => {
      return { id, name, order, locker, standing, ttl, grace };
    });
    return {
      resource,
      is: state.state ?? 'free',
      holder,
      requester,
      priority,
      value,
      token,
      since,
      waiting,
      waitingCount,
      claims: claims?.sort((a, b) => a.order - b.order),
    };
  });
}

/** Lets everything fall due that would soon. */
async function quiet(scene: ArbiterScene): Promise<void> {
  const isSoon = (text: string) => {
    const { expires = '', until = '' } = text === '' ? {} : JSON.parse(text);
    return [expires, until].some((time) => Date.parse(time) < scene.clock.wall + 1_000);
  };
  const answers = () => [...scene.broker.retained].filter(([topic]) => topic.startsWith('locks/answer/'));
  while (answers().some(([, text]) => !JSON.parse(text).ended && isSoon(text))) await scene.settle(1_000);
}

/** When each lease ends that anybody was told of. */
function leases(scene: ArbiterScene): ReadonlyMap<string, number> {
  const ends = new Map<string, number>();
  for (const requester of [...REQUESTERS, 'house']) {
    for (const name of [...NAMES, ...PATHS.map((path) => `${path}/key`)]) {
      const answer = scene.answer(`${requester}/${name}`);
      if (answer?.expires !== undefined) ends.set(`${requester}/${name}`, Date.parse(answer.expires));
    }
  }
  return ends;
}

describe(`a random history (SEED=${seed})`, () => {
  it('looks the same to everybody after a crash and a restart', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(deeds, { maxLength: 25 }),
        fc.array(deeds, { maxLength: 8 }),
        async (first, second) => {
          let scene = await startArbiter();
          for (const history of [first, second]) {
            for (const deed of history) await deed.do(scene);
            await quiet(scene);
            const [before, ends] = [picture(scene), leases(scene)];
            await scene.crash();
            scene = await startArbiter({}, scene.broker);
            assert.deepEqual(picture(scene), before);
            assert.deepEqual(leases(scene), ends);
          }
          assert.deepEqual(scene.warnings, []);
        },
      ),
      { seed, numRuns: runs },
    );
  }).timeout(60_000);
});
