// Histories in which the broker loses its store, or brings back an old one, just when the one that decides is restarted and
// somebody else is cut off: nobody is left who knows all that was held.
import assert from 'node:assert/strict';
import { Chance } from './chance';
import type { Plan, ProcessShape, Step } from './plan';
import { makePlan } from './planning';
import { simulate } from './simulate';

const HISTORIES = 20;
const LINES = 150;
/** When it all happens at once, in ms since the beginning. */
const BLOWS = [12_000, 27_000, 42_000];
const DEEDS = new Set(['claim', 'release', 'update', 'device']);

/** `undefined` where there would be nobody else. */
function makeBlows(seed: number, decide: ProcessShape['decide'], store: 'lost' | 'old'): Plan | undefined {
  const { shape, rounds } = makePlan({ seed, rounds: 1, roundLength: 60_000 });
  const { length: count } = shape.processes;
  const [round] = rounds;
  if (count < 2 || round === undefined) return undefined;
  const chance = new Chance(seed).fork('blows');
  const processes = shape.processes.map((process, index) => {
    const least = process.latency[0] % 20;
    return {
      ...process,
      decide: index === 0 ? decide : decide === 'alone' ? 'never' : process.decide,
      latency: [least, least + 5] as const,
    };
  });
  const deeds = round.steps.filter(({ kind }) => DEEDS.has(kind));
  const steps = [...deeds, ...BLOWS.flatMap((at) => strike(at, chance, store, count))];
  return {
    seed,
    shape: { ...shape, processes, handoverTimeout: Infinity, isForced: false },
    rounds: [{ ...round, steps: steps.sort((one, other) => one.at - other.at) }],
  };
}

function strike(from: number, chance: Chance, store: 'lost' | 'old', count: number): readonly Step[] {
  const at = chance.between(from, from + 2_000);
  const near = () => at + chance.between(-1_000, 1_000);
  const ways = chance.pick(['up', 'down', 'both'] as const);
  return [
    { at, kind: 'crash', process: 0, for: chance.between(100, 4_000) },
    { at: near(), kind: 'broker', store, isSilent: chance.happens(0.5), for: chance.between(50, 2_000) },
    {
      ...{ at: near(), kind: 'cut', process: chance.integer(1, count - 1), ways },
      ...{ connection: undefined, for: chance.between(1_000, 9_000) },
    },
  ];
}

describe('where the broker forgets while the one that decides is restarted, the promise', () => {
  for (const decide of ['alone', 'takeover'] as const) {
    for (const store of ['lost', 'old'] as const) {
      it(`is kept by one that decides: ${decide}; store: ${store}`, async () => {
        for (let seed = 1; seed <= HISTORIES; seed++) {
          const plan = makeBlows(seed, decide, store);
          if (plan === undefined) continue;
          const { violation, trace } = await simulate(plan);
          const lines = [`seed ${seed}: ${violation?.message}`, ...trace.slice(-LINES)];
          assert.ok(violation === undefined, lines.join('\n'));
        }
      });
    }
  }
});
