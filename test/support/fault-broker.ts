// Brokers as processes of their own, which a test can kill, and start again with what they had kept, with nothing, or
// with what they had kept some time ago.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleProgram } from './bundle-program';
import { freePort, startMosquitto } from './mqtt-mosquitto';

export interface FaultBroker {
  readonly port: number;
  /** Ends it with -9. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** What it has kept, for `restore`. */
  copyStore(): void;
  /** While it is dead. */
  restoreStore(): void;
  /** While it is dead. */
  forgetStore(): void;
  stop(): Promise<void>;
}

export interface BrokerKind {
  readonly name: string;
  readonly protocolVersion: 4 | 5;
  start(): Promise<FaultBroker>;
}

export const BROKERS: readonly BrokerKind[] = [
  { name: 'Mosquitto (3.1.1)', protocolVersion: 4, start: mosquitto },
  { name: 'Mosquitto (5)', protocolVersion: 5, start: mosquitto },
  { name: 'aedes', protocolVersion: 4, start: aedes },
];

async function mosquitto(): Promise<FaultBroker> {
  const server = await startMosquitto({
    persistence: true,
    // Writes its store on each change: else a second and more is missing after a kill.
    settings: ['allow_anonymous true', 'autosave_on_changes true', 'autosave_interval 1'],
    logs: 'few',
  });
  const { port, dir } = server;
  return {
    port,
    kill: () => server.kill(),
    start: () => server.start(),
    ...storeIn(dir, (name) => name === 'mosquitto.db'),
    stop: async () => {
      await server.stop();
      rmSync(copyOf(dir), { recursive: true, force: true });
    },
  };
}

async function aedes(): Promise<FaultBroker> {
  const dir = mkdtempSync(join(tmpdir(), 'aedes-'));
  const port = await freePort();
  const program = bundleProgram(require.resolve('./aedes-child.ts'));
  let child: ChildProcess | undefined;
  const start = async () => {
    child = fork(program, [dir, String(port)], { execArgv: [] });
    const [text] = await once(child, 'message');
    if (!String(text).endsWith(`:${port}`)) throw new Error(String(text));
  };
  const kill = async () => {
    const running = child;
    child = undefined;
    if (running === undefined) return;
    const exit = once(running, 'exit');
    running.kill('SIGKILL');
    await exit;
  };
  await start();
  const stop = async () => {
    await kill();
    for (const folder of [dir, copyOf(dir)]) rmSync(folder, { recursive: true, force: true });
  };
  return { port, kill, start, ...storeIn(dir, () => true), stop };
}

function storeIn(dir: string, isOfStore: (name: string) => boolean) {
  const copy = copyOf(dir);
  const forgetStore = () => {
    for (const name of readdirSync(dir).filter(isOfStore)) rmSync(join(dir, name), { recursive: true });
  };
  return {
    forgetStore,
    copyStore: () => {
      for (const name of readdirSync(dir).filter(isOfStore)) cpSync(join(dir, name), join(copy, name));
    },
    restoreStore: () => {
      forgetStore();
      cpSync(copy, dir, { recursive: true });
      rmSync(copy, { recursive: true });
    },
  };
}

function copyOf(dir: string): string {
  return `${dir}-copy`;
}
