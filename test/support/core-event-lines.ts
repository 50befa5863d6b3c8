// How an event of the lock table reads as one line, in transcripts and in the tests of the rules.
import type { By, LockEvent } from '../../src/core';

/** The event with everything that it says, except the wording of a `detail`. */
export function eventLine(event: LockEvent): string {
  switch (event.type) {
    case 'granted':
      return words('granted', event.id, `token=${event.token}`, expiry(event.expires), flags(event));
    case 'queued':
      return words('queued', event.id, flags(event));
    case 'denied':
      return words('denied', event.id, refused(event.command), event.reason, cause(event.by));
    case 'revoking':
      return words('revoking', event.id, `until=${event.until}`, cause(event.by), flags(event));
    case 'lost':
      return words('lost', event.id, event.reason, cause(event.by));
    case 'requeued':
      return words('requeued', event.id, cause(event.by));
    case 'released':
      return words('released', event.id);
    case 'changed':
      return words('changed', event.resource);
  }
}

/** The outcomes alone: without what changed, without tokens and without leases. */
export function outcomes(events: readonly LockEvent[]): string[] {
  return events
    .filter((event) => event.type !== 'changed')
    .map((event) => eventLine(event).replace(/ (token|expires)=\S+/g, ''));
}

function words(...parts: string[]): string {
  return parts.filter((part) => part !== '').join(' ');
}

function flags(event: { readonly regained?: boolean; readonly repeated: boolean }): string {
  return words(event.regained ? 'regained' : '', event.repeated ? 'repeated' : '');
}

function expiry(expires: number): string {
  return expires === Infinity ? '' : `expires=${expires}`;
}

function refused(command: string): string {
  return command === 'claim' ? '' : command;
}

function cause(by: By | undefined): string {
  return by ? `by ${by.id ?? by.locker}` : '';
}
