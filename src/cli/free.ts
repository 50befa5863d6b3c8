// Ends holds: one's own that was left standing, or by force whoever's it is.
import type { Place } from './arguments';
import { connectAsDevice, connectAsSession } from './connect';
import { EXIT } from './exit-codes';
import { withdrawClaim } from './standing-claim';
import type { Terminal } from './terminal';

export async function release(place: Place, resources: readonly string[]): Promise<number> {
  const device = await connectAsDevice(place);
  try {
    await withdrawClaim(device, resources);
    return 0;
  } finally {
    await device.connection.stop();
  }
}

/** Ends the hold that is there when it looks, and no other. */
export async function force(place: Place, resource: string, terminal: Terminal): Promise<number> {
  const locks = await connectAsSession(place);
  try {
    const states = await locks.query();
    const held = states.find((state) => state.resource === resource && state.holder !== undefined);
    if (held === undefined) {
      terminal.complain(`nobody holds ${resource}`);
      return EXIT.denied;
    }
    const refused = await locks.force(resource, held.token);
    if (refused === undefined) {
      terminal.say(`${resource}: ${held.holder} holds it no longer`);
      return 0;
    }
    terminal.complain(refused);
    return EXIT.denied;
  } finally {
    await locks.close();
  }
}
