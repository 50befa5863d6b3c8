// What moves over a broker between participants and an arbiter, watched, and moved again by processes that do nothing
// else: the same messages, of the same sizes, as often, with the same retain, quality and audience.
import { connectBare } from './mqtt-bare';

/** So many of a kind for each message up; sizes in bytes, on average. */
export interface Share {
  readonly perUp: number;
  readonly size: number;
}

export interface Traffic {
  readonly ups: number;
  /** From participants, QoS 0. */
  readonly up: Share;
  /** To who has sent one, QoS 0. */
  readonly down: Share;
  /** To everybody, QoS 1, retained. */
  readonly state: Share;
  /** To nobody, QoS 0. */
  readonly event: Share;
}

/** So many topics have states. */
const RESOURCES = 1_000;

/** Watches what moves under the prefix, until the function that it gives back tells. */
export async function watchTraffic(url: string, prefix: string): Promise<() => Promise<Traffic>> {
  const client = await connectBare(url);
  const counts = { claims: 0, answers: 0, state: 0, event: 0 };
  const bytes = { ...counts };
  client.on('message', (topic, payload, { retain }) => {
    const kind = topic.split('/').find((level) => level in counts) as keyof typeof counts | undefined;
    if (kind === undefined || retain) return;
    counts[kind]++;
    bytes[kind] += payload.length;
  });
  await client.subscribeAsync(`${prefix}/#`, { qos: 0 });
  const shareOf = (kind: keyof typeof counts): Share => ({
    perUp: counts[kind] / counts.claims,
    size: Math.round(bytes[kind] / Math.max(1, counts[kind])),
  });
  return async () => {
    await client.endAsync();
    const [up, down, state, event] = (['claims', 'answers', 'state', 'event'] as const).map(shareOf);
    if (up === undefined || down === undefined || state === undefined || event === undefined)
      throw new Error('nothing was watched');
    return { ups: counts.claims, up, down, state, event };
  };
}

/** Moves what an arbiter would for each message that comes up. */
export async function echoTraffic(url: string, { down, state, event }: Traffic): Promise<void> {
  const [read, write] = [await connectBare(url), await connectBare(url)];
  const text = { down: 'x'.repeat(down.size), state: 'x'.repeat(state.size), event: 'x'.repeat(event.size) };
  /** By who has sent them: parts of messages, which add up. */
  const owing = new Map<string, { down: number; state: number; event: number }>();
  let resource = 0;
  read.on('message', (topic) => {
    const owed = owing.get(topic) ?? { down: 0, state: 0, event: 0 };
    owing.set(topic, owed);
    for (owed.state += state.perUp; owed.state >= 1; owed.state--) {
      resource = (resource + 1) % RESOURCES;
      write.publish(`bare/state/${resource}`, text.state, { qos: 1, retain: true });
    }
    for (owed.down += down.perUp; owed.down >= 1; owed.down--) {
      write.publish(topic.replace('up', 'down'), text.down, { qos: 0 });
    }
    for (owed.event += event.perUp; owed.event >= 1; owed.event--) {
      write.publish('bare/event', text.event, { qos: 0 });
    }
  });
  await read.subscribeAsync('bare/up/+', { qos: 0 });
}

/** What it gives back sends so many messages up, some at a time, and resolves when they are answered. */
export async function makeLoad(
  url: string,
  name: string,
  { up, down }: Traffic,
): Promise<(count: number, atOnce: number) => Promise<void>> {
  const [write, read, watch] = [await connectBare(url), await connectBare(url), await connectBare(url)];
  await watch.subscribeAsync('bare/state/#', { qos: 0 });
  await read.subscribeAsync(`bare/down/${name}`, { qos: 0 });
  const text = 'x'.repeat(up.size);
  // Where several are answered together, one at a time would never be.
  const fewest = Math.ceil(1 / down.perUp) + 1;
  let answered: () => void = () => undefined;
  read.on('message', () => answered());
  return (count, atOnce) =>
    new Promise((resolve) => {
      let [sent, answers] = [0, 0];
      const most = Math.max(atOnce, fewest);
      const pump = () => {
        const settled = answers / down.perUp;
        // Less than one answer may be owed at the end.
        if (answers >= Math.floor(count * down.perUp) - 1) resolve();
        for (; sent < count && sent - settled < most; sent++)
          write.publish(`bare/up/${name}`, text, { qos: 0 });
      };
      answered = () => {
        answers++;
        pump();
      };
      pump();
    });
}
