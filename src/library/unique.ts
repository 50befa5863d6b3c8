// Names that nobody else has: of claims, and of lockers that were given none.

let prefix: string | undefined;
let count = 0;

/** A name that is unique in the world, as far as 64 random bits go. */
export function uniqueName(): string {
  prefix ??= `${crypto.getRandomValues(new Uint32Array(2)).join('-')}-`;
  return prefix + count++;
}
