// Compares what a device reports with what it should be, however either is spelled. Knows no clock and no registry.
import type { Json } from '../../src/core';

export type Comparison = 'same' | 'differs' | 'incomparable';

/** What is said of a device, each thing under one spelling of its name. */
type Aspects = ReadonlyMap<string, Json>;

/** Whether it is on: `state` of Zigbee2MQTT and ESPHome, `POWER` of Tasmota, or a value that is just that. */
const STATE = 'state';
/** A value that has no parts. */
const PLAIN = '';
const OF_WHAT_IS_OFF: ReadonlySet<string> = new Set([STATE, PLAIN]);
const STATE_KEYS: ReadonlySet<string> = new Set(['state', 'power']);

/** Where a state holds one of these, all else in it is measured rather than wanted: signal strength, consumption, time. */
const CONTROLS =
  /^(|state|power\d*|brightness|dimmer\d*|white|white_value|color|color_temp|ct|hsbcolor|effect|position|tilt|speed)$/;
/** Of the larger number: what is lost when a device counts in other units. */
const TOLERANCE = 0.01;
/** Whole numbers of a control are rounded by so much: 50 % is 127 for one lamp and 128 for another. */
const ROUNDING = 1;

/**
 * Compares only what both say something about. Texts are the same in upper and lower case, on is `"ON"`, `"on"` or `true`,
 * numbers are the same within 1 %, and whole numbers of what lamps and blinds are told (`brightness`, `position`, …) within 1.
 * Of what should be off only that counts, whatever brightness it reports.
 */
export function compareStates(wanted: Json | undefined, reported: Json | undefined): Comparison {
  const wants = withImpliedState(aspectsOf(wanted));
  const reports = aspectsOf(reported);
  const isOff = wants.get(STATE) === false;
  const common = [...wants.keys()].filter((key) => reports.has(key) && (!isOff || OF_WHAT_IS_OFF.has(key)));
  const controls = common.filter(isControl);
  return inAll(
    (controls.length > 0 ? controls : common).map((key) =>
      compare(wants.get(key), reports.get(key), isControl(key)),
    ),
  );
}

/** A report that tells only a part leaves the rest as it was reported before. */
export function mergeReports(before: Json | undefined, report: Json): Json {
  const [old, latest] = [partsOf(before), partsOf(report)];
  return old === undefined || latest === undefined ? report : { ...old, ...latest };
}

function isControl(key: string): boolean {
  return CONTROLS.test(key);
}

/** One difference is enough; without any, one agreement. */
function inAll(comparisons: readonly Comparison[]): Comparison {
  if (comparisons.includes('differs')) return 'differs';
  return comparisons.includes('same') ? 'same' : 'incomparable';
}

function aspectsOf(state: Json | undefined): Aspects {
  if (state === undefined || state === null) return new Map();
  const parts = partsOf(state);
  if (parts === undefined) return plainAspects(state);
  const aspects = new Map<string, Json>();
  for (const [name, part] of Object.entries(parts)) {
    // What is not known yet is reported as null.
    if (part === null) continue;
    const key = name.toLowerCase();
    if (STATE_KEYS.has(key)) aspects.set(STATE, toSwitch(part) ?? toBit(part) ?? part);
    else aspects.set(key, part);
  }
  return aspects;
}

/** 0 and 1 may be off and on as well as numbers. */
function plainAspects(state: Json): Aspects {
  const isOn = toSwitch(state);
  if (isOn !== undefined) return new Map([[STATE, isOn]]);
  const bit = toBit(state);
  return new Map<string, Json>([[PLAIN, state], ...(bit === undefined ? [] : ([[STATE, bit]] as const))]);
}

/** A lamp that should have some brightness should be on. */
function withImpliedState(aspects: Aspects): Aspects {
  const brightness = toNumber(aspects.get('brightness') ?? aspects.get('dimmer'));
  if (aspects.has(STATE) || brightness === undefined) return aspects;
  return new Map([...aspects, [STATE, brightness > 0]]);
}

/** The parts of an object, also of one that is still text. */
function partsOf(state: Json | undefined): { readonly [key: string]: Json } | undefined {
  const read = typeof state === 'string' && state.trimStart().startsWith('{') ? parse(state) : state;
  return isParts(read) ? read : undefined;
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isParts(state: Json | undefined): state is { readonly [key: string]: Json } {
  return typeof state === 'object' && state !== null && !Array.isArray(state);
}

function compare(wanted: Json | undefined, reported: Json | undefined, isRounded: boolean): Comparison {
  if (Array.isArray(wanted) && Array.isArray(reported)) return compareLists(wanted, reported, isRounded);
  if (isParts(wanted) && isParts(reported)) {
    const common = Object.keys(wanted).filter((key) => Object.hasOwn(reported, key));
    return inAll(common.map((key) => compare(wanted[key], reported[key], isRounded)));
  }
  return compareScalars(wanted, reported, isRounded);
}

function compareLists(wanted: readonly Json[], reported: readonly Json[], isRounded: boolean): Comparison {
  if (wanted.length !== reported.length) return 'differs';
  return inAll(wanted.map((item, index) => compare(item, reported[index], isRounded)));
}

function compareScalars(
  wanted: Json | undefined,
  reported: Json | undefined,
  isRounded: boolean,
): Comparison {
  const [number, other] = [toNumber(wanted), toNumber(reported)];
  if (number !== undefined && other !== undefined) return toComparison(isNear(number, other, isRounded));
  const [isOn, isOtherOn] = [toSwitch(wanted), toSwitch(reported)];
  if (isOn !== undefined && isOtherOn !== undefined) return toComparison(isOn === isOtherOn);
  if (typeof wanted !== 'string' || typeof reported !== 'string') return 'incomparable';
  return toComparison(wanted.toLowerCase() === reported.toLowerCase());
}

function toComparison(isSame: boolean): Comparison {
  return isSame ? 'same' : 'differs';
}

function isNear(one: number, other: number, isRounded: boolean): boolean {
  const isWhole = Number.isInteger(one) && Number.isInteger(other);
  const least = isRounded && isWhole ? ROUNDING : 0;
  return Math.abs(one - other) <= Math.max(least, TOLERANCE * Math.max(Math.abs(one), Math.abs(other)));
}

function toNumber(state: Json | undefined): number | undefined {
  if (typeof state === 'number') return state;
  if (typeof state !== 'string' || state.trim() === '') return undefined;
  const number = Number(state);
  return Number.isFinite(number) ? number : undefined;
}

function toSwitch(state: Json | undefined): boolean | undefined {
  switch (typeof state === 'string' ? state.trim().toLowerCase() : state) {
    case true:
    case 'on':
    case 'true':
      return true;
    case false:
    case 'off':
    case 'false':
      return false;
    default:
      return undefined;
  }
}

function toBit(state: Json): boolean | undefined {
  const number = toNumber(state);
  return number === 0 || number === 1 ? number === 1 : undefined;
}
