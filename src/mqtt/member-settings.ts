// The settings of whoever decided before: a house keeps its rules when another Node-RED takes over.
import type { Json, Limits } from '../core';
import { type ArbiterSettings, DEFAULT_TIMING, type Rules, type Timing } from './arbiter-context';
import { isDefaultValue, makeDefaults } from './defaults';
import { isDiscoveryPrefix } from './discovery-message';
import { isLevel, type Levels, makeLevels } from './levels';
import type { ArbiterMessage } from './messages';
import { isPolicyRow, makePolicy } from './policy';
import { isSameJson } from './same-json';

/** What a term is decided by. */
export type InForce = Pick<ArbiterSettings, 'rules' | 'limits' | 'timing'>;

const LENGTHS = ['session', 'beat', 'failoverDelay', 'handoverTimeout', 'freeState'] as const;

/**
 * Our own settings with those of the predecessor in their place, where it has told them and they can be meant. `warn` is
 * told when they differ from ours.
 */
export function adoptSettings(
  own: InForce,
  predecessor: Pick<ArbiterMessage, 'requester' | 'settings'> | undefined,
  warn: (text: string) => void,
): InForce {
  const { requester, settings } = predecessor ?? {};
  if (settings === undefined) return own;
  try {
    const theirs = {
      rules: rulesOf(settings, own.rules),
      limits: limitsOf(settings),
      timing: timingOf(settings, own),
    };
    if (!isSame(own, theirs)) {
      warn(
        `the rules and settings of ${requester}, who decided before, stay in force; they differ from those here`,
      );
    }
    return { ...theirs, ...(theirs.limits === undefined && own.limits && { limits: own.limits }) };
  } catch (error) {
    warn(`the settings of ${requester}, who decided before, cannot be used: ${error}`);
    return own;
  }
}

type Settings = { readonly [name: string]: Json };

/** The levels that somebody else has told, else our own. Throws for what cannot be meant. */
export function levelsOf(list: Json | undefined, own: Pick<Rules, 'levels'>): Levels {
  const theirs = readList('levels', list, isLevel);
  return theirs === undefined ? own.levels : makeLevels(theirs);
}

/** Throws for what cannot be meant. */
function rulesOf({ levels: list, policy, defaults, discovery }: Settings, own: Rules): Rules {
  const levels = levelsOf(list, own);
  return {
    levels,
    policy: makePolicy(readList('policy', policy, isPolicyRow) ?? own.policy.rows, levels),
    defaults: makeDefaults(readList('defaults', defaults, isDefaultValue) ?? own.defaults.all),
    plainText: own.plainText,
    ...(typeof discovery === 'string' && isDiscoveryPrefix(discovery) && { discovery }),
  };
}

function readList<Entry>(
  name: string,
  list: unknown,
  isEntry: (entry: unknown) => entry is Entry,
): readonly Entry[] | undefined {
  if (!Array.isArray(list)) return undefined;
  if (list.every(isEntry)) return list;
  throw new RangeError(`${name} has an entry that is none`);
}

function limitsOf({ limits }: Settings): Partial<Limits> | undefined {
  if (typeof limits !== 'object' || limits === null || Array.isArray(limits)) return undefined;
  const entries = Object.entries(limits).filter(([, limit]) => typeof limit === 'number' && limit > 0);
  return Object.fromEntries(entries) as Partial<Limits>;
}

/** A length that is absent, as what has no end is in JSON, has none. */
function timingOf(settings: Settings, { timing }: InForce): Partial<Timing> {
  const theirs = LENGTHS.map((name) => {
    const length = settings[name];
    const isLength =
      typeof length === 'number' && (length > 0 || (length === 0 && name === 'handoverTimeout'));
    if (isLength) return [name, length];
    return [name, name === 'handoverTimeout' || name === 'freeState' ? Infinity : DEFAULT_TIMING[name]];
  });
  return { ...timing, ...Object.fromEntries(theirs) };
}

function isSame(own: InForce, theirs: InForce): boolean {
  const ofRules = ({ rules }: InForce) => [
    rules.levels.all,
    rules.policy.rows,
    rules.defaults.all,
    rules.discovery,
  ];
  const ofTiming = ({ timing }: InForce) => LENGTHS.map((name) => ({ ...DEFAULT_TIMING, ...timing })[name]);
  const asJson = (side: InForce): unknown => JSON.parse(JSON.stringify([ofRules(side), ofTiming(side)]));
  return isSameJson(asJson(own), asJson(theirs));
}
