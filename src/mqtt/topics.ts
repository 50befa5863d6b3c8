// Every topic of the MQTT contract: how it is built from names, and what a topic that arrives means.
import {
  decodeLevel,
  decodeName,
  encodeLevel,
  encodeName,
  objectToPrefix,
  objectToRequester,
  objectToResource,
} from './names';

/** So many topics need not be read again. */
const MOST_REMEMBERED = 1_000;

/** What a topic under the prefix means. */
export type ParsedTopic =
  | { readonly kind: 'claim' | 'answer'; readonly requester: string; readonly name: string }
  | { readonly kind: 'state' | 'holder' | 'value'; readonly resource: string }
  | { readonly kind: 'session' | 'session-claims' | 'session-answers' | 'beat'; readonly requester: string }
  | { readonly kind: 'force'; readonly requester: string; readonly resource: string }
  | { readonly kind: 'arbiter' | 'arbiter-beat' | 'arbiter-term' | 'event' }
  | MalformedTopic;

/** A topic of ours with a name in it that nobody may have, or that could be spelt otherwise, too. */
export interface MalformedTopic {
  readonly kind: 'malformed';
  readonly of: NamedKind;
  /** What follows the kind, as it came: `<p>/answer/<rest>` reaches whoever published a bad claim. */
  readonly rest: string;
  /** In words: which part is wrong, and why. */
  readonly text: string;
}

type NamedKind = 'claim' | 'answer' | 'state' | 'holder' | 'value' | 'session' | 'beat' | 'force';

/** Builds and reads the topics under one prefix. Names must be valid (names.ts); they are encoded here. */
export interface Topics {
  readonly prefix: string;
  readonly arbiter: string;
  readonly arbiterBeat: string;
  /** What must never fall. */
  readonly term: string;
  /** Whether we hear what we write as state; no resource can have this topic. */
  readonly stateEcho: string;
  readonly event: string;
  claim(requester: string, name: string): string;
  answer(requester: string, name: string): string;
  /** Where to answer a malformed claim topic: `rest` is what the parser gave. */
  answerTo(rest: string): string;
  state(resource: string): string;
  holder(resource: string): string;
  value(resource: string): string;
  session(requester: string): string;
  /** Filters for what sessions say: who is there, their heartbeats, and what they want. */
  readonly fromSessions: readonly string[];
  /** What a session wants of its claims. */
  sessionClaims(requester: string): string;
  /** What a session is told. */
  sessionAnswers(requester: string): string;
  /** Marks the end of what is retained for whoever of this name reads it all. */
  mark(requester: string): string;
  beat(requester: string): string;
  force(requester: string, resource: string): string;
  /** A filter for every topic of that kind. */
  all(kind: NamedKind): string;
  /** A filter for every topic of that kind that belongs to a requester. */
  allOf(kind: 'claim' | 'answer', requester: string): string;
  /** What a topic means; `undefined` when it is none of ours. Never throws. */
  parse(topic: string): ParsedTopic | undefined;
}

/** The topics under a prefix, such as `locks`. Throws a `RangeError` that says what is wrong with the prefix. */
export function topicsUnder(prefix: string): Topics {
  const objection = objectToPrefix(prefix);
  if (objection !== undefined) throw new RangeError(`prefix ${JSON.stringify(prefix)} ${objection}`);
  const under = (kind: NamedKind) => `${prefix}/${kind}/`;
  const owned = (kind: NamedKind) => {
    const start = under(kind);
    return (requester: string, name: string) => `${start}${encodeLevel(requester)}/${encodeName(name)}`;
  };
  const ofResource = (kind: NamedKind) => (resource: string) => under(kind) + encodeName(resource);
  const ofRequester = (kind: NamedKind) => (requester: string) => under(kind) + encodeLevel(requester);
  return {
    prefix,
    arbiter: `${prefix}/arbiter`,
    arbiterBeat: `${prefix}/arbiter/beat`,
    term: `${prefix}/arbiter/term`,
    stateEcho: `${prefix}/state/$echo`,
    event: `${prefix}/event`,
    claim: owned('claim'),
    answer: owned('answer'),
    force: owned('force'),
    answerTo: (rest) => under('answer') + rest,
    state: ofResource('state'),
    holder: ofResource('holder'),
    value: ofResource('value'),
    session: ofRequester('session'),
    fromSessions: [`${prefix}/session/+`, `${prefix}/session/+/claims`, `${prefix}/beat/+`],
    sessionClaims: (requester) => `${under('session')}${encodeLevel(requester)}/claims`,
    sessionAnswers: (requester) => `${under('session')}${encodeLevel(requester)}/answers`,
    mark: (requester) => `${prefix}/arbiter/mark/${encodeLevel(requester)}`,
    beat: ofRequester('beat'),
    all: (kind) => `${under(kind)}#`,
    allOf: (kind, requester) => `${under(kind)}${encodeLevel(requester)}/#`,
    parse: remembering((topic) =>
      topic.startsWith(`${prefix}/`) ? parseRest(topic.slice(prefix.length + 1)) : undefined,
    ),
  };
}

