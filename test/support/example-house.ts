// An example flow in a fresh Node-RED of its own: its buttons are pressed, and its lamps and locks watched over MQTT.
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResourceState } from '../../src/mqtt/messages';
import { pressButton } from './buttons';
import { mqttClient, type TestClient } from './mqtt-client';
import { freePort } from './mqtt-mosquitto';
import { type NodeRedProcess, startNodeRed } from './node-red-process';
import type { NodeRedRuntime } from './node-red-runtimes';
import { REPOSITORY } from './repository';
import { makeUserDir } from './user-dir';

export class ExampleHouse {
  readonly #runtime: NodeRedRuntime;
  readonly #port: number;
  readonly #userDir: string;
  readonly #settings: Readonly<Record<string, unknown>>;
  #nodeRed: NodeRedProcess | undefined;
  #watcher: TestClient | undefined;

  private constructor(runtime: NodeRedRuntime, port: number, flows: string) {
    this.#runtime = runtime;
    this.#port = port;
    this.#userDir = makeUserDir(JSON.parse(flows));
    this.#settings = flows.includes('"ui-base"') ? { nodesExcludes: [] } : {};
  }

  /** Brings an example of this name and starts it, with a port of its own for its broker, or on a broker that is there. */
  static async open(
    runtime: NodeRedRuntime,
    example: string,
    { port, name = '' }: { port?: number; name?: string } = {},
  ): Promise<ExampleHouse> {
    const text = readFileSync(join(REPOSITORY, `examples/${example}.json`), 'utf8');
    const itsPort = port ?? (await freePort());
    const flows = text.replaceAll('1883', `${itsPort}`).replaceAll('${NODE_RED_NAME}', name);
    const house = new ExampleHouse(runtime, itsPort, flows);
    await house.start();
    return house;
  }

  async start(): Promise<void> {
    this.#nodeRed = await startNodeRed(this.#runtime, this.#userDir, this.#settings);
    await this.#nodeRed.said(/Connected to broker/);
    this.#watcher = await mqttClient(`mqtt://127.0.0.1:${this.#port}`);
    await this.#watcher.subscribe('#');
  }

  get url(): string {
    if (this.#nodeRed === undefined) throw new Error('not started');
    return this.#nodeRed.url;
  }

  /** What has been published since it was started. */
  get watcher(): TestClient {
    if (this.#watcher === undefined) throw new Error('not started');
    return this.#watcher;
  }

  async press(name: string): Promise<void> {
    await pressButton(this.url, name);
  }

  /** The next JSON of a topic that has these properties. */
  async sees(topic: string, wanted: Readonly<Record<string, unknown>>): Promise<void> {
    await this.watcher.nextJson(topic, (found) =>
      Object.entries(wanted).every(([key, value]) => found[key] === value),
    );
  }

  /** The next state of a resource in which this one has it, or with `undefined` nobody. */
  async held(resource: string, holder: string | undefined): Promise<ResourceState> {
    return this.watcher.nextJson<ResourceState>(
      `locks/state/${resource}`,
      (state) => state.holder === holder,
    );
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#watcher?.close();
    await this.#nodeRed?.stop(signal);
    this.#watcher = undefined;
    this.#nodeRed = undefined;
  }

  async end(): Promise<void> {
    await this.stop();
    await rm(this.#userDir, { recursive: true, force: true });
  }
}
