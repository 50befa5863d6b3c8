// The client id under which the one that decides about a prefix is connected: a broker lets only one such connection
// live, and that is the whole election.

const OFFSET = 0x6c62272e07bb014262b821756295c58dn;
const PRIME = 0x0000000001000000000000000000013bn;
/** So many letters and digits every broker takes. */
const LENGTH = 23;
const START = 'locks';

/** The same for everybody on the prefix, and for nobody else: a hash (FNV-1a of 128 bits) in letters and digits. */
export function officeId(prefix: string): string {
  let hash = OFFSET;
  for (const byte of new TextEncoder().encode(prefix))
    hash = BigInt.asUintN(128, (hash ^ BigInt(byte)) * PRIME);
  const digits = LENGTH - START.length;
  return START + hash.toString(36).padStart(digits, '0').slice(-digits);
}
