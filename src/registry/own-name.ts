// The name of this runtime as a requester, where nobody has given it one: a random one, kept in a file, so that it
// survives restarts and containers that are made anew.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorText } from '../mqtt/error-text';
import { objectToRequester } from '../mqtt/names';
import { randomName } from './chance';

const FILE = 'requester';

/**
 * The name that is kept in the folder, or a new one. `warn` is told once when it cannot be kept, so that a restart will
 * not know the claims of this run for its own.
 */
export function ownName(folder: string | undefined, warn: (text: string) => void): string {
  const name = `node-red-${randomName()}`;
  if (folder === undefined) return name;
  const file = join(folder, FILE);
  try {
    const kept = readName(file);
    if (kept !== undefined) return kept;
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, `${name}\n`);
  } catch (error) {
    warn(`the name ${name} of this Node-RED cannot be kept: ${errorText(error)}`);
  }
  return name;
}

function readName(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const name = readFileSync(file, 'utf8').trim();
  return objectToRequester(name) === undefined ? name : undefined;
}
