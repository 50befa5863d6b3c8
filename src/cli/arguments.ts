// From the arguments in a shell to what is to be done, or to what is wrong with them.
import { hostname, userInfo } from 'node:os';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { Json } from '../core';
import { readAddress } from '../mqtt/connection-address';
import { errorText } from '../mqtt/error-text';
import { objectToRequester, objectToResource } from '../mqtt/names';
import { topicsUnder } from '../mqtt/topics';
import { resourceMatcher } from '../protocol';
import { readTime } from './time';

/** Where the locks are, and who asks. */
export interface Place {
  readonly url: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly prefix: string;
  readonly requester: string;
  /** Whether the requester was chosen, and not made up. */
  readonly isNamed: boolean;
  /** How long to wait for the broker and for somebody who decides, in ms. */
  readonly connectTimeout: number;
}

/** What is asked of the locks. Lengths in ms. */
export interface HoldTask {
  readonly verb: 'hold';
  readonly resources: readonly string[];
  readonly locker: string | undefined;
  /** A number, or the name of a level. */
  readonly priority: number | string;
  readonly value: Json | undefined;
  readonly ttl: number | undefined;
  readonly timeout: number | undefined;
  readonly grace: number;
  readonly isPolite: boolean;
  /** To be run while the lock is held; empty: the claim is left standing. */
  readonly command: readonly string[];
}

export type Task =
  | HoldTask
  | { readonly verb: 'release'; readonly resources: readonly string[] }
  | { readonly verb: 'list' | 'watch'; readonly pattern: string; readonly isJson: boolean }
  | { readonly verb: 'force'; readonly resource: string };

export interface Asked {
  readonly place: Place;
  readonly task: Task;
}

/** The arguments are wrong; the message says which one, and what would be right. */
export class UsageError extends Error {}

type Environment = Readonly<Record<string, string | undefined>>;

const OPTIONS = {
  url: { type: 'string' },
  user: { type: 'string' },
  prefix: { type: 'string' },
  requester: { type: 'string' },
  'connect-timeout': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
  version: { type: 'boolean' },
  locker: { type: 'string' },
  priority: { type: 'string' },
  value: { type: 'string' },
  ttl: { type: 'string' },
  timeout: { type: 'string' },
  grace: { type: 'string' },
  polite: { type: 'boolean' },
} as const satisfies ParseArgsConfig['options'];

type Values = { readonly [Name in keyof typeof OPTIONS]?: string | boolean | undefined };

/** Options that only some verbs have. */
const OF_HOLD: readonly (keyof Values)[] = [
  ...(['locker', 'priority', 'value', 'ttl', 'timeout', 'grace', 'polite'] as const),
];

const LONGEST_GRACE_MS = 5_000;
const CONNECT_TIMEOUT_MS = 30_000;

/** @throws {UsageError} */
export function readArguments(all: readonly string[], environment: Environment): Asked | 'help' | 'version' {
  const dashes = all.indexOf('--');
  const own = dashes < 0 ? all : all.slice(0, dashes);
  const command = dashes < 0 ? undefined : all.slice(dashes + 1);
  const { values, positionals } = parse(own);
  if (values.help === true) return 'help';
  if (values.version === true) return 'version';
  const [verb, ...operands] = positionals;
  if (verb === undefined) throw new UsageError('what is to be done? hold, release, list, watch or force');
  return { place: placeOf(values, environment), task: taskOf(verb, operands, values, command) };
}

