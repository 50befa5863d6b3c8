// The claims of sessions, brought into what the store tells: their holds are in the states, and what their participants
// have listed is entered as if it had been found. Of two holds of one resource, the later one is.
import { deviceClaimId } from './arbiter-claim';
import type { Context } from './arbiter-context';
import type { Finds, FoundHold } from './arbiter-found';
import { enterMade, hasEnded } from './arbiter-own-past';
import type { Report } from './arbiter-sessions';
import { resourcesOf } from './arbiter-wish';
import type { ClaimMessage, HoldingClaim } from './messages';
import type { MakeOp } from './session-messages';

/** Enters holds of sessions that the states tell of. */
export function enterSessions(finds: Finds, context: Context): void {
  for (const [key, hold] of finds.holds) {
    if (hold.claim.session !== undefined || isKeptElsewhere(finds, key, hold))
      enterHold(finds, key, hold, context.requester);
  }
}

/**
 * A claim of a runtime that is kept, which a broker may have forgotten after the arbiter wrote all of its own again: unlike
 * to a device's claim, the answer to it names no payload. Its participant will say whether it stands.
 */
function isKeptElsewhere({ answers }: Finds, key: string, { claim }: FoundHold): boolean {
  const { id, hash } = answers.get(key)?.answer ?? {};
  return id === claim.id && hash === undefined;
}

/**
 * The same where the states may be old: of sessions counts what they have listed. Who has not, in all the time that a
 * session lives, believes in nothing any more.
 */
export function enterReports(finds: Finds, reports: Iterable<Report>, context: Context): void {
  const all = [...reports];
  forgetUnlisted(finds, all, context.requester);
  for (const [key, hold] of finds.holds) {
    if (hold.claim.session !== undefined) enterHold(finds, key, hold, context.requester);
  }
  for (const { requester, instance, claims } of all) {
    for (const make of claims) enterListed(finds, { requester, instance, make }, context);
  }
}

function forgetUnlisted({ claims, holds }: Finds, reports: readonly Report[], own: string): void {
  const listed = new Set(reports.flatMap((report) => report.claims.map(({ id }) => id)));
  const heard = new Set(reports.map(({ requester }) => requester));
  for (const [key, { requester, owner, message }] of claims) {
    if (owner !== undefined && heard.has(requester) && !listed.has(message?.id ?? '')) claims.delete(key);
  }
  for (const [key, { claim }] of holds) {
    const isOfSession = claim.session !== undefined || heard.has(claim.requester);
    if (isOfSession && claim.requester !== own && !listed.has(claim.id)) holds.delete(key);
  }
}

/** The holds of our own runtime's sessions are gone with them, or handed over. */
function enterHold(finds: Finds, key: string, { claim }: FoundHold, own: string): void {
  const { requester, name, session } = claim;
  if (requester === own || finds.claims.has(key)) return;
  finds.claims.set(key, {
    ...{ requester, name, payload: new Uint8Array(), hash: '', message: messageOf(claim), owner: undefined },
    session: { instance: session, keep: false, owner: undefined, isCurrent: false },
  });
}

interface Listed {
  readonly requester: string;
  readonly instance: string;
  readonly make: MakeOp;
}

function enterListed(finds: Finds, { requester, instance, make }: Listed, context: Context): void {
  const { name, keep, owner, was } = make;
  const key = deviceClaimId(requester, name);
  finds.tokens.push(...Object.values(was?.tokens ?? {}));
  if (was?.tokens !== undefined) enterTokens(finds, key, { requester, instance, make }, was.tokens);
  if (was?.granted === true && hasEnded(make, finds.holds.get(key))) {
    finds.claims.delete(key);
    return;
  }
  const session = { instance, keep, owner, isCurrent: make.changing !== true };
  enterMade(finds, requester, { make, more: { session } }, context);
}

/** A hold that only its participant knows of counts where the states tell of none that is later. */
function enterTokens(finds: Finds, key: string, listed: Listed, tokens: FoundTokens): void {
  const there = finds.holds.get(key);
  const hold: FoundHold =
    there?.claim.id === listed.make.id
      ? there
      : { claim: holdingOf(listed), tokens: new Map(), since: new Map() };
  for (const [resource, token] of Object.entries(tokens)) {
    const others = [...finds.holds].filter(([other]) => other !== key).map(([, { tokens: held }]) => held);
    if (others.some((held) => (held.get(resource) ?? 0) > token)) continue;
    // Of the same token are claims of the same hold.
    for (const held of others) if ((held.get(resource) ?? token) < token) held.delete(resource);
    hold.tokens.set(resource, Math.max(token, hold.tokens.get(resource) ?? 0));
  }
  finds.holds.set(key, hold);
}

type FoundTokens = { readonly [resource: string]: number };

function holdingOf({ requester, instance, make }: Listed): HoldingClaim {
  const { id, name, message, was } = make;
  const { locker = requester, priority, value, ttl, grace, once } = message;
  return {
    ...{ id, requester, name, session: instance, resources: resourcesOf(message, name), locker },
    priority: typeof priority === 'number' ? priority : 0,
    ...(value !== undefined && { value }),
    order: was?.order ?? 0,
    standing: once !== true,
    ...(was?.remaining !== undefined && { remaining: was.remaining }),
    ...(ttl !== undefined && { ttl }),
    ...(grace !== undefined && { grace }),
  };
}

function messageOf({
  id,
  resources,
  locker,
  priority,
  value,
  ttl,
  grace,
  standing,
}: HoldingClaim): ClaimMessage {
  return {
    ...{ id, resources, locker, priority, once: !standing },
    ...(value !== undefined && { value }),
    ...(ttl !== undefined && { ttl }),
    ...(grace !== undefined && { grace }),
  };
}
