// Names that nobody else has: of claims, and of lockers that were given none.

let prefix: string | undefined;
let count = 0;

/** A name that is unique in the world, as far as 41 random bits go. A short one: most of a claim's weight is text. */
export function uniqueName(): string {
  prefix ??= [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => (byte % 36).toString(36)).join('');
  return prefix + count++;
}
