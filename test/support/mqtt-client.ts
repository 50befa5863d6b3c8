// A plain MQTT client for tests: what a device or a watcher sees. Everything is waited for, nothing is slept for.
import { randomUUID } from 'node:crypto';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { topicMatcher } from '../../src/mqtt/topic-filter';

export interface Seen {
  readonly topic: string;
  readonly text: string;
  readonly retain: boolean;
  readonly qos: number;
}

const PATIENCE_MS = 10_000;

export class TestClient {
  readonly mqtt: MqttClient;
  /** Everything that came, in order. */
  readonly seen: Seen[] = [];
  /** The last message of each topic. */
  readonly latest = new Map<string, Seen>();
  readonly #listeners = new Set<() => void>();
  #taken = new Set<Seen>();

  constructor(mqtt: MqttClient) {
    this.mqtt = mqtt;
    mqtt.on('message', (topic, payload, { retain, qos }) => {
      const message = { topic, text: payload.toString(), retain, qos };
      this.seen.push(message);
      this.latest.set(topic, message);
      for (const listener of [...this.#listeners]) listener();
    });
  }

  async subscribe(...filters: string[]): Promise<void> {
    await this.mqtt.subscribeAsync(filters, { qos: 1 });
  }

  async publish(
    topic: string,
    payload: unknown,
    options: { retain?: boolean; qos?: 0 | 1 } = {},
  ): Promise<void> {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    await this.mqtt.publishAsync(topic, text, { qos: options.qos ?? 1, retain: options.retain ?? false });
  }

  /** The first message on a topic, seen or to come, that matches and that no earlier `next` has given. */
  async next(filter: string, wanted: (message: Seen) => boolean = () => true): Promise<Seen> {
    const matches = topicMatcher(filter);
    const find = () => this.seen.find((it) => !this.#taken.has(it) && matches(it.topic) && wanted(it));
    const found = await this.#until(find, `a message on ${filter}`);
    this.#taken.add(found);
    return found;
  }

  /** As `next`, with the payload read as JSON. */
  async nextJson<Payload = Readonly<Record<string, unknown>>>(
    filter: string,
    wanted: (payload: Payload) => boolean = () => true,
  ): Promise<Payload> {
    const message = await this.next(filter, ({ text }) => text !== '' && wanted(JSON.parse(text)));
    return JSON.parse(message.text);
  }

  /** What is retained under a filter, by topic: all of it, on any broker. */
  async retained(filter: string): Promise<ReadonlyMap<string, string>> {
    const marker = `marker/${randomUUID()}`;
    await this.publish(marker, 'end', { retain: true });
    const start = this.seen.length;
    // In one packet: what is retained comes in the order of the filters.
    await this.subscribe(filter, marker);
    const times = topicMatcher(filter)(marker) ? 2 : 1;
    const replayed = () => this.seen.slice(start).filter(({ retain }) => retain);
    const all = () => replayed().filter(({ topic }) => topic === marker).length === times || undefined;
    await this.#until(all, `what is retained under ${filter}`);
    await this.mqtt.unsubscribeAsync([filter, marker]);
    await this.publish(marker, '', { retain: true });
    const messages = replayed().filter(({ topic }) => topic !== marker);
    return new Map(messages.map(({ topic, text }) => [topic, text]));
  }

  async close(): Promise<void> {
    await this.mqtt.endAsync();
  }

  #until<Found>(find: () => Found | undefined, what: string): Promise<Found> {
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.#listeners.delete(look);
      };
      const look = () => {
        const found = find();
        if (found === undefined) return;
        done();
        resolve(found);
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`${what} did not come; seen:\n${this.seen.map(show).join('\n')}`));
      }, PATIENCE_MS);
      this.#listeners.add(look);
      look();
    });
  }
}

/** Connects, or rejects with the reason. */
export async function mqttClient(url: string, options: IClientOptions = {}): Promise<TestClient> {
  const mqtt = await connectAsync(url, { reconnectPeriod: 0, queueQoSZero: false, ...options }, false);
  return new TestClient(mqtt);
}

function show({ topic, text, retain }: Seen): string {
  return `${topic} ${text.slice(0, 200)}${retain ? ' (retained)' : ''}`;
}
