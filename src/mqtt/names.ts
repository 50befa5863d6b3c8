// Which names a resource, a requester or a prefix may have, and how a name is spelt inside a topic, so that two names
// never share one.

const UTF8 = new TextEncoder();
const MAX_NAME_BYTES = 512;
const MAX_LEVELS = 32;
const MAX_PREFIX_BYTES = 256;
const MAX_PREFIX_LEVELS = 16;

// Beside what MQTT gives a meaning to: control characters and noncharacters, for which brokers cut a client off.
const UNSAFE = '\\u0000-\\u001f\\u007f-\\u009f\\ufdd0-\\ufdef\\p{Surrogate}';
const NONCHARACTERS = Array.from({ length: 17 }, (_, plane) => {
  const end = (plane * 0x10000 + 0xfffe).toString(16);
  return `\\u{${end}}-\\u{${end.slice(0, -1)}f}`;
}).join('');
const RESERVED_IN_NAME = new RegExp(`[+#%$${UNSAFE}${NONCHARACTERS}]`, 'gu');
const RESERVED_IN_LEVEL = new RegExp(`[/+#%$${UNSAFE}${NONCHARACTERS}]`, 'gu');
const FORBIDDEN_IN_PREFIX = new RegExp(`[+#${UNSAFE}${NONCHARACTERS}]`, 'u');
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * What is wrong with the name of a resource or a claim, or `undefined`. It is well-formed text of at most 512 bytes with
 * at most 32 levels between `/`, none of them empty: `lights/` is what `lights/${ROOM}` becomes without a room, and must
 * not quietly be a resource of its own.
 */
export function objectToResource(name: string): string | undefined {
  if (rightNames.has(name)) return undefined;
  const objection = objectToText(name, MAX_NAME_BYTES) ?? objectToLevels(name, MAX_LEVELS);
  if (objection === undefined) {
    if (rightNames.size === MOST_REMEMBERED) rightNames.clear();
    rightNames.add(name);
  }
  return objection;
}

/** Names of resources that nothing is wrong with: a flow names the same few with each message. */
const rightNames = new Set<string>();
const MOST_REMEMBERED = 1_000;

/** What is wrong with the name of a requester, which may hold any `/`; or `undefined`. */
export function objectToRequester(name: string): string | undefined {
  return objectToText(name, MAX_NAME_BYTES);
}

/** What is wrong with a prefix, which stands in topics as it is; or `undefined`. It may have several levels. */
export function objectToPrefix(prefix: string): string | undefined {
  const objection = objectToText(prefix, MAX_PREFIX_BYTES) ?? objectToLevels(prefix, MAX_PREFIX_LEVELS);
  if (objection !== undefined) return objection;
  if (prefix.startsWith('$')) return 'begins with $, which brokers keep for themselves';
  return FORBIDDEN_IN_PREFIX.test(prefix) ? 'has a wildcard or a control character' : undefined;
}

/** What is wrong with a text that is no part of a topic, such as a locker; or `undefined`. */
export function objectToText(text: string, maxBytes = MAX_NAME_BYTES): string | undefined {
  if (text === '') return 'is empty';
  if (LONE_SURROGATE.test(text)) return 'is not well-formed text (half a surrogate pair)';
  if (text.length * 3 <= maxBytes || UTF8.encode(text).length <= maxBytes) return undefined;
  return `is over ${maxBytes} bytes`;
}

function objectToLevels(name: string, maxLevels: number): string | undefined {
  const levels = name.split('/');
  if (levels.length > maxLevels) return `has ${levels.length} levels, over ${maxLevels}`;
  return levels.includes('') ? 'has an empty level (a / at an end, or two together)' : undefined;
}

/** A name as it stands in a topic; `/` separates levels. Throws a `URIError` when it is not well-formed text. */
export function encodeName(name: string): string {
  return name.replace(RESERVED_IN_NAME, percentEncode);
}

/** A name as one level of a topic, `/` included. Throws a `URIError` when it is not well-formed text. */
export function encodeLevel(name: string): string {
  return name.replace(RESERVED_IN_LEVEL, percentEncode);
}

/** The name that is spelt so in a topic; `undefined` where it could be spelt otherwise, too. */
export function decodeName(spelling: string): string | undefined {
  const name = percentDecode(spelling);
  return name !== undefined && encodeName(name) === spelling ? name : undefined;
}

/** The name that is spelt so in one level of a topic; `undefined` where it could be spelt otherwise, too. */
export function decodeLevel(spelling: string): string | undefined {
  const name = percentDecode(spelling);
  return name !== undefined && encodeLevel(name) === spelling ? name : undefined;
}

function percentEncode(character: string): string {
  return encodeURIComponent(character);
}

function percentDecode(spelling: string): string | undefined {
  // A lone surrogate would not survive the way to the broker.
  if (LONE_SURROGATE.test(spelling)) return undefined;
  if (!spelling.includes('%')) return spelling;
  try {
    return decodeURIComponent(spelling);
  } catch {
    return undefined;
  }
}
