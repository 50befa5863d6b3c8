// What `acquire` can be told, what it takes for granted, and what it does not take.
import type { Json } from '../protocol';

/** All lengths in ms. */
export interface AcquireOptions extends OldOptions {
  /** Finite; a strictly higher one takes the resource from its holder. Default 0. */
  readonly priority?: number | undefined;
  /** What the locker wants the resource to be: any JSON, for others to see. Default: nothing, a plain lock. */
  readonly value?: Json | undefined;
  /** The lease: the lock is lost after this time unless it is extended. > 0, default `Infinity`. */
  readonly ttl?: number | undefined;
  /** How long to wait for the lock at most. 0: only if it can be had now. Default `Infinity`. */
  readonly timeout?: number | undefined;
  /** How often to try: 1 is `timeout: 0`, each further one lets the resource go to somebody else once. Default `Infinity`. */
  readonly maxAttempts?: number | undefined;
  /** How long to wind down when a higher priority wants the resource: see `Lock.signal`. Default 0. */
  readonly grace?: number | undefined;
  /** `false`: takes nothing from anybody, however low. Default `true`. */
  readonly preempt?: boolean | undefined;
  /** Ends the wait when aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** The names that the options had in `priority-redlock`; where both are given, the new one counts. */
interface OldOptions {
  /** `ttl`, as it was called. */
  readonly lockTtl?: number | undefined;
  /** `timeout`, as it was called. */
  readonly aquireTimeout?: number | undefined;
  /** `maxAttempts`, as it was called. */
  readonly maxAquireAttempts?: number | undefined;
}

const OLD_NAMES = { ttl: 'lockTtl', timeout: 'aquireTimeout', maxAttempts: 'maxAquireAttempts' } as const;

/** Later ones count more. What comes out has the new names only. */
export function mergeOptions(...layers: readonly (AcquireOptions | undefined)[]): AcquireOptions {
  const merged: Record<string, unknown> = {};
  for (const { lockTtl, aquireTimeout, maxAquireAttempts, ...named } of layers.map((layer) => layer ?? {})) {
    const { ttl = lockTtl, timeout = aquireTimeout, maxAttempts = maxAquireAttempts } = named;
    for (const [name, value] of Object.entries({ ...named, ttl, timeout, maxAttempts })) {
      if (value !== undefined) merged[name] = value;
    }
  }
  return merged;
}

/** Options that were checked, with what is taken for granted filled in. */
export interface Terms {
  readonly priority: number;
  readonly value: Json | undefined;
  readonly ttl: number;
  readonly timeout: number;
  readonly maxAttempts: number;
  readonly grace: number | undefined;
  readonly preempt: boolean | undefined;
  readonly signal: AbortSignal | undefined;
}

const DEFAULT_TERMS: Terms = {
  priority: 0,
  value: undefined,
  ttl: Infinity,
  timeout: Infinity,
  maxAttempts: Infinity,
  grace: undefined,
  preempt: undefined,
  signal: undefined,
};

const OPTIONS = [...Object.keys(DEFAULT_TERMS), ...Object.values(OLD_NAMES)];

/**
 * @throws {TypeError} if there is no such option, or one is not of its type.
 * @throws {RangeError} if it is, but out of its range. Both name the option and its value.
 */
export function readOptions(options: AcquireOptions | undefined): Terms {
  if (options === undefined) return DEFAULT_TERMS;
  if (options === null || typeof options !== 'object') throw refuse('options', options, 'an object');
  checkNames(options, OPTIONS);
  const maxAttempts = readLength(options, 'maxAttempts', 1);
  const timeout = readLength(options, 'timeout', 0);
  return {
    priority: readPriority(options.priority),
    value: options.value === undefined ? undefined : readValue(options.value),
    ttl: readLength(options, 'ttl', Number.MIN_VALUE),
    timeout: maxAttempts === 1 ? 0 : timeout,
    maxAttempts,
    grace: options.grace === undefined ? undefined : checkLength('grace', options.grace, 0),
    preempt: readFlag('preempt', options.preempt),
    signal: readSignal(options.signal),
  };
}

/**
 * A misspelt option would quietly be none at all.
 * @throws {TypeError} if there is one that is not known.
 */
export function checkNames(options: object, known: readonly string[]): void {
  for (const name in options) {
    if (!known.includes(name)) throw refuse('an option', name, `one of ${known.join(', ')}`);
  }
}

/** @throws {TypeError | RangeError} if these are not different names. */
export function readResources(resource: string | readonly string[]): readonly string[] {
  if (!Array.isArray(resource)) return [readName('resource', resource)];
  if (resource.length === 0) throw new RangeError('resource is [], not one or more names');
  const names = resource.map((name) => readName('resource', name));
  if (new Set(names).size === names.length) return names;
  throw new RangeError(`resource is ${JSON.stringify(names)}, which names one twice`);
}

/** @throws {TypeError | RangeError} if it is no name. */
export function readName(what: string, name: unknown): string {
  if (typeof name !== 'string') throw refuse(what, name, 'a text');
  if (name === '') throw new RangeError(`${what} is "", not a name`);
  return name;
}

/** @throws {TypeError | RangeError} if it is no priority. */
export function readPriority(priority: number | undefined): number {
  if (priority === undefined) return 0;
  if (typeof priority !== 'number') throw refuse('priority', priority, 'a number');
  if (Number.isFinite(priority)) return priority;
  throw new RangeError(`priority is ${priority}, not a finite number`);
}

/**
 * A copy that later changes to the original do not reach.
 * @throws {TypeError} if it is no JSON.
 */
export function readValue(value: Json): Json {
  try {
    return JSON.parse(JSON.stringify(value));
  } catch {
    // It goes round in a circle, or there is no text for it.
    throw refuse('value', value, 'JSON');
  }
}

/** @throws {TypeError | RangeError} if it is not a number of ms from `least` on. */
export function checkLength(what: string, length: unknown, least: number): number {
  if (typeof length !== 'number') throw refuse(what, length, 'a number');
  if (length >= least) return length;
  const range = least === Number.MIN_VALUE ? 'above 0' : `${least} or more`;
  throw new RangeError(`${what} is ${length}, not ${range}`);
}

/** An argument that is not of its type. */
export function refuse(what: string, value: unknown, wanted: string): TypeError {
  return new TypeError(`${what} is ${show(value)}, not ${wanted}`);
}

function readLength(options: AcquireOptions, name: keyof typeof OLD_NAMES, least: number): number {
  const length = options[name];
  if (length !== undefined) return checkLength(name, length, least);
  const oldName = OLD_NAMES[name];
  const oldLength = options[oldName];
  return oldLength === undefined ? Infinity : checkLength(oldName, oldLength, least);
}

function readFlag(what: string, flag: boolean | undefined): boolean | undefined {
  if (flag === undefined || typeof flag === 'boolean') return flag;
  throw refuse(what, flag, 'true or false');
}

function readSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined || typeof signal?.addEventListener === 'function') return signal;
  throw refuse('signal', signal, 'an AbortSignal');
}

function show(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
