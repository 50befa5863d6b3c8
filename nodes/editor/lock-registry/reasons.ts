// Why a broker cannot be reached, in the language of the editor: the runtime says it in its own, with a code.

/** A code that the reason ends with, and its key in the catalogue. */
const KEYS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothingListens',
  ENOTFOUND: 'noHost',
  EAI_AGAIN: 'noLookUp',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ETIMEDOUT: 'noAnswer',
  '4': 'wrongLogin',
  '134': 'wrongLogin',
  '5': 'notAllowed',
  '135': 'notAllowed',
};

/** `mqtt://house: nothing listens there (ECONNREFUSED)`; what has no code that we know stays as it is. */
export function spellReason(text: string, say: (key: string) => string): string {
  const [, address, code = ''] = /^(\S+): .* \((\w+)\)$/.exec(text) ?? [];
  const key = KEYS[code];
  return key === undefined ? text : `${address}: ${say(`try.why.${key}`)} (${code})`;
}