function parse(own: readonly string[]): { readonly values: Values; readonly positionals: readonly string[] } {
  try {
    return parseArgs({ args: [...own], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(errorText(error));
  }
}

function placeOf(values: Values, environment: Environment): Place {
  const user = textOf(values.user) ?? environment.PRIORITY_LOCK_USER;
  const named = textOf(values.requester) ?? user;
  const requester = named ?? `shell-${userInfo().username}-${hostname()}`;
  const objection = objectToRequester(requester);
  if (objection !== undefined) throw new UsageError(`--requester ${JSON.stringify(requester)} ${objection}`);
  const url = textOf(values.url) ?? environment.PRIORITY_LOCK_URL ?? 'mqtt://127.0.0.1:1883';
  const prefix = textOf(values.prefix) ?? 'locks';
  check(() => readAddress(url));
  check(() => topicsUnder(prefix));
  const connectTimeout = timeOf('connect-timeout', values['connect-timeout']) ?? CONNECT_TIMEOUT_MS;
  if (connectTimeout === 0) throw new UsageError('--connect-timeout 0 is too short for anything');
  return {
    ...{ url, user, prefix, connectTimeout },
    password: environment.PRIORITY_LOCK_PASSWORD,
    requester,
    isNamed: named !== undefined,
  };
}

function taskOf(
  verb: string,
  operands: readonly string[],
  values: Values,
  command: readonly string[] | undefined,
): Task {
  if (verb !== 'hold') refuseOfHold(verb, values, command);
  switch (verb) {
    case 'hold':
      return holdOf(resourcesOf(verb, operands), values, command);
    case 'release':
      return { verb, resources: resourcesOf(verb, operands) };
    case 'list':
    case 'watch': {
      const pattern = onlyOne(verb, 'pattern', operands) ?? '#';
      check(() => resourceMatcher(pattern));
      return { verb, pattern, isJson: values.json === true };
    }
    case 'force': {
      const resource = onlyOne(verb, 'resource', resourcesOf(verb, operands));
      return { verb, resource: resource ?? '' };
    }
    default:
      throw new UsageError(`${verb} is none of hold, release, list, watch, force`);
  }
}

function refuseOfHold(verb: string, values: Values, command: readonly string[] | undefined): void {
  if (command !== undefined) throw new UsageError(`${verb} runs no command: nothing may stand after --`);
  const wrong = OF_HOLD.find((name) => values[name] !== undefined);
  if (wrong !== undefined) throw new UsageError(`--${wrong} is an option of hold, not of ${verb}`);
}

function holdOf(
  resources: readonly string[],
  values: Values,
  command: readonly string[] | undefined,
): HoldTask {
  if (command?.length === 0) throw new UsageError('a command is wanted after --');
  // A command may need its time to end; of a claim that stands nothing is known to run.
  const grace = timeOf('grace', values.grace) ?? (command === undefined ? 0 : LONGEST_GRACE_MS);
  if (grace > LONGEST_GRACE_MS) throw new UsageError(`--grace ${values.grace} is longer than 5s`);
  const ttl = timeOf('ttl', values.ttl);
  if (ttl === 0) throw new UsageError('--ttl 0 is no lease');
  return {
    verb: 'hold',
    resources,
    locker: textOf(values.locker),
    priority: priorityOf(textOf(values.priority)),
    value: jsonOf(textOf(values.value)),
    ttl,
    timeout: timeOf('timeout', values.timeout),
    grace,
    isPolite: values.polite === true,
    command: command ?? [],
  };
}

function resourcesOf(verb: string, operands: readonly string[]): readonly string[] {
  if (operands.length === 0) throw new UsageError(`which resource? priority-lock ${verb} RESOURCE`);
  for (const resource of operands) {
    const objection = objectToResource(resource);
    if (objection !== undefined) throw new UsageError(`resource ${JSON.stringify(resource)} ${objection}`);
  }
  return operands;
}

/** What is checked elsewhere, too, is told as an argument that is wrong. */
function check(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  }
}

function onlyOne(verb: string, what: string, operands: readonly string[]): string | undefined {
  const [first, second] = operands;
  if (second !== undefined)
    throw new UsageError(`${verb} takes one ${what}: ${JSON.stringify(second)} is too much`);
  return first;
}

function textOf(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function timeOf(name: string, value: string | boolean | undefined): number | undefined {
  if (typeof value !== 'string') return undefined;
  const time = readTime(value);
  if (time === undefined) {
    throw new UsageError(
      `--${name} ${value} is no time: a number with ms, s, m, h or d is wanted, as in 10s`,
    );
  }
  return time;
}

/** What is no number is the name of a level. */
function priorityOf(text: string | undefined): number | string {
  if (text === undefined) return 0;
  const number = Number(text);
  return text.trim() === '' || Number.isNaN(number) ? text : number;
}

function jsonOf(text: string | undefined): Json | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
