// What every part of a participant is given: its names, its clock, the settings in force, and where to complain.
import type { Clock } from '../protocol';
import type { Random } from '../protocol/clock';
import type { Before, Log, Timing } from './arbiter-context';
import { type Defaults, type DefaultValue, makeDefaults } from './defaults';
import type { ArbiterMessage } from './messages';
import type { Topics } from './topics';

/** Lengths in ms, as whoever decides has set them. */
export interface InForce {
  /** How long a session lives after its last beat. */
  readonly session: number;
  /** How often it beats. */
  readonly beat: number;
  /** What free resources show. */
  readonly defaults: Defaults;
}

export interface ParticipantContext {
  readonly requester: string;
  readonly instance: string;
  readonly before: () => Before;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly timing: Pick<Timing, 'echoWait' | 'retry'>;
  inForce: InForce;
  /** The highest term that was heard of; 0 before. */
  epoch: number;
  /** Of those that were told or seen: no hold of later ones may have it. */
  greatestToken: number;
}

export function noteToken(context: ParticipantContext, token = 0): void {
  context.greatestToken = Math.max(context.greatestToken, token);
}

/** Until an arbiter says otherwise. */
export const DEFAULT_SESSION: InForce = { session: 10_000, beat: 1_000, defaults: makeDefaults([]) };

const SHORTEST_BEAT = 50;
const LONGEST_SESSION = 3_600_000;

/** The settings that an arbiter has published; what cannot be meant stays as it was. */
export function readInForce(settings: ArbiterMessage['settings'], was: InForce): InForce {
  const { session, beat, defaults } = settings ?? {};
  const isCredible =
    typeof session === 'number' &&
    typeof beat === 'number' &&
    beat >= SHORTEST_BEAT &&
    session >= 2 * beat &&
    session <= LONGEST_SESSION;
  return { ...was, ...(isCredible && { session, beat }), defaults: readDefaults(defaults) ?? was.defaults };
}

function readDefaults(defaults: unknown): Defaults | undefined {
  if (!Array.isArray(defaults) || !defaults.every(isDefault)) return undefined;
  try {
    return makeDefaults(defaults);
  } catch {
    // A pattern that nobody here understands: what was there before is shown.
    return undefined;
  }
}

function isDefault(row: unknown): row is DefaultValue {
  return typeof row === 'object' && row !== null && 'resource' in row && typeof row.resource === 'string';
}
