// JSON Schema of what others write to the arbiter: claims and forced releases. Each description says what would be
// right, and completes the sentence "… but must be".
import type { ClaimMessage } from './messages';

export interface Schema {
  readonly [keyword: string]: unknown;
}

/** A hundred years in ms: longer lengths are mistakes, and a date could not show them. */
export const LONGEST_MS = 3_155_760_000_000;

export const text = (description: string, maxLength = 512): Schema => {
  return { type: 'string', minLength: 1, maxLength, description };
};

export const token: Schema = {
  type: 'integer',
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'a token (a whole number)',
};

export const flag: Schema = { type: 'boolean', description: 'true or false' };

export const length: Schema = {
  type: 'number',
  minimum: 0,
  maximum: LONGEST_MS,
  description: 'a length in ms, not below 0 and at most 100 years',
};

export const lease: Schema = {
  type: 'number',
  exclusiveMinimum: 0,
  maximum: LONGEST_MS,
  description: 'a length in ms, above 0 and at most 100 years',
};

export const anyValue: Schema = { description: 'any JSON value' };

export const CLAIM: Record<keyof ClaimMessage, Schema> = {
  id: text('a text of 1 to 256 characters', 256),
  resource: text('the name of a resource'),
  resources: {
    type: 'array',
    items: text('the name of a resource'),
    minItems: 1,
    uniqueItems: true,
    description: 'a list of different resource names',
  },
  locker: text('a name'),
  priority: {
    type: ['number', 'string'],
    minLength: 1,
    maxLength: 128,
    description: 'a finite number or the name of a level',
  },
  value: anyValue,
  ttl: lease,
  renew: flag,
  timeout: length,
  grace: length,
  preempt: flag,
  once: flag,
  yielded: token,
  holding: { type: 'array', items: text('the id of a claim'), description: 'a list of ids of claims' },
};

export const claimSchema: Schema = {
  $id: 'claim',
  title: 'Claim',
  type: 'object',
  properties: CLAIM,
  description: 'a JSON object; {} is enough',
};

export const forceSchema: Schema = {
  $id: 'force',
  title: 'Forced release',
  type: 'object',
  properties: { token, purge: { const: true, description: 'true' } },
  description: 'a JSON object: {"token": the token of the hold} or {"purge": true}',
};
