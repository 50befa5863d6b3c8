// Reads the settings of a node, typed as in Node-RED's own dialogs, for each message.
import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { NodeError, toError } from './node-error';

/** What a typed input holds: `str`, `num`, `bool`, `json`, `msg`, `flow`, `global`, `env`, `jsonata`. */
export interface TypedSetting {
  readonly type: string;
  readonly text: string;
}

/** Gives the value for a message: at once where it can, so that a message is not held up for nothing. */
export type Reader<Value = unknown> = (msg: NodeMessage) => Value | Promise<Value>;

/** Replaces each `${NAME}` by the environment variable of the node's group, subflow, flow or process. */
export function expandText(RED: NodeAPI, node: Node, text: string): string {
  return text.replace(/\$\{([^}]+)\}/g, (_, name: string) => String(RED.util.getSetting(node, name) ?? ''));
}

/** Whether the setting is the same for every message. */
export function isConstant({ type }: TypedSetting): boolean {
  return ['str', 'num', 'bool', 'json', 'env'].includes(type);
}

/** What the setting says, with its environment variables replaced: different when a deploy has changed it. */
export function spell(RED: NodeAPI, node: Node, { type, text }: TypedSetting): string {
  const value: unknown = type === 'env' ? RED.util.evaluateNodeProperty(text, type, node, {}) : undefined;
  return `${type}:${value ?? expandText(RED, node, text)}`;
}

/** Makes a reader of `what`. Throws a `NodeError` that names it where a constant cannot be read, such as JSON that is none. */
export function reader(RED: NodeAPI, node: Node, setting: TypedSetting, what: string): Reader {
  const fail = (thrown: unknown): never => {
    throw new NodeError('invalid', `${what} cannot be read: ${toError(thrown).message}`);
  };
  const read = attempt(() => namelessReader(RED, node, setting), fail);
  return (msg) => {
    const found = attempt(() => read(msg), fail);
    return isPromise(found) ? found.catch(fail) : found;
  };
}

function attempt<Result>(act: () => Result, fail: (thrown: unknown) => never): Result {
  try {
    return act();
  } catch (thrown) {
    return fail(thrown);
  }
}

function namelessReader(RED: NodeAPI, node: Node, setting: TypedSetting): Reader {
  const { type } = setting;
  const text = type === 'str' || type === 'json' ? expandText(RED, node, setting.text) : setting.text;
  if (isConstant(setting)) {
    const value: unknown = RED.util.evaluateNodeProperty(text, type, node, {});
    if (Number.isNaN(value)) throw new Error(`"${text}" is not a number`);
    return () => value;
  }
  if (type === 'msg') return (msg) => messageProperty(RED, msg, text);
  if (type === 'jsonata') {
    const expression = RED.util.prepareJSONataExpression(text, node);
    return (msg) =>
      settled((settle) => RED.util.evaluateJSONataExpression(expression, msg, (e, v) => settle(e, v)));
  }
  return (msg) =>
    settled((settle) => RED.util.evaluateNodeProperty(text, type, node, msg, (e, v) => settle(e, v)));
}

/** A property of something that the message does not have is missing, as elsewhere in Node-RED. */
function messageProperty(RED: NodeAPI, msg: NodeMessage, property: string): unknown {
  try {
    return RED.util.getMessageProperty(msg, property);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Hands all values on: in the same turn unless one of them takes its time. */
export function whenAll<Result>(
  values: readonly unknown[],
  combine: (values: readonly unknown[]) => Result,
): Result | Promise<Result> {
  return values.some(isPromise) ? Promise.all(values).then(combine) : combine(values);
}

export function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}

type Settle = (error: Error | null | undefined, value: unknown) => void;

/** The result of a callback that may come before or after this returns. */
function settled(start: (settle: Settle) => void): unknown {
  let early: { readonly error: Error | null | undefined; readonly value: unknown } | undefined;
  let late: Settle | undefined;
  start((error, value) => {
    if (late === undefined) early = { error, value };
    else late(error, value);
  });
  if (early === undefined) {
    return new Promise((resolve, reject) => {
      late = (error, value) => (error ? reject(error) : resolve(value));
    });
  }
  if (early.error) throw early.error;
  return early.value;
}
