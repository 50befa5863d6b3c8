// Who may claim what, how high and for how long. The first row that matches counts; what a row does not say, it does not
// limit. Where no row matches, devices have the limits of DEVICES, and the flows of the arbiter's own runtime have none.
import { resourceMatcher } from '../protocol';
import { errorText } from './error-text';
import type { Levels } from './levels';
import { objectToText } from './names';
import { isRecord } from './read-payload';

export interface PolicyRow {
  /** What refusals call it; default: its number and patterns. */
  readonly name?: string;
  /** Patterns as in MQTT. A requester's name is matched like a resource's. */
  readonly requester: string;
  readonly resource: string;
  /** Default `true`. */
  readonly allowed?: boolean;
  /** A number, or the name of a level. */
  readonly highest?: number | string;
  /** In ms. */
  readonly longestTtl?: number;
  /** In ms, for a claim that asks for none; default: the longest. */
  readonly defaultTtl?: number;
  /** In ms. */
  readonly longestGrace?: number;
  /** One locker for all requesters that match. */
  readonly actsAs?: string;
  /** May end others' holds. Default `false`. */
  readonly mayForce?: boolean;
}

/** Whether it has what every row has; what else it says is looked at when it is used. */
export function isPolicyRow(value: unknown): value is PolicyRow {
  return isRecord(value) && typeof value.requester === 'string' && typeof value.resource === 'string';
}

/** What a claim asks for. */
export interface Ask {
  readonly requester: string;
  readonly resources: readonly string[];
  readonly priority: number;
  readonly ttl: number | undefined;
  readonly grace: number | undefined;
  /** Comes from a device, not from the arbiter's own runtime. */
  readonly isDevice: boolean;
}

export type Ruling =
  | {
      readonly refusal?: undefined;
      /** In ms; `Infinity` without a lease. */
      readonly ttl: number;
      readonly actsAs: string | undefined;
      /** The rule that gave a lease to a claim that asked for none. */
      readonly leaseRule: string | undefined;
    }
  | {
      /** In words: the limit, and the rule. */
      readonly refusal: string;
    };

export interface Policy {
  readonly rows: readonly PolicyRow[];
  judge(ask: Ask): Ruling;
  /** The locker that this requester acts as for these resources. */
  actsAs(requester: string, resources: readonly string[]): string | undefined;
  /** Whether a device may end the hold of a resource. */
  mayForce(requester: string, resource: string): boolean;
}

interface Rule {
  readonly name: string;
  readonly allowed: boolean;
  readonly highest: number;
  readonly longestTtl: number;
  readonly defaultTtl: number;
  readonly longestGrace: number;
  readonly actsAs: string | undefined;
  readonly mayForce: boolean;
}

interface CompiledRow extends Rule {
  matches(requester: string, resource: string): boolean;
}

const DAY_MS = 86_400_000;
const HIGHEST_OF_DEVICES = 500;

const UNLIMITED: Rule = {
  name: 'none',
  allowed: true,
  highest: Infinity,
  longestTtl: Infinity,
  defaultTtl: Infinity,
  longestGrace: Infinity,
  actsAs: undefined,
  mayForce: false,
};

const DEVICES: Rule = {
  ...UNLIMITED,
  name: 'devices, where no rule matches',
  highest: HIGHEST_OF_DEVICES,
  longestTtl: DAY_MS,
  defaultTtl: DAY_MS,
};

/** @throws {RangeError} that names the row and what is wrong with it. */
export function makePolicy(rows: readonly PolicyRow[], levels: Levels): Policy {
  const compiled = rows.map((row, index) => compile(row, index, levels));
  const ruleFor = (requester: string, resource: string, isDevice: boolean): Rule =>
    compiled.find((row) => row.matches(requester, resource)) ?? (isDevice ? DEVICES : UNLIMITED);
  return {
    rows,
    judge(ask) {
      if (compiled.length === 0 && !ask.isDevice) return judgeBy([UNLIMITED], ask);
      const rules = ask.resources.map((resource) => ruleFor(ask.requester, resource, ask.isDevice));
      return judgeBy(rules, ask);
    },
    actsAs: (requester, resources) =>
      compiled.length === 0 ? undefined : ruleFor(requester, resources[0] ?? '', true).actsAs,
    mayForce: (requester, resource) => ruleFor(requester, resource, true).mayForce,
  };
}

