import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { mqttClient, type TestClient } from '../support/mqtt-client';
import { EmbeddedScene } from '../support/mqtt-embedded';

const seed = Number(process.env.SEED ?? Date.now());

/** Chance from a seed, the same everywhere: a linear congruential generator. */
function chanceFrom(start: number): (below: number) => number {
  let state = start >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Topic {
  /** The last number that was acknowledged, and the last that was sent; an odd one empties the topic. */
  acknowledged: number;
  sent: number;
}

describe(`an embedded broker that is killed (SEED=${seed})`, function () {
  // Six processes one after the other, on a machine that may be busy.
  this.timeout(120_000);
  let scene: EmbeddedScene;
  const children: ChildProcess[] = [];

  beforeEach(() => {
    scene = new EmbeddedScene();
  });

  afterEach(async () => {
    for (const child of children.splice(0)) await kill(child);
    await scene.end();
  });

  async function startChild(): Promise<{ readonly child: ChildProcess; readonly url: string }> {
    const script = require.resolve('../support/mqtt-embedded-child.ts');
    const child = spawn(process.execPath, ['--require', 'tsx', script, scene.directory], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(child);
    const [line] = await once(createInterface(child.stdout), 'line');
    const { address, warning } = JSON.parse(line);
    assert.equal(warning, undefined);
    return { child, url: `mqtt://127.0.0.1:${address.port}` };
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  /** Publishes on random ones of the client's own topics, many at once, until the connection breaks. */
  function flood(
    client: TestClient,
    own: readonly (readonly [string, Topic])[],
    chance: (below: number) => number,
    onAcknowledged: () => void,
  ): void {
    const publishOne = () => {
      const [name, topic] = own[chance(own.length)] ?? [];
      if (name === undefined || topic === undefined || !client.mqtt.connected) return;
      const number = ++topic.sent;
      const payload = number % 7 === 0 ? '' : `${number} ${'x'.repeat(chance(4_000))}`;
      client.mqtt.publish(name, payload, { qos: 1, retain: true }, (error) => {
        if (error) return;
        topic.acknowledged = Math.max(topic.acknowledged, number);
        onAcknowledged();
        publishOne();
      });
    };
    for (let together = 0; together < 20; together++) publishOne();
  }

  it('has every acknowledged message after each restart, and works at once', async () => {
    const chance = chanceFrom(seed);
    const topics = new Map(
      Array.from({ length: 40 }, (_, index) => [`t/${index}`, { acknowledged: 0, sent: 0 }]),
    );
    for (let round = 0; round < 4; round++) {
      const { child, url } = await startChild();
      await check(url, topics);
      const clients = [await mqttClient(url), await mqttClient(url)];
      let missing = 500 + chance(1_000);
      await new Promise<void>((enough) => {
        const onAcknowledged = () => {
          missing -= 1;
          if (missing === 0) enough();
        };
        for (const [index, client] of clients.entries()) {
          // One writer for each topic: between two of them there is no order.
          const own = [...topics].filter((_, at) => at % clients.length === index);
          flood(client, own, chance, onAcknowledged);
        }
      });
      await kill(child);
      for (const client of clients) client.mqtt.end(true);
    }
    const { url } = await startChild();
    await check(url, topics);
    const journal = statSync(`${scene.directory}/retained.journal`).size;
    assert.ok(journal < 3_000_000, `the journal has ${journal} bytes`);
  });

  async function check(url: string, topics: ReadonlyMap<string, Topic>): Promise<void> {
    const client = await mqttClient(url);
    const retained = await client.retained('t/#');
    for (const [name, topic] of topics) {
      const found = retained.get(name);
      const numbers = Array.from(
        { length: topic.sent - topic.acknowledged + 1 },
        (_, index) => topic.acknowledged + index,
      );
      const possible = numbers.map((number) => (number % 7 === 0 ? undefined : String(number)));
      assert.ok(
        possible.includes(found?.split(' ')[0]),
        `${name}: ${found?.slice(0, 10)}, ${JSON.stringify(topic)}`,
      );
      // What was found is what everything goes on from.
      topic.acknowledged = found === undefined ? topic.acknowledged : Number(found.split(' ')[0]);
      topic.sent = Math.max(topic.sent, topic.acknowledged);
    }
    await client.close();
  }

  it('lets its process end when it is stopped, with a client connected', async () => {
    const { child, url } = await startChild();
    const client = await mqttClient(url);
    await client.publish('a', 'x', { retain: true });
    const exit = once(child, 'exit');
    child.stdin?.write('stop\n');
    const [code] = await exit;
    assert.equal(code, 0);
    assert.equal(existsSync(`${scene.directory}/in-use.json`), false);
  });
});
