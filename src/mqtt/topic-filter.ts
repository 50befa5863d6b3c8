// Matching with `+` and `#`, over topics; over resource names it is the protocol's.
export { objectToPattern, resourceMatcher } from '../protocol';

/**
 * Matches topics against a subscription's filter, which must be a valid one. A wildcard as the first level does not
 * match what begins with `$`.
 */
export function topicMatcher(filter: string): (topic: string) => boolean {
  const wanted = filter.split('/');
  if (!wanted.some(isWild)) return (topic) => topic === filter;
  const startsWild = isWild(wanted[0]);
  return (topic) => !(startsWild && topic.startsWith('$')) && matchLevels(wanted, topic.split('/'));
}

function isWild(level: string | undefined): boolean {
  return level === '+' || level === '#';
}

function matchLevels(wanted: readonly string[], levels: readonly string[]): boolean {
  for (const [index, want] of wanted.entries()) {
    // It also matches the level above it: a/# matches a.
    if (want === '#') return true;
    if (index >= levels.length || (want !== '+' && want !== levels[index])) {
      return false;
    }
  }
  return wanted.length === levels.length;
}
