// From the bytes of a payload to a JSON value that is safe to keep, or to what is wrong with them. Never throws.
import { sha256 } from './sha-256';

const MAX_DEPTH = 32;
const UTF8 = new TextDecoder('utf-8', { fatal: true });
const HASH_BYTES = 12;

/** What is wrong with a message. */
export interface ReadError {
  /** The field, such as `ttl` or `resources[1]`; `payload` for the message as a whole. */
  readonly field: string;
  /** A sentence: the field, its value, and what would be right. */
  readonly text: string;
}

/** JSON that was read, in an object so that any value, `null` too, can be told from an error. */
export type PayloadReading =
  | { readonly json: unknown; readonly error?: undefined }
  | { readonly error: ReadError };

/** Reads UTF-8 JSON of at most `maxBytes`. Of a key that is there twice, the last one counts. */
export function readPayload(payload: Uint8Array, maxBytes: number): PayloadReading {
  if (payload.length === 0) return wrong('is empty, but must be JSON');
  if (payload.length > maxBytes) return wrong(`has ${payload.length} bytes, over ${maxBytes}`);
  let text: string;
  try {
    text = UTF8.decode(payload);
  } catch {
    return wrong('is not UTF-8 text, but must be JSON in UTF-8');
  }
  try {
    return { json: JSON.parse(text) };
  } catch (error) {
    return wrong(`is not JSON (${error instanceof SyntaxError ? error.message.slice(0, 200) : error})`);
  }
}

/** Names these very bytes: a shortened SHA-256 of 16 letters and digits, `-` and `_`. */
export function hashPayload(payload: Uint8Array): string {
  const bytes = sha256(payload).subarray(0, HASH_BYTES);
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_');
}

/**
 * What is wrong with a value that somebody chose freely, or `undefined`: too deep, a number that JSON spells but no
 * double can hold, or a key that would change the prototype of whatever it is copied to.
 */
export function objectToValue(field: string, value: unknown, depth = 0): ReadError | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return { field, text: `${field} has a number that is too large` };
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth === MAX_DEPTH) return { field, text: `${field} is nested deeper than ${MAX_DEPTH} levels` };
  for (const [key, inner] of Object.entries(value)) {
    if (key === '__proto__') return { field, text: `${field} has a key named __proto__` };
    const error = objectToValue(field, inner, depth + 1);
    if (error !== undefined) return error;
  }
  return undefined;
}

/** An object whose fields may be anything. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function wrong(complaint: string): { readonly error: ReadError } {
  return { error: { field: 'payload', text: `the payload ${complaint}` } };
}
