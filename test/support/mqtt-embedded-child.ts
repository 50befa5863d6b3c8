// Run by a test as a process of its own: an embedded broker over a folder. It says its port (or its trouble), and stays
// until it is killed; a line on its standard input stops it, after which nothing may keep the process from ending.
import { once } from 'node:events';
import { EmbeddedBroker } from '../../src/mqtt/embedded-broker';
import { systemClock } from '../../src/protocol/system-clock';

async function run(directory: string): Promise<void> {
  const log = { info: () => undefined, warn: (text: string) => console.error(text) };
  const broker = new EmbeddedBroker({ directory, port: 0, clock: systemClock, log });
  await broker.start();
  console.log(JSON.stringify(broker.status));
  await once(process.stdin, 'data');
  await broker.stop();
  process.stdin.unref();
}

void run(process.argv[2] ?? '');
