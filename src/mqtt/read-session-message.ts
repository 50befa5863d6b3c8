// Reads what a participant and the arbiter tell each other, from payloads that anybody may have written. Never throws.
import type { Answer, AuditEvent } from './messages';
import { objectToClaim, objectToNames, objectToPlainText, type Reading, read } from './read-message';
import { objectToValue, type ReadError } from './read-payload';
import type {
  BeatMessage,
  BeatReturn,
  ClaimOp,
  DownFrame,
  PresenceMessage,
  SessionRefusal,
  UpFrame,
} from './session-messages';

/** Reads that a participant is there, or was. */
export function readPresence(payload: Uint8Array): Reading<PresenceMessage> {
  return read(payload, 'presence', allIsWell);
}

/** Reads that a session is alive. */
export function readBeat(payload: Uint8Array): Reading<BeatMessage> {
  return read(payload, 'beat', allIsWell);
}

/** A claim at all its limits is listed with a token for each of its resources. */
const MAX_FRAME_BYTES = 256 * 1024;

/** Reads what a session wants. */
export function readUp(payload: Uint8Array): Reading<UpFrame> {
  return read(payload, 'upFrame', ({ ops }) => firstError(ops.map(objectToOp)), MAX_FRAME_BYTES);
}

/** Reads what a session is told; which of the three it is shows by `tells`, `refused` or neither. */
export function readDown(payload: Uint8Array): Reading<DownFrame | BeatReturn | SessionRefusal> {
  const object = (down: DownFrame | BeatReturn | SessionRefusal) =>
    'tells' in down ? firstError(down.tells.map(({ answer }) => objectToAnswer(answer))) : undefined;
  return read(payload, kindOfDown, object, MAX_FRAME_BYTES);
}

/** Reads one line of the audit stream. */
export function readEvent(payload: Uint8Array): Reading<AuditEvent> {
  return read(payload, 'event', ({ resources }) => objectToNames('resources', resources));
}

function objectToOp(op: ClaimOp): ReadError | undefined {
  const error = 'id' in op ? objectToPlainText('id', op.id) : undefined;
  if (error !== undefined) return error;
  if (op.op === 'claim') return objectToClaim(op.message) ?? objectToNames('name', [op.name]);
  return op.op === 'update' ? objectToValue('value', op.change.value) : undefined;
}

function kindOfDown(json: unknown): 'downFrame' | 'beatReturn' | 'refusal' {
  if (typeof json !== 'object' || json === null) return 'beatReturn';
  if ('tells' in json) return 'downFrame';
  return 'refused' in json ? 'refusal' : 'beatReturn';
}

function objectToAnswer({ resources, wish }: Answer): ReadError | undefined {
  return objectToNames('resources', resources) ?? objectToClaim(wish ?? {});
}

function firstError(errors: readonly (ReadError | undefined)[]): ReadError | undefined {
  return errors.find((error) => error !== undefined);
}

function allIsWell(): undefined {}