function judgeBy(rules: readonly Rule[], ask: Ask): Ruling {
  for (const rule of rules) {
    const complaint = complain(rule, ask);
    if (complaint !== undefined) return { refusal: `${complaint} (rule: ${rule.name})` };
  }
  const actsAs = rules[0]?.actsAs;
  const other = rules.find((rule) => rule.actsAs !== actsAs);
  if (other !== undefined) return { refusal: `its resources have different lockers (rule: ${other.name})` };
  if (ask.ttl !== undefined) return { ttl: ask.ttl, actsAs, leaseRule: undefined };
  const shortest = rules.reduce(
    (least, rule) => (rule.defaultTtl < least.defaultTtl ? rule : least),
    UNLIMITED,
  );
  const { defaultTtl: ttl, name } = shortest;
  return { ttl, actsAs, leaseRule: ttl === Infinity ? undefined : name };
}

function complain(rule: Rule, { requester, priority, ttl, grace }: Ask): string | undefined {
  if (!rule.allowed) return `${requester} may not claim this`;
  if (priority > rule.highest) return `priority is ${priority}, over ${rule.highest}`;
  if (ttl !== undefined && ttl > rule.longestTtl) return `ttl is ${ttl} ms, over ${rule.longestTtl}`;
  if (grace === undefined || grace <= rule.longestGrace) return undefined;
  return `grace is ${grace} ms, over ${rule.longestGrace}`;
}

function compile(row: PolicyRow, index: number, levels: Levels): CompiledRow {
  const name = row.name ?? `${index + 1}: ${row.requester} → ${row.resource}`;
  const longestTtl = lengthOf(row, 'longestTtl', name) ?? Infinity;
  const defaultTtl = lengthOf(row, 'defaultTtl', name) ?? longestTtl;
  const actsAs = row.actsAs === '' ? undefined : row.actsAs;
  const objection = actsAs === undefined ? undefined : objectToText(actsAs);
  if (objection !== undefined) throw wrong(name, `actsAs ${objection}`);
  if (defaultTtl > longestTtl)
    throw wrong(name, `defaultTtl is ${defaultTtl}, over longestTtl ${longestTtl}`);
  const isOf = matcherOf(row, 'requester', name);
  const covers = matcherOf(row, 'resource', name);
  return {
    name,
    allowed: row.allowed ?? true,
    highest: highestOf(row, name, levels),
    longestTtl,
    defaultTtl,
    longestGrace: lengthOf(row, 'longestGrace', name) ?? Infinity,
    actsAs,
    mayForce: row.mayForce ?? false,
    matches: (requester, resource) => isOf(requester) && covers(resource),
  };
}

function matcherOf(row: PolicyRow, field: 'requester' | 'resource', name: string): (text: string) => boolean {
  try {
    return resourceMatcher(row[field]);
  } catch (error) {
    throw wrong(name, `${field}: ${errorText(error)}`);
  }
}

function highestOf({ highest }: PolicyRow, name: string, levels: Levels): number {
  if (highest === undefined || highest === Infinity) return Infinity;
  const priority = levels.priorityOf(highest);
  if (priority === undefined) throw wrong(name, `highest is ${JSON.stringify(highest)}, which is no level`);
  return priority;
}

function lengthOf(
  row: PolicyRow,
  field: 'longestTtl' | 'defaultTtl' | 'longestGrace',
  name: string,
): number | undefined {
  const length = row[field];
  if (length === undefined || length > 0 || (field === 'longestGrace' && length === 0)) return length;
  throw wrong(name, `${field} is ${length}, not a length in ms`);
}

function wrong(name: string, complaint: string): RangeError {
  return new RangeError(`policy rule ${name}: ${complaint}`);
}
