// A whole Node-RED for tests, in a process of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from './mqtt-mosquitto';
import type { NodeRedRuntime } from './node-red-runtimes';

const PATIENCE_MS = 10_000;

/** The folder of the FlowFuse dashboard. */
const DASHBOARD = 'node-red-dashboard';

export interface NodeRedProcess {
  readonly url: string;
  /** Everything it has printed. */
  readonly log: readonly string[];
  /** Resolves when a line that it has printed, or prints, matches; rejects when none does for too long. */
  said(pattern: RegExp): Promise<void>;
  /** Asks the admin API. */
  get(path: string, accept: string): Promise<Response>;
  /** Ends it and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/**
 * Starts a Node-RED on a free port with the settings of a fresh installation, and others on top, and waits until it
 * serves the editor.
 */
export async function startNodeRed(
  runtime: NodeRedRuntime,
  userDir: string,
  others: Readonly<Record<string, unknown>> = {},
): Promise<NodeRedProcess> {
  const port = await freePort();
  const settings = {
    uiHost: '127.0.0.1',
    uiPort: port,
    flowFile: 'flows.json',
    telemetry: { enabled: false },
    editorTheme: { tours: false },
    // It is found beside Node-RED itself, and only its own example needs it.
    nodesExcludes: [DASHBOARD],
    ...others,
  };
  await writeFile(join(userDir, 'settings.js'), `module.exports = ${JSON.stringify(settings)};\n`);
  const log: string[] = [];
  const url = `http://127.0.0.1:${port}`;
  const child = await launch(runtime, userDir, log, url);
  return {
    url,
    log,
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const patience = setTimeout(() => reject(new Error(`not said: ${pattern}`)), PATIENCE_MS);
        const look = () => {
          if (!log.some((line) => pattern.test(line))) return;
          clearTimeout(patience);
          child.off('said', look);
          resolve();
        };
        child.on('said', look);
        look();
      }),
    get: (path, accept) => fetch(`${url}${path}`, { headers: { accept } }),
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
    },
  };
}

/** Resolves when it says, in whatever language, where it serves. */
async function launch(
  runtime: NodeRedRuntime,
  userDir: string,
  log: string[],
  url: string,
): Promise<ChildProcess> {
  const program = join(runtime.home, 'node_modules/node-red/red.js');
  // Its coverage would be that of compiled files, which nobody counts.
  const { NODE_V8_COVERAGE: _, ...env } = process.env;
  const child = spawn(runtime.node, [program, '--userDir', userDir], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const note = (line: string) => {
    log.push(line);
    child.emit('said');
  };
  createInterface(child.stderr).on('line', note);
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`Node-RED ended with ${code}:\n${log.join('\n')}`)));
    createInterface(child.stdout).on('line', (line) => {
      note(line);
      if (line.includes(url)) resolve();
    });
  });
  return child;
}
