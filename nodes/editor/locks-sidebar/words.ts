// Texts of the catalogue, and how times and values are said.
import type { Party } from '../../locks-sidebar/shown';
import { api } from '../red';

const CATALOGUE = '@priority-redlock/node-red/locks-sidebar:locks-sidebar.';
const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];
const LONGEST_VALUE = 60;

export function say(key: string, values?: Readonly<Record<string, string | number>>): string {
  return api._(CATALOGUE + key, values);
}

/** `4 d 3 h`, `2 min 5 s`, `0 s`: the two units that matter. */
export function sayLength(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / 1_000) * 1_000);
  const first = UNITS.findIndex(([, unitMs]) => whole >= unitMs);
  if (first < 0) return `0 ${say('unit.s')}`;
  let rest = whole;
  const parts = UNITS.slice(first, first + 2).map(([unit, unitMs]) => {
    const count = Math.floor(rest / unitMs);
    rest -= count * unitMs;
    return count === 0 ? '' : `${count} ${say(`unit.${unit}`)}`;
  });
  return parts.filter((part) => part !== '').join(' ');
}

/** The level by name, else its number. */
export function sayLevel({ level, priority }: Pick<Party, 'level' | 'priority'>): string {
  return level ?? String(priority);
}

/** The locker, with the Node-RED or device it belongs to, if that is another one. */
export function sayParty({ locker, requester }: Party): string {
  return requester === undefined || requester === locker ? locker : say('party.of', { locker, requester });
}

export function sayValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE - 1)}…`;
}

/** The time of day of this browser. */
export function sayTime(wallMs: number): string {
  return new Date(wallMs).toLocaleTimeString();
}
