// Names that this runtime had before: what it has left under them at the broker is its own, unless somebody else has taken
// the name since.
import type { Before, Context, FormerName } from './arbiter-context';
import type { ArbiterMessage } from './messages';
import { readPresence } from './read-session-message';

/** Those under which nobody else is. `presenceOf` gives what is retained as the presence of a name. */
export function vacantNames(
  { former = [] }: Before,
  presenceOf: (name: string) => Uint8Array | undefined,
): readonly FormerName[] {
  return former.filter(({ name, instance }) => !isElses(presenceOf(name), instance));
}

/** Whether it was this runtime that decided then. */
export function isOwnPast(
  { requester, instance }: ArbiterMessage,
  { requester: own, before }: Pick<Context, 'requester' | 'before'>,
): boolean {
  const { former = [] } = before();
  return requester === own || former.some((last) => last.name === requester && last.instance === instance);
}

function isElses(presence: Uint8Array | undefined, instance: string): boolean {
  if (presence === undefined || presence.length === 0) return false;
  const { message } = readPresence(presence);
  return message?.online === true && message.instance !== instance;
}
