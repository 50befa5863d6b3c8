// Matching with `+` and `#` as in MQTT, over resource names and over topics.
import { decodeName } from './names';

/** What is wrong with a pattern, or `undefined`. */
export function objectToPattern(pattern: string): string | undefined {
  if (pattern === '') return 'is empty';
  const levels = pattern.split('/');
  if (levels.slice(0, -1).includes('#')) return 'has a # that is not its last level';
  const mixed = levels.find((level) => level.length > 1 && /[+#]/.test(level));
  if (mixed === undefined) return undefined;
  return `has ${JSON.stringify(mixed)}, but + and # are levels of their own (in a name, write %2B and %23)`;
}

/**
 * Matches resource names: `+` is any one level, `#` at the end any number of them, also none. A `+`, `#` or `%` that
 * belongs to a name is written as in a topic (`%2B`, `%23`, `%25`). Throws a `RangeError` for what is no pattern.
 */
export function resourceMatcher(pattern: string): (resource: string) => boolean {
  const objection = objectToPattern(pattern);
  if (objection !== undefined) throw new RangeError(`pattern ${JSON.stringify(pattern)} ${objection}`);
  if (pattern === '#') return () => true;
  const wanted: readonly Wanted[] = pattern.split('/').map(wantedLevel);
  if (wanted.every((level) => typeof level === 'string')) {
    const name = wanted.join('/');
    return (resource) => resource === name;
  }
  return (resource) => matchLevels(wanted, resource.split('/'));
}

/**
 * Matches topics against a subscription's filter, which must be a valid one. A wildcard as the first level does not
 * match what begins with `$`.
 */
export function topicMatcher(filter: string): (topic: string) => boolean {
  const wanted = filter.split('/').map((level) => (level === '+' ? ANY : level === '#' ? REST : level));
  const startsWild = typeof wanted[0] === 'symbol';
  if (!wanted.some((level) => typeof level === 'symbol')) return (topic) => topic === filter;
  return (topic) => !(startsWild && topic.startsWith('$')) && matchLevels(wanted, topic.split('/'));
}

const ANY = Symbol('any level');
const REST = Symbol('any levels');
type Wanted = string | symbol;

function wantedLevel(level: string): Wanted {
  if (level === '+') return ANY;
  return level === '#' ? REST : (decodeName(level) ?? level);
}

function matchLevels(wanted: readonly Wanted[], levels: readonly string[]): boolean {
  for (const [index, want] of wanted.entries()) {
    // It also matches the level above it: a/# matches a.
    if (want === REST) return true;
    if (index >= levels.length || (want !== ANY && want !== levels[index])) {
      return false;
    }
  }
  return wanted.length === levels.length;
}
