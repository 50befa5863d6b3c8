// A real Mosquitto for tests: on a free port of this machine, with its files in a directory of its own.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

export interface MosquittoOptions {
  /** Keeps retained messages over restarts; without it every start is a fresh one. */
  readonly persistence?: boolean;
  /** What it logs. Default `all`. */
  readonly logs?: 'all' | 'few';
  /** More lines for the configuration file, before the listener. */
  readonly settings?: readonly string[];
  /** More lines for the listener. */
  readonly listener?: readonly string[];
  /** Files to write beside the configuration, by name; `{dir}` in the lines above is where they are. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface Mosquitto {
  readonly port: number;
  readonly url: string;
  readonly dir: string;
  /** Everything it has logged. */
  readonly log: readonly string[];
  /** Ends it with a signal (default SIGKILL) and waits until it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again, on the same port and with the same files. */
  start(): Promise<void>;
  /** Ends it for good and removes its files. */
  stop(): Promise<void>;
}

/** Starts a Mosquitto and waits until it listens. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const dir = await mkdtemp(join(tmpdir(), 'mosquitto-'));
  const port = await freePort();
  const conf = join(dir, 'mosquitto.conf');
  await writeFile(conf, configuration(options, port).replaceAll('{dir}', dir));
  for (const [name, text] of Object.entries(options.files ?? {})) await writeFile(join(dir, name), text);
  const log: string[] = [];
  let child: ChildProcess | undefined;
  const start = async () => {
    child = await launch(conf, log);
  };
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    const running = child;
    child = undefined;
    if (running === undefined) return;
    const exit = once(running, 'exit');
    running.kill(signal);
    await exit;
  };
  await start();
  const stop = async () => {
    await kill();
    await rm(dir, { recursive: true });
  };
  return { port, url: `mqtt://127.0.0.1:${port}`, dir, log, kill, start, stop };
}

function configuration(options: MosquittoOptions, port: number): string {
  const lines = [
    'log_dest stderr',
    // That it runs is information.
    ...(options.logs === 'few' ? ['log_type error', 'log_type information'] : ['log_type all']),
    // Else it gives up root, and with it the right to its directory.
    'user root',
    ...(options.persistence ? ['persistence true', 'persistence_location {dir}/'] : []),
    ...(options.settings ?? ['allow_anonymous true']),
    `listener ${port} 127.0.0.1`,
    ...(options.listener ?? []),
  ];
  return `${lines.join('\n')}\n`;
}

async function launch(conf: string, log: string[]): Promise<ChildProcess> {
  const child = spawn('/usr/sbin/mosquitto', ['-c', conf], { stdio: ['ignore', 'ignore', 'pipe'] });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`mosquitto ended with ${code}: ${log.slice(-5).join(' | ')}`)),
    );
    createInterface(child.stderr).on('line', (line) => {
      log.push(line);
      if (/mosquitto version .* running/.test(line)) resolve();
    });
  });
  return child;
}

/** A port of this machine that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('no port was free');
  return address.port;
}

/** Runs the real `mosquitto_pub` against a port; rejects with what it prints when it fails. */
export async function mosquittoPub(port: number, ...args: string[]): Promise<void> {
  await promisify(execFile)('mosquitto_pub', ['-h', '127.0.0.1', '-p', String(port), ...args], {
    timeout: 50_000,
  });
}

/** Runs the real `mosquitto_sub -v` until so many messages have come; resolves to its lines, `topic payload` each. */
export async function mosquittoSub(
  port: number,
  count: number,
  ...args: string[]
): Promise<readonly string[]> {
  const all = ['-h', '127.0.0.1', '-p', String(port), '-v', '-C', String(count), '-W', '40', ...args];
  const { stdout } = await promisify(execFile)('mosquitto_sub', all, { timeout: 50_000 });
  return stdout.trimEnd().split('\n');
}
