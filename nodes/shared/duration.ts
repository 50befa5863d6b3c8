// Lengths of time as people set them, a number and its unit, and what they are in ms.

export const UNITS_MS = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export type Unit = keyof typeof UNITS_MS;

/** The length in ms; NaN for what is no number. An unknown unit counts as seconds. */
export function toMs(count: unknown, unit: string | undefined): number {
  if (typeof count !== 'number' && (typeof count !== 'string' || count.trim() === '')) return Number.NaN;
  return Number(count) * (isUnit(unit) ? UNITS_MS[unit] : UNITS_MS.s);
}

function isUnit(unit: string | undefined): unit is Unit {
  return unit !== undefined && Object.hasOwn(UNITS_MS, unit);
}
