// A flow goes on with the object that it gave as a value, and may change it: what is locked must not change with it.
import type { Json } from '../core';

/** The message with a value of its own. Throws a `TypeError` for a value that JSON cannot hold. */
export function copyValue<Message extends { readonly value?: Json }>(message: Message): Message {
  const { value } = message;
  if (typeof value !== 'object' || value === null) return message;
  return { ...message, value: JSON.parse(JSON.stringify(value)) };
}
