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
  const name = resourceOf(pattern);
  if (name !== undefined) return (resource) => resource === name;
  const levels = pattern.split('/');
  const isOpen = levels.at(-1) === '#';
  if (isOpen) levels.pop();
  // A # also matches the level above it: a/# matches a.
  const rest = levels.length === 0 ? '.*' : '(/.*)?';
  const expression = new RegExp(`^${levels.map(levelExpression).join('/')}${isOpen ? rest : ''}$`, 's');
  return (resource) => expression.test(resource);
}

/** The one resource that matches, where there are no wildcards. */
export function resourceOf(pattern: string): string | undefined {
  return /[+#]/.test(pattern) ? undefined : decode(pattern);
}

/** The pattern that matches exactly this resource. */
export function patternOf(resource: string): string {
  return resource.replace(/[+#%]/g, encodeURIComponent);
}

function levelExpression(level: string): string {
  return level === '+' ? '[^/]*' : decode(level).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function decode(spelling: string): string {
  return spelling.replace(/%2[345B]/g, decodeURIComponent);
}
