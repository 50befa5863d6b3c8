// A Mosquitto as it comes from the package manager, with the two lines of configuration that it does not work without.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../test/support/mqtt-mosquitto';

export interface Broker {
  readonly url: string;
  stop(): Promise<void>;
}

const PROGRAM = '/usr/sbin/mosquitto';

export async function startBroker(): Promise<Broker> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-mqtt-'));
  const port = await freePort();
  const conf = join(dir, 'mosquitto.conf');
  writeFileSync(conf, `listener ${port} 127.0.0.1\nallow_anonymous true\n`);
  const child = spawn(PROGRAM, ['-c', conf], { stdio: ['ignore', 'ignore', 'pipe'] });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`mosquitto ended with ${code}`)));
    createInterface(child.stderr).on('line', (line) => {
      if (/mosquitto version .* running/.test(line)) resolve();
    });
  });
  return {
    url: `mqtt://127.0.0.1:${port}`,
    async stop() {
      const exit = once(child, 'exit');
      child.kill();
      await exit;
      rmSync(dir, { recursive: true });
    },
  };
}
