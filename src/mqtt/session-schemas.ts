// JSON Schema of what a participant and the arbiter tell each other. Each description says what would be right, and
// completes the sentence "… but must be".
import { CLAIM, flag, lease, length, type Schema, text, token } from './schemas';
import { answerSchema, counter, list, name, object, version } from './schemas-arbiter';
import type {
  BeatMessage,
  BeatReturn,
  DownFrame,
  HelloOp,
  KeepOp,
  MakeOp,
  PresenceMessage,
  SessionRefusal,
  Tell,
  UpdateOp,
  UpFrame,
  Was,
  YieldOp,
} from './session-messages';

const id = text('the id of a claim', 256);

export const presenceSchema: Schema = {
  $id: 'presence',
  title: 'Presence of a participant',
  ...object<keyof PresenceMessage>({ v: version, online: flag, instance: name, left: flag }, [
    'v',
    'online',
    'instance',
  ]),
};

export const beatSchema: Schema = {
  $id: 'beat',
  title: 'Heartbeat of a session',
  ...object<keyof BeatMessage>({ session: name, beat: counter }, ['session', 'beat']),
};

const message: Schema = { type: 'object', properties: CLAIM, description: 'a claim' };

/** A token for each resource. `properties` would take everything else out. */
const tokens: Schema = {
  type: 'object',
  patternProperties: { '': token },
  description: 'tokens by resource',
};

const was = object<keyof Was>(
  { order: counter, granted: flag, tokens, remaining: length, wait: length, revoking: length },
  ['granted'],
);

const owner = object(
  { path: { type: 'string', description: 'a path' }, key: { type: 'string', description: 'a key' } },
  ['path', 'key'],
);

const change = object<keyof UpdateOp['change']>(
  { priority: CLAIM.priority, value: CLAIM.value, ttl: lease, renew: flag },
  [],
);

const is = (op: string): Schema => ({ const: op });

const OPS: readonly Schema[] = [
  object<keyof HelloOp>({ op: is('hello'), after: name, witnessed: counter, token }, ['op']),
  object<keyof MakeOp>({ op: is('claim'), id, name, message, keep: flag, owner, was, changing: flag }, [
    ...(['op', 'id', 'name', 'message', 'keep'] as const),
  ]),
  object<keyof UpdateOp>({ op: is('update'), id, change }, ['op', 'id', 'change']),
  object<keyof YieldOp>({ op: is('yield'), id, token }, ['op', 'id', 'token']),
  object<keyof KeepOp>({ op: is('keep'), id, keep: flag }, ['op', 'id', 'keep']),
  object({ op: is('release'), id }, ['op', 'id']),
  object({ op: is('ask'), id }, ['op', 'id']),
  object({ op: is('ready') }, ['op']),
];

const op: Schema = {
  type: 'object',
  required: ['op'],
  discriminator: { propertyName: 'op' },
  oneOf: OPS,
  description: 'one of hello, claim, update, yield, keep, release, ask, ready',
};

const ADDRESSED = { v: version, session: name, epoch: counter } as const;

export const upFrameSchema: Schema = {
  $id: 'up-frame',
  title: 'Frame of a participant',
  ...object<keyof UpFrame>({ ...ADDRESSED, stream: counter, n: counter, ack: counter, ops: list(op) }, [
    ...(['v', 'session', 'epoch', 'stream', 'ack', 'ops'] as const),
  ]),
};

const tell = object<keyof Tell>(
  { id, answer: { ...answerSchema, $id: undefined, description: 'an answer' } },
  ['id', 'answer'],
);

export const downFrameSchema: Schema = {
  $id: 'down-frame',
  title: 'Frame of the arbiter',
  ...object<keyof DownFrame>(
    { ...ADDRESSED, stream: counter, n: counter, ack: counter, beat: counter, tells: list(tell) },
    ['v', 'session', 'epoch', 'stream', 'ack', 'beat', 'tells'],
  ),
};

export const beatReturnSchema: Schema = {
  $id: 'beat-return',
  title: 'A heartbeat that is returned',
  ...object<keyof BeatReturn>({ ...ADDRESSED, beat: counter, stream: counter, ack: counter, last: counter }, [
    ...(['v', 'session', 'epoch', 'beat', 'stream', 'ack', 'last'] as const),
  ]),
};

export const refusalSchema: Schema = {
  $id: 'refusal',
  title: 'Why a session is not heard',
  ...object<keyof SessionRefusal>({ ...ADDRESSED, refused: { type: 'string', description: 'a text' } }, [
    ...(['v', 'session', 'epoch', 'refused'] as const),
  ]),
};
