// The bare peer of the rows over MQTT: the same broker and client library, and nothing of ours between them.
import { connectAsync, type MqttClient } from 'mqtt';

/** Connects as the library does: 3.1.1, clean, and no small write ever waits. */
export async function connectBare(url: string): Promise<MqttClient> {
  const client = await connectAsync(url, { protocolVersion: 4, clean: true, reconnectPeriod: 0 });
  if ('setNoDelay' in client.stream && typeof client.stream.setNoDelay === 'function') {
    client.stream.setNoDelay(true);
  }
  return client;
}

/** Answers each request at once, with what it was asked. */
export async function answerRequests(url: string): Promise<void> {
  const client = await connectBare(url);
  client.on('message', (topic, payload) => {
    client.publish(topic.replace('ask', 'answer'), payload, { qos: 0 });
  });
  await client.subscribeAsync('bare/ask/+', { qos: 0 });
}

/** What it gives back asks once, and resolves when that is answered. */
export async function makeAsker(url: string, name: string): Promise<() => Promise<void>> {
  const client = await connectBare(url);
  let answered: () => void = () => undefined;
  client.on('message', () => answered());
  await client.subscribeAsync(`bare/answer/${name}`, { qos: 0 });
  return () =>
    new Promise((resolve) => {
      answered = resolve;
      client.publish(`bare/ask/${name}`, '{"n":1}', { qos: 0 });
    });
}

/** What it gives back resolves with the moment (of `sharedNow`) at which the next message comes on the topic. */
export async function makeReceiver(url: string, topic: string): Promise<() => Promise<number>> {
  const client = await connectBare(url);
  let received: (at: number) => void = () => undefined;
  client.on('message', () => received(sharedNow()));
  await client.subscribeAsync(topic, { qos: 0 });
  return () =>
    new Promise((resolve) => {
      received = resolve;
    });
}

/** The monotonic clock of this machine, which all its processes share, in ms. */
export function sharedNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
