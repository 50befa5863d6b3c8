// Run by a test as a process of its own: opens the journal of a folder, says what it found, and stays until it is killed.
import { Journal } from '../../src/mqtt/journal';
import { systemClock } from '../../src/protocol/system-clock';

async function run(directory: string): Promise<void> {
  let trouble: string | undefined;
  const onTrouble = (text: string | undefined) => {
    trouble = text;
  };
  const journal = new Journal({ directory, clock: systemClock, onTrouble, warn: console.error });
  await journal.start();
  console.log(JSON.stringify({ trouble, topics: [...journal.retained.keys()] }));
  process.stdin.resume();
}

void run(process.argv[2] ?? '');
