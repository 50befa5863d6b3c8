// Lengths of time as people set them, a number and its unit, and what they are in ms.

const UNITS_MS = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;

type Unit = keyof typeof UNITS_MS;

/** The length in ms; NaN for what is no number. An unknown unit counts as seconds. */
export function toMs(count: unknown, unit: string | undefined): number {
  if (typeof count !== 'number' && (typeof count !== 'string' || count.trim() === '')) return Number.NaN;
  return Number(count) * (isUnit(unit) ? UNITS_MS[unit] : UNITS_MS.s);
}

/** Reads `90 s`, `30 min`, `4h`, `1.5 d`; a number alone is seconds. `undefined` for what is no length. */
export function readDuration(text: string): number | undefined {
  const [, count, unit = ''] = /^\s*([\d.]+)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const word = unit.toLowerCase();
  if (word !== '' && !isUnit(word)) return undefined;
  const ms = toMs(count, word);
  return Number.isFinite(ms) ? ms : undefined;
}

function isUnit(unit: string | undefined): unit is Unit {
  return unit !== undefined && Object.hasOwn(UNITS_MS, unit);
}
