// What a text must be like where a schema names a format.

export const formats = { 'date-time': isTime } as const;

/** ISO 8601 in UTC, of a day that there is. */
function isTime(text: string): boolean {
  return /^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text) && Number.isFinite(Date.parse(text));
}
