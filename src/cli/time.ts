// Lengths of time as people write them in a shell.

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `10s` in ms; `undefined` for what is no time. A number alone is none but 0: nobody knows its unit. */
export function readTime(text: string): number | undefined {
  if (text === '0') return 0;
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
  const length = UNITS[unit];
  return number === undefined || length === undefined ? undefined : Number(number) * length;
}
