// Names that nobody else has: of claims, and of lockers that were given none.

let prefix: string | undefined;
let count = 0;

/** A name that is unique in the world, as far as 64 random bits go. */
export function uniqueName(): string {
  prefix ??= randomPrefix();
  return prefix + count++;
}

function randomPrefix(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return `${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}-`;
}
