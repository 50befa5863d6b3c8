// The schemas of all messages, compiled when they are first needed. In the package, code that the build has made of them
// stands in the place of this file: it needs no compiler, and browsers may forbid one.
import { Ajv, type Options } from 'ajv';
import { formats } from './message-formats';
import type {
  Answer,
  ArbiterMessage,
  AuditEvent,
  ClaimMessage,
  ForceMessage,
  ResourceState,
  TermMessage,
} from './messages';
import { claimSchema, forceSchema, type Schema } from './schemas';
import * as ofArbiter from './schemas-arbiter';
import type {
  ArbiterBeatMessage,
  BeatMessage,
  BeatReturn,
  DownFrame,
  PresenceMessage,
  SessionRefusal,
  UpFrame,
} from './session-messages';
import * as ofSession from './session-schemas';

/** What is wrong with a message, as the compiler of schemas tells it. */
export interface CheckError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly data?: unknown;
  readonly parentSchema?: Schema;
}

/** Whether a value is such a message. Takes out of it what the schema does not know. */
export interface Check<Message> {
  (json: unknown): json is Message;
  /** Of the last value, if it was wrong. */
  readonly errors?: readonly CheckError[] | null;
}

/** The messages, by the names of their schemas. */
export interface Checked {
  readonly claim: ClaimMessage;
  readonly force: ForceMessage;
  readonly answer: Answer;
  readonly state: ResourceState;
  readonly arbiter: ArbiterMessage;
  readonly term: TermMessage;
  readonly arbiterBeat: ArbiterBeatMessage;
  readonly event: AuditEvent;
  readonly presence: PresenceMessage;
  readonly beat: BeatMessage;
  readonly upFrame: UpFrame;
  readonly downFrame: DownFrame;
  readonly beatReturn: BeatReturn;
  readonly refusal: SessionRefusal;
}

export const SCHEMAS: Readonly<Record<keyof Checked, Schema>> = {
  claim: claimSchema,
  force: forceSchema,
  answer: ofArbiter.answerSchema,
  state: ofArbiter.stateSchema,
  arbiter: ofArbiter.arbiterSchema,
  term: ofArbiter.termSchema,
  arbiterBeat: ofArbiter.arbiterBeatSchema,
  event: ofArbiter.eventSchema,
  presence: ofSession.presenceSchema,
  beat: ofSession.beatSchema,
  upFrame: ofSession.upFrameSchema,
  downFrame: ofSession.downFrameSchema,
  beatReturn: ofSession.beatReturnSchema,
  refusal: ofSession.refusalSchema,
};

/** Types of the compiler would be missed by whoever reads the types of this package. */
export const COMPILER_OPTIONS = {
  // What was wrong is told in words of our own, for which the value and its schema are needed.
  verbose: true,
  messages: false,
  allowUnionTypes: true,
  removeAdditional: 'all',
  discriminator: true,
  formats,
} as const satisfies Options;

const ajv = new Ajv(COMPILER_OPTIONS);

export function checkOf<Name extends keyof Checked>(name: Name): Check<Checked[Name]> {
  // The compiler keeps what it has compiled.
  return ajv.compile<Checked[Name]>(SCHEMAS[name]) as Check<Checked[Name]>;
}
