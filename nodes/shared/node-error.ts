// What a node reports to Catch: an error with a code that a flow can switch on.

export type NodeErrorCode =
  | 'invalid' // a setting, or what a message brings in its place, cannot be used; the text names it
  | 'no-registry' // the node has no lock registry, or a disabled one
  | 'refused' // the registry can do nothing with the claim; the text says why
  | 'nothing-to-release'
  | 'not-freed'; // the hold that was to be ended by force is another one by now

export class NodeError extends Error {
  readonly code: NodeErrorCode;

  constructor(code: NodeErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** An unusable setting or message property: which one, what it is, and what would be right. */
export function invalid(what: string, value: unknown, wanted: string): NodeError {
  return new NodeError('invalid', `${what} is ${describe(value)}: it should be ${wanted}`);
}

/** Whatever was thrown, as an error. JSONata throws objects. */
export function toError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  const isObject = typeof thrown === 'object' && thrown !== null && 'message' in thrown;
  return new NodeError('invalid', String(isObject ? thrown.message : thrown));
}

function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  return JSON.stringify(value) ?? `a ${typeof value}`;
}
