// The settings of an acquire node, made ready once so that each message costs little.
import type { Node, NodeAPI, NodeMessage } from 'node-red';
import type { Json } from '../../src/core';
import type { Levels } from '../../src/registry/levels';
import { toMs } from '../shared/duration';
import { invalid } from '../shared/node-error';
import { lockerName } from '../shared/node-place';
import {
  expandText,
  isConstant,
  type Reader,
  reader,
  spell,
  type TypedSetting,
  whenAll,
} from '../shared/setting';
import type { AcquireConfig, Further } from './config';
import { overriddenResources, overrides } from './override';
import { toLease, toPriority, toResources, toValue, toWait, type Wanted } from './wanted';

/** A message that is processed on its own needs an end, also when its flow forgets the release. */
const LEASE_OF_EACH_MS = 180_000;

/** Lamps report within that time what they were told to do. */
const DEFAULT_SETTLE_S = '2';

/** What errors call the settings that messages may bring. */
const RESOURCE = 'the resource';
const LEVEL = 'the level';
const VALUE = 'the value';
const LEASE = 'how long it is wanted for';

/** What a deploy may have changed, each as it is spelled. */
export interface Spelling {
  readonly resources: string;
  readonly level: string;
  readonly value: string;
  readonly ttl: string;
}

export interface AcquireSettings {
  readonly further: Further;
  readonly restarts: AcquireConfig['restarts'];
  readonly announce: boolean;
  readonly spelling: Spelling;
  /** Whether every message wants the same of it. */
  readonly isConstant: boolean;
  /** `undefined` when every message counts. */
  readonly manual: ManualSettings | undefined;
  /** Throws, or rejects with, a `NodeError` that names what cannot be used. */
  wanted(msg: NodeMessage): Wanted | Promise<Wanted>;
}

export interface ManualSettings {
  readonly settleMs: number;
  /** The resources that every message is about. */
  readonly resources: readonly string[];
  /** What a message reports; throws a `NodeError` for what is no JSON. */
  reported(msg: NodeMessage): Json | undefined;
}

/** What stays the same for every message. */
type Fixed = Omit<Wanted, 'claims' | 'priority' | 'value' | 'ttl'>;

/** Throws a `NodeError` for a setting that no message could make right. */
export function acquireSettings(
  RED: NodeAPI,
  node: Node,
  config: AcquireConfig,
  levels: Levels,
): AcquireSettings {
  const resources = (config.resources ?? []).map(({ v, t }) => ({ type: t || 'str', text: v }));
  const level = levelSetting(config);
  const value = { type: config.valueType || 'none', text: config.value ?? '' };
  const ttl = leaseSetting(config);
  const read = (setting: TypedSetting, what: string) => reader(RED, node, setting, what);
  const readName = (setting: TypedSetting) => read(setting, RESOURCE);
  const spelled = (setting: TypedSetting) => spell(RED, node, setting);
  const readers: readonly Reader[] = [
    read(level, LEVEL),
    value.type === 'none' ? () => undefined : read(value, VALUE),
    ttl.type === 'none' ? () => undefined : read(ttl, LEASE),
    ...resources.map(readName),
  ];
  const fixed = fixedSettings(config, expandText(RED, node, config.owner || '') || lockerName(node));
  const toWanted = wantedFrom(config, fixed, levels, ttl.type === 'none');
  const wanted = (msg: NodeMessage) =>
    whenAll(
      readers.map((readValue) => readValue(msg)),
      (found) => toWanted(found, msg),
    );
  const isSame = config.override !== true && [level, value, ttl, ...resources].every(isFixed);
  return {
    further: config.further || 'renew',
    restarts: config.restarts || 'auto',
    announce: config.announce !== false,
    spelling: {
      resources: resources.map(spelled).join('\n'),
      // A named level is another one when its number is.
      level: level.type === 'str' ? `${levels.priorityOf(level.text)}` : spelled(level),
      value: spelled(value),
      ttl: `${spelled(ttl)} ${config.ttlUnit}`,
    },
    isConstant: isSame,
    manual:
      config.manual === true
        ? manualSettings(config, read, resources.filter(isFixed).map(readName))
        : undefined,
    wanted: isSame ? once(wanted) : wanted,
  };
}

function manualSettings(
  config: AcquireConfig,
  read: (setting: TypedSetting, what: string) => Reader,
  constants: readonly Reader[],
): ManualSettings {
  const settle = config.settle || DEFAULT_SETTLE_S;
  const property = config.reported || 'payload';
  const what = `msg.${property}`;
  const reported = read({ type: 'msg', text: property }, what);
  return {
    settleMs: toWait(toMs(settle, config.settleUnit), settle, 'the time to settle'),
    resources: constants.map((readName) => readName({})).filter((name) => typeof name === 'string'),
    reported: (msg) => toValue(reported(msg), what),
  };
}

/** Reads what is the same for every message with the first one. */
function once(read: AcquireSettings['wanted']): AcquireSettings['wanted'] {
  let found: Wanted | Promise<Wanted> | undefined;
  return (msg) => {
    found ??= read(msg);
    return found;
  };
}

function levelSetting(config: AcquireConfig): TypedSetting {
  const isNamed = (config.levelType || 'level') === 'level';
  return { type: isNamed ? 'str' : config.levelType, text: config.level || '0' };
}

function leaseSetting(config: AcquireConfig): TypedSetting {
  if (config.ttlType === undefined && config.further === 'each') {
    return { type: 'num', text: String(toMs(LEASE_OF_EACH_MS, 'ms') / toMs(1, config.ttlUnit)) };
  }
  return { type: config.ttlType || 'none', text: config.ttl ?? '' };
}

function isFixed(setting: TypedSetting): boolean {
  return setting.type === 'none' || isConstant(setting);
}

function fixedSettings(config: AcquireConfig, locker: string): Fixed {
  const maxAttempts = Number(config.maxAttempts || Number.POSITIVE_INFINITY);
  if (!(maxAttempts >= 1)) throw invalid('the number of attempts', config.maxAttempts, '1 or more');
  const atOnce = config.whenTaken === 'now' || config.whenTaken === 'free' || maxAttempts < 2;
  const grace = config.grace || 0;
  return {
    locker,
    timeout: atOnce ? 0 : longestWait(config),
    grace: toWait(toMs(grace, config.graceUnit), grace, 'the grace'),
    polite: config.whenTaken === 'free',
    once: config.whenLost === 'giveUp' || config.further === 'each',
    maxAttempts,
  };
}

function longestWait(config: AcquireConfig): number {
  if (config.whenTaken !== 'atMost') return Number.POSITIVE_INFINITY;
  return toWait(toMs(config.timeout, config.timeoutUnit), config.timeout, 'the longest wait');
}

function wantedFrom(
  config: AcquireConfig,
  fixed: Fixed,
  levels: Levels,
  isEndless: boolean,
): (found: readonly unknown[], msg: NodeMessage) => Wanted {
  const claimsOf = (names: readonly string[]) =>
    config.several === 'each' ? names.map((name) => [name]) : [names];
  return ([level, value, ttl, ...resources], msg) => {
    const others = config.override === true ? overriddenResources(msg) : undefined;
    return {
      ...fixed,
      claims: claimsOf(others ?? toResources(resources.flat(), RESOURCE)),
      priority: toPriority(level, LEVEL, levels),
      value: toValue(value, VALUE),
      ttl: isEndless ? Number.POSITIVE_INFINITY : toLease(toMs(ttl, config.ttlUnit), ttl, LEASE),
      ...(config.override === true ? overrides(msg, levels) : {}),
    };
  };
}
