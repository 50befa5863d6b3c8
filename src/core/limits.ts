// The limits of a table (rule 13), and the check of what a command brings before it changes anything.
import type { ClaimCommand, Json, UpdateCommand } from './command';
import type { DenialReason } from './event';
import { IndexMap } from './index-map';
import type { Limits } from './view';

export const DEFAULT_LIMITS: Limits = {
  claimsPerRequester: 10_000,
  resourcesPerRequester: 10_000,
  resources: 1_000_000,
  resourcesPerClaim: 64,
  nameBytes: 512,
  valueBytes: 8 * 1024,
  graceMs: 5_000,
};

/** Why something is refused; `detail` names the argument and its value. */
export interface Objection {
  readonly reason: DenialReason;
  readonly detail: string;
}

/** What one requester uses of its limits. */
interface Usage {
  claims: number;
  resources: number;
}

/** Lets nothing into a table that is no claim, or over a limit. */
export class Guard {
  readonly #limits: Limits;
  readonly #usage = new IndexMap<Usage>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** What is wrong with a new claim, if anything is. */
  objectToClaim(claim: ClaimCommand, known: Known): Objection | undefined {
    const limits = this.#limits;
    return (
      objectToResources(claim.resources, limits) ??
      objectToName('locker', claim.locker, limits) ??
      objectToPriority(claim.priority) ??
      objectToTtl(claim.ttl) ??
      objectToLength('timeout', claim.timeout) ??
      objectToLength('handover', claim.handover) ??
      objectToGrace(claim.grace, limits) ??
      objectToValue(claim.value, limits) ??
      objectToUsage(claim, this.#usage.get(claim.requester ?? '') ?? NO_USAGE, known, limits)
    );
  }

  /** What is wrong with an update, if anything is. */
  objectToUpdate(update: UpdateCommand): Objection | undefined {
    return (
      objectToPriority(update.priority) ??
      objectToTtl(update.ttl) ??
      (update.ttl !== undefined && update.renew !== true
        ? invalid('ttl', 'comes only with renew')
        : undefined) ??
      objectToValue(update.value, this.#limits)
    );
  }

  /** A claim of the requester has come (1) or gone (-1). */
  count(requester: string, resources: number, step: 1 | -1): void {
    const used = this.#usage.get(requester) ?? this.#begin(requester);
    used.claims += step;
    used.resources += step * resources;
    if (used.claims === 0) this.#usage.delete(requester);
  }

  #begin(requester: string): Usage {
    const used = { claims: 0, resources: 0 };
    this.#usage.add(requester, used);
    return used;
  }
}

const NO_USAGE: Usage = { claims: 0, resources: 0 };

/** The resources of the table. */
interface Known {
  readonly size: number;
  get(name: string): unknown;
}

function objectToResources(resources: readonly string[], limits: Limits): Objection | undefined {
  if (resources.length === 0) return invalid('resources', 'is empty');
  if (resources.length > limits.resourcesPerClaim) {
    return {
      reason: 'too-many',
      detail: `resources: ${resources.length} are more than ${limits.resourcesPerClaim}`,
    };
  }
  for (const name of resources) {
    const objection = objectToName('resource', name, limits);
    if (objection !== undefined) return objection;
  }
  if (resources.length === 1 || new Set(resources).size === resources.length) return undefined;
  return invalid('resources', 'name one twice');
}

function objectToName(what: string, name: string, limits: Limits): Objection | undefined {
  if (name === '') return invalid(what, 'is empty');
  // A UTF-16 unit is at most three bytes of UTF-8, so most names need no count.
  if (name.length * 3 <= limits.nameBytes || utf8Length(name) <= limits.nameBytes) return undefined;
  return tooLong(`${what} is over ${limits.nameBytes} bytes`);
}

function objectToPriority(priority: number | undefined): Objection | undefined {
  if (priority === undefined || Number.isFinite(priority)) return undefined;
  return invalid('priority', `is ${priority}, not a finite number`);
}

function objectToTtl(ttl: number | undefined): Objection | undefined {
  if (ttl === undefined || ttl > 0) return undefined;
  return invalid('ttl', `is ${ttl}, not above 0 ms`);
}

function objectToLength(what: string, ms: number | undefined): Objection | undefined {
  if (ms === undefined || ms >= 0) return undefined;
  return invalid(what, `is ${ms}, not a length in ms`);
}

function objectToGrace(grace: number | undefined, limits: Limits): Objection | undefined {
  const objection = objectToLength('grace', grace);
  if (objection !== undefined || grace === undefined || grace <= limits.graceMs) return objection;
  return tooLong(`grace is ${grace} ms, over ${limits.graceMs}`);
}

function objectToValue(value: Json | undefined, limits: Limits): Objection | undefined {
  if (value === undefined || typeof value === 'number' || typeof value === 'boolean') return undefined;
  if (utf8Length(JSON.stringify(value)) <= limits.valueBytes) return undefined;
  return tooLong(`value is over ${limits.valueBytes} bytes`);
}

function objectToUsage(
  claim: ClaimCommand,
  used: Usage,
  known: Known,
  limits: Limits,
): Objection | undefined {
  const resources = used.resources + claim.resources.length;
  if (used.claims + 1 > limits.claimsPerRequester) return full('claims', limits.claimsPerRequester);
  if (resources > limits.resourcesPerRequester) return full('resources', limits.resourcesPerRequester);
  if (known.size + claim.resources.length <= limits.resources) return undefined;
  // A requester's first few are always let in, so that nobody can fill the table against an alarm.
  if (resources <= limits.resourcesPerClaim) return undefined;
  const fresh = claim.resources.filter((name) => known.get(name) === undefined).length;
  if (fresh === 0 || known.size + fresh <= limits.resources) return undefined;
  return { reason: 'full', detail: `the table has ${limits.resources} resources` };
}

function full(what: string, most: number): Objection {
  return { reason: 'full', detail: `the requester has ${most} ${what}` };
}

function invalid(what: string, complaint: string): Objection {
  return { reason: 'invalid', detail: `${what} ${complaint}` };
}

function tooLong(detail: string): Objection {
  return { reason: 'too-long', detail };
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
