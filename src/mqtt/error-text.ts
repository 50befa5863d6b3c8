// What went wrong, in words, whatever was thrown.

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
