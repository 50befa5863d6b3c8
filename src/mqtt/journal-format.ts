// How one retained message stands in the journal: a line with a checksum and JSON, so that a line that was torn or
// damaged is known for it and the next one begins at the next line feed.
import { createHash } from 'node:crypto';

/** A message that a broker retains. */
export interface Retained {
  readonly topic: string;
  /** Empty: the topic is forgotten. */
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
}

const LINE_FEED = 0x0a;
const CHECKSUM_LENGTH = 8;

/** The line, with its line feed. */
export function encodeLine({ topic, payload, qos }: Retained): Buffer {
  const text = payload.toString();
  // Payloads are nearly always text; what is not comes back from base64 byte by byte.
  const isText = Buffer.from(text).equals(payload);
  const json = JSON.stringify(
    isText ? { t: topic, q: qos, p: text } : { t: topic, q: qos, b: payload.toString('base64') },
  );
  return Buffer.from(`${checksum(json)} ${json}\n`);
}

/** What the line says; `undefined` when it is damaged. Without its line feed. */
export function decodeLine(line: Buffer): Retained | undefined {
  const json = line.subarray(CHECKSUM_LENGTH + 1).toString();
  if (line.subarray(0, CHECKSUM_LENGTH + 1).toString() !== `${checksum(json)} `) return undefined;
  return decodeJson(json);
}

export interface Contents {
  /** The last message of each topic that is retained. */
  readonly retained: Map<string, Retained>;
  /** Lines that are damaged. */
  readonly damaged: number;
  /** The last line has no end: the process was killed while it was written. */
  readonly torn: boolean;
}

/** Reads a whole journal; what is damaged is left out, and costs nothing but itself. */
export function readJournal(bytes: Buffer): Contents {
  const retained = new Map<string, Retained>();
  let damaged = 0;
  let start = 0;
  for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
    const entry = decodeLine(bytes.subarray(start, end));
    if (entry === undefined) damaged += 1;
    else if (entry.payload.length === 0) retained.delete(entry.topic);
    else retained.set(entry.topic, entry);
    start = end + 1;
  }
  return { retained, damaged, torn: start < bytes.length };
}

function decodeJson(json: string): Retained | undefined {
  const { t, q, p, b }: Record<string, unknown> = parse(json) ?? {};
  if (typeof t !== 'string' || (q !== 0 && q !== 1 && q !== 2)) return undefined;
  if (typeof p === 'string') return { topic: t, qos: q, payload: Buffer.from(p) };
  return typeof b === 'string' ? { topic: t, qos: q, payload: Buffer.from(b, 'base64') } : undefined;
}

function parse(json: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(json);
  } catch {
    // The checksum may be right by chance, or by hand.
    return undefined;
  }
}

function checksum(json: string): string {
  return createHash('sha256').update(json).digest('hex').slice(0, CHECKSUM_LENGTH);
}
