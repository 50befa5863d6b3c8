// Reads the messages of the MQTT contract from payloads that anybody may have written: a checked message, or what is
// wrong with it in words. Never throws. Fields that are not in the schema are ignored and left out, so that later
// versions may add some.
import { type CheckError, type Checked, checkOf } from './checks';
import type {
  Answer,
  ArbiterMessage,
  ClaimMessage,
  ForceMessage,
  ResourceState,
  TermMessage,
} from './messages';
import { objectToResource, objectToText } from './names';
import { hashPayload, isRecord, objectToValue, type ReadError, readPayload } from './read-payload';
import type { ArbiterBeatMessage } from './session-messages';

export type { ReadError };

/** A message that was read, or why it was not. */
export type Reading<Message> =
  | { readonly message: Message; readonly error?: undefined }
  | { readonly error: ReadError; readonly message?: undefined };

/** A claim that was read, and what names its payload. */
export type ClaimReading = Reading<ClaimMessage> & { readonly hash: string };

/** What anybody may send at most. */
const MAX_PAYLOAD_BYTES = 64 * 1024;

/** A state may hold the values of many claims, and only the arbiter writes it. */
const MAX_STATE_BYTES = 16 * 1024 * 1024;

/** Reads a claim; its hash names the very payload. An empty payload withdraws a claim and is not for this function. */
export function readClaim(payload: Uint8Array): ClaimReading {
  return { ...read(payload, 'claim', objectToClaim), hash: hashPayload(payload) };
}

/** Reads `{"token"}` or `{"purge": true}`. */
export function readForce(payload: Uint8Array): Reading<ForceMessage> {
  return read(payload, 'force', objectToForce);
}

/** Reads back an answer of an arbiter. */
export function readAnswer(payload: Uint8Array): Reading<Answer> {
  return read(
    payload,
    'answer',
    (answer) => objectToNames('resources', answer.resources) ?? objectToClaim(answer.wish ?? {}),
  );
}

/** Reads back a resource's state, as an arbiter wrote it. */
export function readState(payload: Uint8Array): Reading<ResourceState> {
  return read(payload, 'state', objectToState, MAX_STATE_BYTES);
}

/** What may be a state, of which so far only the token is known. */
export interface UncheckedState {
  readonly token: number | undefined;
  check(): Reading<ResourceState>;
}

/** Reads as much of a state as must be known of one that nobody looks at. */
export function readUncheckedState(payload: Uint8Array): Reading<UncheckedState> {
  const reading = readPayload(payload, MAX_STATE_BYTES);
  if (reading.error !== undefined) return { error: reading.error };
  const { json } = reading;
  const token = isRecord(json) && Number.isSafeInteger(json.token) ? Number(json.token) : undefined;
  return { message: { token, check: () => check(json, 'state', objectToState) } };
}

/** Reads who decides. */
export function readArbiter(payload: Uint8Array): Reading<ArbiterMessage> {
  return read(payload, 'arbiter', (arbiter) => objectToValue('settings', arbiter.settings));
}

/** Reads what must never fall. */
export function readTerm(payload: Uint8Array): Reading<TermMessage> {
  return read(payload, 'term', () => undefined);
}

/** Reads that an arbiter is alive. */
export function readArbiterBeat(payload: Uint8Array): Reading<ArbiterBeatMessage> {
  return read(payload, 'arbiterBeat', () => undefined);
}

/** Reads a message by the schema of this name, and by what no schema can say. */
export function read<Name extends keyof Checked>(
  payload: Uint8Array,
  name: Name | ((json: unknown) => Name),
  object: (message: Checked[Name]) => ReadError | undefined,
  maxBytes = MAX_PAYLOAD_BYTES,
): Reading<Checked[Name]> {
  const reading = readPayload(payload, maxBytes);
  if (reading.error !== undefined) return { error: reading.error };
  return check(reading.json, name, object);
}

function check<Name extends keyof Checked>(
  json: unknown,
  name: Name | ((json: unknown) => Name),
  object: (message: Checked[Name]) => ReadError | undefined,
): Reading<Checked[Name]> {
  const checkSchema = checkOf(typeof name === 'function' ? name(json) : name);
  if (!checkSchema(json)) return { error: explain(checkSchema.errors?.[0]) };
  const error = object(json);
  return error === undefined ? { message: json } : { error };
}

export function objectToClaim(claim: ClaimMessage): ReadError | undefined {
  const { resource, resources, locker, id } = claim;
  if (resource !== undefined && resources !== undefined) {
    return { field: 'resources', text: 'resources and resource are both there, but only one of them may be' };
  }
  return (
    objectToNames('resource', resource === undefined ? [] : [resource]) ??
    objectToNames('resources', resources ?? []) ??
    objectToPlainText('locker', locker) ??
    objectToPlainText('id', id) ??
    objectToValue('value', claim.value)
  );
}

function objectToForce(force: ForceMessage): ReadError | undefined {
  if ((force.token === undefined) !== (force.purge === undefined)) return undefined;
  return { field: 'token', text: 'token or purge must be there, and only one of them' };
}

function objectToState(state: ResourceState): ReadError | undefined {
  const error = objectToNames('resource', [state.resource]) ?? objectToValue('value', state.value);
  if (error !== undefined) return error;
  for (const [index, claim] of state.claims.entries()) {
    const field = `claims[${index}]`;
    const wrong =
      objectToNames(`${field}.resources`, claim.resources) ?? objectToValue(`${field}.value`, claim.value);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

export function objectToNames(field: string, names: readonly string[]): ReadError | undefined {
  for (const [index, name] of names.entries()) {
    const objection = objectToResource(name);
    if (objection !== undefined) {
      const one = field.endsWith('s') ? `${field}[${index}]` : field;
      return { field: one, text: `${one} is ${show(name)}, which ${objection}` };
    }
  }
  return undefined;
}

export function objectToPlainText(field: string, value: string | undefined): ReadError | undefined {
  const objection = value === undefined ? undefined : objectToText(value);
  return objection === undefined
    ? undefined
    : { field, text: `${field} is ${show(value)}, which ${objection}` };
}

function explain(error: CheckError | undefined): ReadError {
  const path = fieldOf(error?.instancePath ?? '');
  const { missingProperty } = error?.params ?? {};
  if (typeof missingProperty === 'string') {
    const field = path === '' ? missingProperty : `${path}.${missingProperty}`;
    return { field, text: `${field} is missing` };
  }
  if (error?.keyword === 'uniqueItems' && Array.isArray(error.data)) {
    return { field: path, text: `${path} has ${show(error.data[Number(error.params.j)])} twice` };
  }
  const field = path === '' ? 'payload' : path;
  const subject = path === '' ? 'the payload' : path;
  return {
    field,
    text: `${subject} is ${show(error?.data)}, but must be ${error?.parentSchema?.description}`,
  };
}

/** `/claims/0/id` as people write it: `claims[0].id`. */
function fieldOf(pointer: string): string {
  return pointer
    .slice(1)
    .split('/')
    .map((step, index) => (/^\d+$/.test(step) ? `[${step}]` : index === 0 ? step : `.${step}`))
    .join('');
}

function show(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return shown.length > 60 ? `${shown.slice(0, 59)}…` : shown;
}
