// Patterns over resource names, with `+` and `#` as in MQTT. A `+`, `#`, `%` or `$` of a name is written `%2B`, `%23`,
// `%25` or `%24`, as it stands in a topic.

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
 * Matches resource names: `+` is any one level, `#` at the end any number of them, also none.
 * @throws {RangeError} for what is no pattern.
 */
export function resourceMatcher(pattern: string): (resource: string) => boolean {
  const objection = objectToPattern(pattern);
  if (objection !== undefined) throw new RangeError(`pattern ${JSON.stringify(pattern)} ${objection}`);
  if (pattern === '#') return () => true;
  const name = resourceOf(pattern);
  if (name !== undefined) return (resource) => resource === name;
  const wanted = pattern.split('/').map(wantedLevel);
  return (resource) => matchLevels(wanted, resource.split('/'));
}

/** The one resource that matches, where there are no wildcards. */
export function resourceOf(pattern: string): string | undefined {
  const wanted = pattern.split('/').map(wantedLevel);
  return wanted.every((level) => typeof level === 'string') ? wanted.join('/') : undefined;
}

/** The pattern that matches exactly this resource. */
export function patternOf(resource: string): string {
  return resource.replace(/[+#%]/g, (character) => encodeURIComponent(character));
}

export const ANY_LEVEL = Symbol('any level');
export const ANY_LEVELS = Symbol('any levels');
export type WantedLevel = string | typeof ANY_LEVEL | typeof ANY_LEVELS;

/** Whether the levels are what is wanted of them. */
export function matchLevels(wanted: readonly WantedLevel[], levels: readonly string[]): boolean {
  for (const [index, want] of wanted.entries()) {
    // It also matches the level above it: a/# matches a.
    if (want === ANY_LEVELS) return true;
    if (index >= levels.length || (want !== ANY_LEVEL && want !== levels[index])) return false;
  }
  return wanted.length === levels.length;
}

function wantedLevel(level: string): WantedLevel {
  if (level === '+') return ANY_LEVEL;
  if (level === '#') return ANY_LEVELS;
  return level.replace(/%2[345B]/g, (spelling) => decodeURIComponent(spelling));
}
