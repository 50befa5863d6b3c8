#!/usr/bin/env node
// The command `priority-lock`: locks by priority for shells.
import { readFileSync } from 'node:fs';
import { type Asked, readArguments, UsageError } from './arguments';
import { Unreachable } from './connect';
import { EXIT } from './exit-codes';
import { force, release } from './free';
import { hold } from './hold';
import { look } from './look';
import { terminal } from './terminal';
import { USAGE } from './usage';

async function run(): Promise<number> {
  const asked = readArguments(process.argv.slice(2), process.env);
  if (asked === 'help') terminal.say(USAGE.trimEnd());
  else if (asked === 'version') terminal.say(version());
  else return perform(asked);
  return 0;
}

function perform({ place, task }: Asked): Promise<number> {
  switch (task.verb) {
    case 'hold':
      return hold(place, task, terminal);
    case 'release':
      return release(place, task.resources);
    case 'list':
    case 'watch':
      return look(place, task, terminal);
    case 'force':
      return force(place, task.resource, terminal);
  }
}

function version(): string {
  // The package knows itself by its name, wherever this file is.
  const file = require.resolve('@priority-redlock/node-red/package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}

function explain(error: unknown): number {
  if (error instanceof UsageError) {
    terminal.complain(`${error.message}\nTry priority-lock --help.`);
    return EXIT.usage;
  }
  if (error instanceof Unreachable) {
    terminal.complain(error.message);
    return EXIT.unavailable;
  }
  terminal.complain(error instanceof Error ? String(error.stack) : String(error));
  return 1;
}

// Nothing of the locks keeps a process alive, but this one waits for them.
const awake = setInterval(() => undefined, 60_000);
void run()
  .catch(explain)
  .then((code) => {
    clearInterval(awake);
    process.exitCode = code;
  });
