// `npm start` in a process of its own, with its lamps and locks watched over MQTT.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pressButton } from './buttons';
import { mqttClient, type TestClient } from './mqtt-client';
import { freePort } from './mqtt-mosquitto';
import { REPOSITORY } from './repository';

export interface Started {
  readonly port: number;
  readonly mqttPort: number;
  readonly log: readonly string[];
}

export class Office {
  readonly userDir = mkdtempSync(join(tmpdir(), 'office-lights-'));
  #child: ChildProcess | undefined;
  #started: Started | undefined;
  #watcher: TestClient | undefined;

  /** Starts it as a user does, and waits until it says where to look. */
  async start(): Promise<Started> {
    const port = await freePort();
    const mqttPort = this.#started?.mqttPort ?? (await freePort());
    const log: string[] = [];
    this.#child = run({ PORT: String(port), MQTT_PORT: String(mqttPort), USER_DIR: this.userDir }, log);
    await said(this.#child, log, 'The office lights are running');
    await said(this.#child, log, 'Connected to broker');
    this.#started = { port, mqttPort, log };
    this.#watcher = await mqttClient(`mqtt://127.0.0.1:${mqttPort}`);
    await this.#watcher.subscribe('#');
    return this.#started;
  }

  /** What it has printed. */
  get greeting(): string {
    return this.#started?.log.join('\n') ?? '';
  }

  get watcher(): TestClient {
    if (this.#watcher === undefined) throw new Error('not started');
    return this.#watcher;
  }

  /** Presses the button of an inject node. */
  async press(name: string): Promise<void> {
    await pressButton(`http://127.0.0.1:${this.#started?.port}`, name);
  }

  /** The next state of a lamp that is this one. */
  async lamp(room: string, state: 'ON' | 'OFF'): Promise<void> {
    await this.watcher.nextJson<{ state?: string }>(`zigbee2mqtt/${room}`, (lamp) => lamp.state === state);
  }

  /** Ends the whole Node-RED, as a power cut does. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    await this.#watcher?.close();
    this.#watcher = undefined;
    const child = this.#child;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    process.kill(-child.pid, signal);
    await exit;
  }

  async end(): Promise<void> {
    await this.kill('SIGTERM');
    await rm(this.userDir, { recursive: true, force: true });
  }
}

/** What it prints when it cannot start, and its exit code. */
export async function refused(
  env: Readonly<Record<string, string>>,
): Promise<{ code: number; text: string }> {
  const log: string[] = [];
  const [code] = await once(run(env, log), 'close');
  return { code, text: log.join('\n') };
}

function run(env: Readonly<Record<string, string>>, log: string[]): ChildProcess {
  const { NODE_V8_COVERAGE: _, ...rest } = process.env;
  const tsx = join(REPOSITORY, 'node_modules/.bin/tsx');
  // A process group of its own, so that a kill reaches Node-RED too.
  const child = spawn(tsx, ['scripts/start.ts'], {
    cwd: REPOSITORY,
    env: { ...rest, ...env },
    detached: true,
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      log.push(line);
      child.emit('said');
    });
  }
  return child;
}

function said(child: ChildProcess, log: readonly string[], text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (!log.some((line) => line.includes(text))) return;
      child.off('said', look);
      child.off('exit', fail);
      resolve();
    };
    const fail = () => reject(new Error(`it ended:\n${log.join('\n')}`));
    child.on('said', look);
    child.once('exit', fail);
    look();
  });
}
