import assert from 'node:assert/strict';
import type { Plan } from './plan';
import { makePlan } from './planning';
import { countSteps, shrink } from './shrink';

describe('a history that goes wrong', () => {
  it('is shortened to what it takes', async () => {
    const plan = makePlan({ seed: 3, rounds: 3, roundLength: 60_000 });
    const crashes = ({ rounds }: Plan) =>
      rounds.flatMap(({ steps }) => steps).filter(({ kind }) => kind === 'crash');
    assert.ok(crashes(plan).length > 2);
    const shortest = await shrink(plan, async (candidate) => crashes(candidate).length >= 2);
    assert.equal(countSteps(shortest), 2);
    assert.equal(crashes(shortest).length, 2);
  });

  it('comes from its seed alone', () => {
    const options = { seed: 9, rounds: 2, roundLength: 30_000 };
    assert.deepEqual(makePlan(options), makePlan(options));
    assert.notDeepEqual(makePlan(options).rounds, makePlan({ ...options, seed: 10 }).rounds);
  });
});
