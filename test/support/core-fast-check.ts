// How the random histories are drawn: FC_SEED repeats a run, FC_RUNS makes it longer or shorter.
import fc from 'fast-check';

/** Shown in the title of each suite that uses it, so that every run can be repeated. */
export const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31);

const RUNS = Number(process.env.FC_RUNS ?? 1_500);

/** Tries a property with the seed of this run; `share` of the usual number of times. */
export function holds<T extends unknown[]>(property: fc.IProperty<T>, share = 1): void {
  fc.assert(property, { seed, numRuns: Math.ceil(RUNS * share) });
}

/** Whether some example of a fixed draw breaks the property. */
export function isBroken<T extends unknown[]>(property: fc.IProperty<T>, examples = 5_000): boolean {
  return fc.check(property, { seed: 1, numRuns: examples, endOnFailure: true }).failed;
}
