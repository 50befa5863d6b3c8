// What people ask for in the sidebar, and what they are told of it.
import { ROUTE } from '../../locks-sidebar/shown';
import { api, ask, Refused } from '../red';
import { say } from './words';

export type Deed = 'hold' | 'free' | 'withdraw' | 'take-over' | 'purge';

export function mayWrite(): boolean {
  return api.user.hasPermission('locks.write');
}

/** Has the runtime do it, and says what came of it. */
export async function carryOut(
  deed: Deed,
  registry: string,
  wish: Readonly<Record<string, unknown>>,
): Promise<void> {
  try {
    const { result } = (await ask('POST', `${ROUTE}/${deed}`, { registry, ...wish })) as {
      readonly result: string;
    };
    if (deed !== 'hold') return;
    const isHeld = result === 'granted';
    tell(
      say(isHeld ? 'told.granted' : 'told.waits', { resource: String(wish.resource) }),
      isHeld ? 'success' : 'warning',
    );
  } catch (error) {
    tell(sayFailure(error), 'error');
  }
}

export function sayFailure(error: unknown): string {
  if (!(error instanceof Refused)) return String(error);
  if (error.status === 401 || error.status === 403) return say('error.forbidden');
  return error.message === '' ? say('error.silent') : say('error.refused', { reason: error.message });
}

/** Notifications are HTML. */
function tell(text: string, type: 'success' | 'warning' | 'error'): void {
  const safe = document.createElement('span');
  safe.textContent = text;
  api.notify(safe.innerHTML, type);
}
