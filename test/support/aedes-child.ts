// Run by a test as a process of its own, to be killed: an embedded broker that serves only others, on a given port.
import { EmbeddedBroker } from '../../src/mqtt/embedded-broker';
import { systemClock } from '../../src/protocol';

async function run(directory: string, port: number): Promise<void> {
  const log = { info: () => undefined, warn: (text: string) => console.error(text) };
  const broker = new EmbeddedBroker({ directory, port, clock: systemClock, log });
  await broker.start();
  process.send?.(broker.status.text);
}

process.on('disconnect', () => process.exit());
void run(process.argv[2] ?? '', Number(process.argv[3]));
