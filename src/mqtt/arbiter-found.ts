// Sorts what a broker retains of an earlier arbiter and of devices, and reads what can be read of it.
import { type ClaimKey, deviceClaimId } from './arbiter-claim';
import type { Context } from './arbiter-context';
import type { Addressee } from './arbiter-devices';
import { adoptFormer } from './arbiter-former';
import { readOwner } from './arbiter-own-message';
import type { Found } from './arbiter-reader';
import type {
  Answer,
  ArbiterMessage,
  ClaimMessage,
  HoldingClaim,
  ResourceState,
  TermMessage,
} from './messages';
import type { HandedClaim } from './participant-claims';
import { readAnswer, readArbiter, readClaim, readState, readTerm } from './read-message';

/** A retained claim. */
export interface FoundClaim extends Addressee {
  readonly payload: Uint8Array;
  readonly hash: string;
  /** `undefined` where it cannot be read. */
  readonly message: ClaimMessage | undefined;
  /** Whose it is, for a claim that a runtime keeps there. */
  readonly owner: ClaimKey | undefined;
  /** It was not found: a session has it, or holds it. */
  readonly session?: SessionTraces;
  /** It was not found: another authority of this runtime has handed it over. */
  readonly handed?: HandedClaim;
}

/** What is known of a claim of a session. */
export interface SessionTraces {
  /** `undefined` where nobody has said so far. */
  readonly instance: string | undefined;
  readonly keep: boolean;
  readonly owner: ClaimKey | undefined;
  /** It was listed, and none of its changes are on their way. */
  readonly isCurrent: boolean;
}

export interface FoundAnswer extends Addressee {
  readonly answer: Answer;
  readonly text: string;
}

/** A hold that states tell of. */
export interface FoundHold {
  readonly claim: HoldingClaim;
  /** The token of the hold, by resource. */
  readonly tokens: Map<string, number>;
  /** Wall ms at which it began, by resource. */
  readonly since: Map<string, number>;
}

/** All of it. Claims, answers and holds by requester and name, as `deviceClaimId` joins them. */
export interface Finds {
  readonly claims: Map<string, FoundClaim>;
  readonly answers: Map<string, FoundAnswer>;
  readonly holds: Map<string, FoundHold>;
  readonly states: ResourceState[];
  arbiter: ArbiterMessage | undefined;
  term: TermMessage | undefined;
  /** Presences of participants, by requester. */
  readonly presences: Map<string, Uint8Array>;
  /** Tokens that claims were granted with, as their runtimes tell. */
  readonly tokens: number[];
  /** What only an arbiter writes, as text by topic. */
  readonly ours: Map<string, string>;
}

/** What cannot be read is left out; of our own that is in the way and will be overwritten or cleared. */
export function sortOut(found: Found, context: Context): Finds {
  const finds: Finds = {
    claims: new Map(),
    answers: new Map(),
    holds: new Map(),
    states: [],
    arbiter: undefined,
    term: undefined,
    presences: new Map(),
    tokens: [],
    ours: new Map(),
  };
  for (const [topic, payload] of found) sortIn(finds, topic, payload, context);
  adoptFormer(finds, context);
  return finds;
}

function sortIn(finds: Finds, topic: string, payload: Uint8Array, { topics, requester }: Context): void {
  const parsed = topics.parse(topic);
  if (parsed === undefined) return;
  const isOwnClaim = parsed.kind === 'claim' && parsed.requester === requester;
  if (isOwnClaim || !isOthers(parsed.kind)) finds.ours.set(topic, new TextDecoder().decode(payload));
  switch (parsed.kind) {
    case 'claim':
      addClaim(finds, parsed, payload);
      return;
    case 'answer':
      addAnswer(finds, parsed, payload);
      return;
    case 'state':
      addState(finds, parsed.resource, payload);
      return;
    case 'session':
      finds.presences.set(parsed.requester, payload);
      return;
    case 'arbiter':
      finds.arbiter = readArbiter(payload).message;
      return;
    case 'arbiter-term':
      finds.term = readTerm(payload).message;
      return;
    default:
  }
}

/** What is not the arbiter's to write. */
function isOthers(kind: string): boolean {
  return ['claim', 'malformed', 'session', 'session-claims', 'beat', 'force'].includes(kind);
}

function addClaim(finds: Finds, { requester, name }: Addressee, payload: Uint8Array): void {
  const { message, hash } = readClaim(payload);
  const owner = message === undefined ? undefined : readOwner(payload);
  finds.claims.set(deviceClaimId(requester, name), { requester, name, payload, hash, message, owner });
}

function addAnswer(finds: Finds, { requester, name }: Addressee, payload: Uint8Array): void {
  const { message: answer } = readAnswer(payload);
  if (answer === undefined) return;
  const text = new TextDecoder().decode(payload);
  finds.answers.set(deviceClaimId(requester, name), { requester, name, answer, text });
}

function addState(finds: Finds, resource: string, payload: Uint8Array): void {
  const { message: state } = readState(payload);
  if (state === undefined || state.resource !== resource) return;
  finds.states.push(state);
  for (const claim of state.claims) {
    const key = deviceClaimId(claim.requester, claim.name);
    const hold = finds.holds.get(key) ?? { claim, tokens: new Map(), since: new Map() };
    if (state.token !== undefined) hold.tokens.set(resource, state.token);
    if (state.since !== undefined) hold.since.set(resource, Date.parse(state.since));
    finds.holds.set(key, hold);
  }
}
