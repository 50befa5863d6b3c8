// What a transport said, recorded, and waited for without sleeping.
import type { Transport } from '../../src/mqtt/transport';

export interface Recorded {
  /** `connected`, or why not. */
  readonly connections: string[];
  readonly messages: { readonly topic: string; readonly text: string; readonly retain: boolean }[];
  /** Resolves as soon as something recorded satisfies it; rejects after 10 s. */
  until(satisfied: (recorded: Recorded) => boolean): Promise<void>;
}

export function record(transport: Transport): Recorded {
  const looks = new Set<() => void>();
  const recorded: Recorded = {
    connections: [],
    messages: [],
    until: (satisfied) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          looks.delete(look);
          reject(new Error(`it did not come; recorded: ${JSON.stringify(recorded)}`));
        }, 10_000);
        const look = () => {
          if (!satisfied(recorded)) return;
          looks.delete(look);
          clearTimeout(timer);
          resolve();
        };
        looks.add(look);
        look();
      }),
  };
  const lookAgain = () => {
    for (const look of [...looks]) look();
  };
  transport.onConnection((connected, reason) => {
    recorded.connections.push(connected ? 'connected' : `${reason}`);
    lookAgain();
  });
  transport.onMessage(({ topic, payload, retain }) => {
    recorded.messages.push({ topic, text: Buffer.from(payload).toString(), retain });
    lookAgain();
  });
  return recorded;
}

/** Starts a transport and resolves when it is connected. */
export async function connected<Kind extends Transport>(transport: Kind): Promise<Kind> {
  const recorded = record(transport);
  transport.start();
  await recorded.until(() => transport.connected);
  return transport;
}
