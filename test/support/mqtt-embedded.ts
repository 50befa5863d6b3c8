// Embedded brokers for tests, each with a folder of its own, and what they log.
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedBroker, type EmbeddedBrokerOptions } from '../../src/mqtt/embedded-broker';
import { systemClock } from '../../src/protocol/system-clock';

export class EmbeddedScene {
  readonly directory = join(mkdtempSync(join(tmpdir(), 'embedded-')), 'broker');
  readonly log: string[] = [];
  readonly #brokers: EmbeddedBroker[] = [];

  /** Starts a broker on a free port, in the folder of this scene. */
  async start(options: Partial<EmbeddedBrokerOptions> = {}): Promise<EmbeddedBroker> {
    const broker = this.make(options);
    await broker.start();
    return broker;
  }

  make(options: Partial<EmbeddedBrokerOptions> = {}): EmbeddedBroker {
    const log = {
      info: (text: string) => void this.log.push(`info: ${text}`),
      warn: (text: string) => void this.log.push(`warn: ${text}`),
    };
    const broker = new EmbeddedBroker({
      directory: this.directory,
      port: 0,
      clock: systemClock,
      log,
      ...options,
    });
    this.#brokers.push(broker);
    return broker;
  }

  async end(): Promise<void> {
    for (const broker of this.#brokers) await broker.stop();
    await rm(join(this.directory, '..'), { recursive: true, force: true });
  }
}

export function portOf(broker: EmbeddedBroker): number {
  const { address, text } = broker.status;
  if (address === undefined) throw new Error(`it does not listen: ${text}`);
  return address.port;
}

export function urlOf(broker: EmbeddedBroker): string {
  return `mqtt://127.0.0.1:${portOf(broker)}`;
}
