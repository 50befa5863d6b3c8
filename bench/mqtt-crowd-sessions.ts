// Many sessions as an arbiter sees them, spoken by hand over one connection: what a thousand participants think would
// need a thousand machines, and only their arbiter is to be measured.
import type { MqttClient } from 'mqtt';
import { connectBare } from './mqtt-bare';

const BEAT_MS = 1_000;
/** What may have got lost is said again. */
const AGAIN_MS = 2_000;

interface Tells {
  readonly session: string;
  readonly n?: number;
  readonly tells?: readonly { readonly id: string; readonly answer: { readonly result: string } }[];
}

class HandSession {
  readonly requester: string;
  readonly #client: MqttClient;
  readonly #epoch: number;
  #frames = 0;
  #beats = 0;
  #claims = 0;
  #heard = 0;
  #granted: (id: string) => void = () => undefined;

  constructor(client: MqttClient, requester: string, epoch: number) {
    this.#client = client;
    this.requester = requester;
    this.#epoch = epoch;
  }

  beat(): void {
    const text = JSON.stringify({ session: `of ${this.requester}`, beat: ++this.#beats });
    this.#client.publish(`locks/beat/${this.requester}`, text, { qos: 0 });
  }

  greet(): void {
    this.#send(++this.#frames, [{ op: 'hello' }, { op: 'ready' }]);
    this.beat();
  }

  hear({ n = 0, tells = [] }: Tells): void {
    this.#heard = Math.max(this.#heard, n);
    for (const { id, answer } of tells) if (answer.result === 'granted') this.#granted(id);
  }

  /** Claims a resource of its own, and lets it go when it has it; resolves to how long that took, in ms. */
  async acquire(): Promise<number> {
    const id = `${this.requester} ${++this.#claims}`;
    const message = { resource: `room of ${this.requester}`, locker: 'me', once: true };
    const n = ++this.#frames;
    const say = () => this.#send(n, [{ op: 'claim', id, name: 'room', message, keep: false }]);
    const asked = performance.now();
    const again = setInterval(say, AGAIN_MS);
    await new Promise<void>((resolve) => {
      this.#granted = (which) => {
        if (which === id) resolve();
      };
      say();
    });
    clearInterval(again);
    const took = performance.now() - asked;
    this.#send(++this.#frames, [{ op: 'release', id }]);
    return took;
  }

  #send(n: number, ops: readonly unknown[]): void {
    const head = { v: 1, session: `of ${this.requester}`, epoch: this.#epoch, stream: 1 };
    const text = JSON.stringify({ ...head, n, ack: this.#heard, ops });
    this.#client.publish(`locks/session/${this.requester}/claims`, text, { qos: 0 });
  }
}

/** Opens so many sessions, which beat from now on; what it gives back has all of them acquire once, at the same time. */
export async function openSessions(
  url: string,
  name: string,
  count: number,
): Promise<() => Promise<readonly number[]>> {
  const client = await connectBare(url);
  const epoch = await readEpoch(client);
  const names = Array.from({ length: count }, (_, n) => `${name}-${n}`);
  const sessions = new Map(names.map((requester) => [requester, new HandSession(client, requester, epoch)]));
  client.on('message', (topic, payload) => {
    const [, , requester = ''] = topic.split('/');
    sessions.get(requester)?.hear(JSON.parse(payload.toString()));
  });
  for (const requester of names) {
    await client.subscribeAsync(`locks/session/${requester}/answers`, { qos: 0 });
    const session = sessions.get(requester);
    session?.greet();
    setInterval(() => session?.beat(), BEAT_MS);
  }
  return () => Promise.all([...sessions.values()].map((session) => session.acquire()));
}

async function readEpoch(client: MqttClient): Promise<number> {
  const read = new Promise<number>((resolve) => {
    client.once('message', (_topic, payload) => resolve(JSON.parse(payload.toString()).epoch));
  });
  await client.subscribeAsync('locks/arbiter', { qos: 0 });
  const epoch = await read;
  await client.unsubscribeAsync('locks/arbiter');
  return epoch;
}
