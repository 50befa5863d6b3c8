// Chance from the machine: names that nobody else has, and when to try again.
import type { Random } from '../protocol/clock';

/** 13 letters and digits or fewer, random enough to be unique in the world of one broker. */
export function randomName(): string {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return (BigInt(high) * 2n ** 32n + BigInt(low)).toString(36);
}

export const systemRandom: Random = () => {
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1));
  return number / 2 ** 32;
};
