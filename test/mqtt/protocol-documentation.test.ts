// docs/protocol.md says of each message of a session which fields it has and which it must have: as the schemas do.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Schema } from '../../src/mqtt/schemas';
import { arbiterBeatSchema } from '../../src/mqtt/schemas-arbiter';
import {
  beatReturnSchema,
  beatSchema,
  downFrameSchema,
  presenceSchema,
  refusalSchema,
  upFrameSchema,
} from '../../src/mqtt/session-schemas';
import { REPOSITORY } from '../support/repository';

/** Fields, with whether they are required. */
type Fields = Readonly<Record<string, boolean>>;

const TEXT = readFileSync(join(REPOSITORY, 'docs/protocol.md'), 'utf8');

const MESSAGES: Readonly<Record<string, Schema>> = {
  Presence: presenceSchema,
  Beat: beatSchema,
  'Beat return': beatReturnSchema,
  'Frame of a participant': upFrameSchema,
  'Frame of the arbiter': downFrameSchema,
  Refusal: refusalSchema,
  "Arbiter's beat": arbiterBeatSchema,
};

function propertiesOf({ properties }: Schema): Readonly<Record<string, Schema>> {
  return properties as Readonly<Record<string, Schema>>;
}

function fieldsOf(schema: Schema): Fields {
  const required = new Set(schema.required as readonly string[]);
  return Object.fromEntries(Object.keys(propertiesOf(schema)).map((field) => [field, required.has(field)]));
}

/** Ops by their names. */
function ops(): ReadonlyMap<string, Schema> {
  const { items } = propertiesOf(upFrameSchema).ops ?? {};
  const all = (items as Schema).oneOf as readonly Schema[];
  return new Map(all.map((op) => [String(propertiesOf(op).op?.const), op]));
}

/** The fields in the table under a heading, or after a line. */
function documented(start: string): Fields {
  const at = TEXT.indexOf(`\n${start}\n`);
  assert.ok(at >= 0, `there is no ${start}`);
  const [table = ''] = /(\n\|.*)+/.exec(TEXT.slice(at + start.length + 1)) ?? [];
  const rows = table.matchAll(/^\| `([^`]+)` \| (yes)? ?\|/gm);
  return Object.fromEntries([...rows].map(([, field = '', required]) => [field, required === 'yes']));
}

describe('the documentation of sessions', () => {
  for (const [name, schema] of Object.entries(MESSAGES)) {
    it(`has the fields of each message: ${name}`, () => {
      assert.deepEqual(documented(`### ${name}`), fieldsOf(schema));
    });
  }

  for (const [name, schema] of ops()) {
    it(`has the fields of each op: ${name}`, () => {
      assert.deepEqual(documented(`#### \`${name}\``), fieldsOf(schema));
    });
  }

  it('has all ops, and no others', () => {
    const headings = [...TEXT.matchAll(/^#### `(\w+)`$/gm)].map(([, op]) => op);
    assert.deepEqual(headings.sort(), [...ops().keys()].sort());
  });

  it('has what is known of a claim', () => {
    const was = propertiesOf(ops().get('claim') ?? {}).was ?? {};
    const start = TEXT.split('\n').find((line) => line.startsWith('Of `was`')) ?? '';
    assert.deepEqual(documented(start), fieldsOf(was));
  });
});
