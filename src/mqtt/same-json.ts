// Whether two JSON values are the same; the order of the keys of an object means nothing.

export function isSameJson(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return one === other;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [ours, theirs] = [Object.entries(one), new Map(Object.entries(other))];
  if (ours.length !== theirs.size) return false;
  return ours.every(([key, value]) => theirs.has(key) && isSameJson(value, theirs.get(key)));
}
