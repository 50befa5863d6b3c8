// JSON Schema of what the arbiter writes, and reads back when it rebuilds: answers, states and its own presence.
import { EVENTS, RESULTS } from './event-names';
import type {
  Answer,
  AnswerReason,
  ArbiterMessage,
  AuditEvent,
  Cause,
  HoldingClaim,
  ResourceState,
  TermMessage,
  WaitingClaim,
} from './messages';
import { anyValue, CLAIM, flag, lease, length, type Schema, text, token } from './schemas';
import type { ArbiterBeatMessage } from './session-messages';

export const name = text('a name');
const priority: Schema = { type: 'number', description: 'a finite number' };
const time: Schema = { type: 'string', format: 'date-time', description: 'a time by ISO 8601, in UTC' };
export const counter: Schema = { ...token, description: 'a whole number, not below 0' };

function oneOf<Word extends string>(words: Readonly<Record<Word, true>>): Schema {
  const names = Object.keys(words);
  return { enum: names, description: `one of ${names.join(', ')}` };
}

export function object<Key extends string>(
  properties: Record<Key, Schema>,
  required: readonly NoInfer<Key>[],
): Schema {
  return { type: 'object', properties, required, description: 'an object' };
}

export const list = (items: Schema): Schema => ({ type: 'array', items, description: 'a list' });

export const version: Schema = { const: 1, description: '1, the version that is understood here' };

const cause = object<keyof Cause>(
  { locker: { type: 'string', description: 'a name' }, requester: name, priority, level: name },
  ['locker'],
);

const result = oneOf(RESULTS);

const reason = oneOf<AnswerReason>({
  timeout: true,
  deadlock: true,
  expired: true,
  session: true,
  unknown: true,
  changed: true,
  invalid: true,
  'too-long': true,
  'too-many': true,
  full: true,
  preempted: true,
  forced: true,
  policy: true,
  withdrawn: true,
  replaced: true,
  malformed: true,
  unavailable: true,
});

export const answerSchema: Schema = {
  $id: 'answer',
  title: 'Answer',
  ...object<keyof Answer>(
    {
      id: text('a text of 1 to 256 characters', 256),
      result,
      resources: list(name),
      token,
      expires: time,
      remaining: length,
      until: time,
      ended: time,
      wish: { type: 'object', properties: CLAIM, description: 'a claim' },
      order: counter,
      regained: flag,
      reason,
      detail: { type: 'string', description: 'a text' },
      by: cause,
      hash: name,
    },
    ['result', 'resources'],
  ),
};

const holdingClaim = object<keyof HoldingClaim>(
  {
    id: name,
    requester: name,
    name,
    session: name,
    resources: { ...list(name), minItems: 1 },
    priority,
    expires: time,
    remaining: length,
    locker: name,
    value: anyValue,
    order: counter,
    written: counter,
    standing: flag,
    ttl: lease,
    grace: length,
  },
  ['id', 'requester', 'name', 'resources', 'priority', 'locker', 'order', 'standing'],
);

const waitingClaim = object<keyof WaitingClaim>({ locker: name, requester: name, priority, level: name }, [
  'locker',
  'requester',
  'priority',
]);

export const stateSchema: Schema = {
  $id: 'state',
  title: 'State of a resource',
  ...object<keyof ResourceState>(
    {
      v: version,
      resource: name,
      state: oneOf({ free: true, held: true, revoking: true }),
      holder: name,
      requester: name,
      priority,
      level: name,
      value: anyValue,
      token,
      since: time,
      expires: time,
      remaining: length,
      claims: list(holdingClaim),
      waiting: list(waitingClaim),
      waitingCount: counter,
      epoch: counter,
    },
    ['v', 'resource', 'state', 'claims', 'waiting', 'waitingCount', 'epoch'],
  ),
};

export const arbiterSchema: Schema = {
  $id: 'arbiter',
  title: 'Presence of the arbiter',
  ...object<keyof ArbiterMessage>(
    {
      v: version,
      online: flag,
      requester: name,
      instance: name,
      epoch: counter,
      tokenFloor: token,
      left: flag,
      settings: { type: 'object', description: 'an object' },
    },
    ['v', 'online', 'requester', 'instance', 'epoch', 'tokenFloor'],
  ),
};

export const termSchema: Schema = {
  $id: 'term',
  title: 'What must never fall',
  ...object<keyof TermMessage>({ epoch: counter, tokenFloor: token }, ['epoch', 'tokenFloor']),
};

export const arbiterBeatSchema: Schema = {
  $id: 'arbiter-beat',
  title: 'Heartbeat of the arbiter',
  ...object<keyof ArbiterBeatMessage>({ epoch: counter, instance: name, beat: counter }, [
    'epoch',
    'instance',
    'beat',
  ]),
};

export const eventSchema: Schema = {
  $id: 'event',
  title: 'One line of the audit stream',
  ...object<keyof AuditEvent>(
    {
      time,
      event: oneOf(EVENTS),
      resources: list(name),
      locker: name,
      requester: name,
      name,
      priority,
      level: name,
      token,
      reason,
      detail: { type: 'string', description: 'a text' },
      by: cause,
    },
    ['time', 'event', 'resources', 'locker', 'requester'],
  ),
};