/** The same few topics come again and again. */
function remembering(parse: Topics['parse']): Topics['parse'] {
  const known = new Map<string, ParsedTopic>();
  return (topic) => {
    const there = known.get(topic);
    if (there !== undefined) return there;
    const parsed = parse(topic);
    // Those of strangers may be long.
    if (parsed === undefined || parsed.kind === 'malformed') return parsed;
    if (known.size >= MOST_REMEMBERED) known.clear();
    known.set(topic, parsed);
    return parsed;
  };
}

function parseRest(topic: string): ParsedTopic | undefined {
  if (topic === 'arbiter' || topic === 'event') return { kind: topic };
  if (topic === 'arbiter/beat') return { kind: 'arbiter-beat' };
  if (topic === 'arbiter/term') return { kind: 'arbiter-term' };
  const slash = topic.indexOf('/');
  if (slash < 0) return undefined;
  const rest = topic.slice(slash + 1);
  const kind = topic.slice(0, slash);
  switch (kind) {
    case 'claim':
    case 'answer':
    case 'force':
      return parseOwned(kind, rest);
    case 'state':
    case 'holder':
    case 'value':
      return parseResource(kind, rest);
    case 'session':
      return parseSession(rest);
    case 'beat':
      return parseRequester(kind, rest);
    default:
      return undefined;
  }
}

function parseOwned(kind: 'claim' | 'answer' | 'force', rest: string): ParsedTopic {
  const slash = rest.indexOf('/');
  if (slash < 0) return malformed(kind, rest, 'a requester and a name are wanted, with a / between them');
  const requester = decodeLevel(rest.slice(0, slash));
  if (requester === undefined) return misspelt(kind, rest, 'requester');
  const name = decodeName(rest.slice(slash + 1));
  if (name === undefined) return misspelt(kind, rest, 'name');
  const objection = objectionTo('requester', requester) ?? objectionTo('name', name);
  if (objection !== undefined) return malformed(kind, rest, objection);
  return kind === 'force' ? { kind, requester, resource: name } : { kind, requester, name };
}

function parseResource(kind: 'state' | 'holder' | 'value', rest: string): ParsedTopic {
  const resource = decodeName(rest);
  if (resource === undefined) return misspelt(kind, rest, 'name');
  const objection = objectionTo('name', resource);
  return objection === undefined ? { kind, resource } : malformed(kind, rest, objection);
}

function parseSession(rest: string): ParsedTopic {
  const [, requester, part] = /^([^/]*)\/(claims|answers)$/.exec(rest) ?? [];
  const parsed = parseRequester('session', requester ?? rest);
  if (part === undefined || parsed.kind !== 'session') return parsed;
  return { kind: part === 'claims' ? 'session-claims' : 'session-answers', requester: parsed.requester };
}

function parseRequester(kind: 'session' | 'beat', rest: string): ParsedTopic {
  const requester = decodeLevel(rest);
  if (requester === undefined) return misspelt(kind, rest, 'requester');
  const objection = objectionTo('requester', requester);
  return objection === undefined ? { kind, requester } : malformed(kind, rest, objection);
}

function objectionTo(what: 'requester' | 'name', text: string): string | undefined {
  const objection = what === 'requester' ? objectToRequester(text) : objectToResource(text);
  return objection === undefined ? undefined : `the ${what} in the topic ${objection}`;
}

function misspelt(of: NamedKind, rest: string, what: string): MalformedTopic {
  const rule = '+ # % $ and control characters, and only they, as %XX with capital letters';
  return malformed(of, rest, `the ${what} in the topic is not spelt as it must be: ${rule}`);
}

function malformed(of: NamedKind, rest: string, text: string): MalformedTopic {
  return { kind: 'malformed', of, rest, text };
}
