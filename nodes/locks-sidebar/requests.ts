// Reads what the sidebar asks to be done; anybody may have written it.
import type { Json } from '../../src/core';

/** Told to whom asked, in words. */
export class BadRequest extends Error {}

type Body = Readonly<Record<string, unknown>>;

export function bodyOf(body: unknown): Body {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { ...body };
  throw new BadRequest('the request has no JSON object');
}

/** @throws {BadRequest} */
export function textOf(body: Body, field: string): string {
  const value = body[field];
  if (typeof value === 'string' && value !== '') return value;
  throw new BadRequest(`${field} must be a text that is not empty, not ${JSON.stringify(value)}`);
}

/** @throws {BadRequest} */
export function positiveOf(body: Body, field: string): number {
  const value = body[field];
  if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return value;
  throw new BadRequest(`${field} must be a number above 0, not ${JSON.stringify(value)}`);
}

/** What came as JSON is JSON. */
export function jsonOf(body: Body, field: string): Json | undefined {
  return body[field] as Json | undefined;
}
