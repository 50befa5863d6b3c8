// What this runtime was before its start, kept in its folder: the names that it had there, which instance ran last,
// whether others may hold something that it has granted, and above which tokens it has given none.
// Only one process has the folder at a time, so that whoever has it now knows that the one before is dead.
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FormerName, Memory, Remembered } from '../mqtt/arbiter-context';
import { errorText } from '../mqtt/error-text';
import { makeFolder } from '../mqtt/journal';
import { type FolderLock, lockFolder } from '../mqtt/journal-lock';
import { isRecord } from '../mqtt/read-payload';
import type { Clock } from '../protocol';
import type { Past } from './local-registry';

export interface PastOptions {
  readonly folder: string;
  /** Of which broker and prefix. */
  readonly place: string;
  readonly requester: string;
  readonly instance: string;
  readonly clock: Clock;
  readonly warn: (text: string) => void;
}

/** What is kept of one place. */
interface Life {
  readonly requester: string;
  readonly instance: string;
  /** Names under which claims may still be left. */
  readonly former: readonly FormerName[];
  /** Others may hold something. */
  readonly others?: boolean;
  /** No token above it was given. */
  readonly tokenFloor?: number;
}

type Lives = { readonly [place: string]: Life };

const FILE = 'lives.json';
/** Where nothing is known, others may hold anything. */
const NOTHING: Omit<Past, 'close'> = {
  before: {},
  memory: { othersMayHold: true, tokenFloor: 0, note: () => undefined },
  settle: async () => undefined,
};

/** Reads what was, and notes what is now. Never rejects: where nothing can be kept, nothing is known, and that is said. */
export async function openPast(options: PastOptions): Promise<Past> {
  const { folder, warn } = options;
  const shared = share(options);
  let left: Promise<void> | undefined;
  const close = () => {
    left ??= leave(folder, shared);
    return left;
  };
  try {
    const lock = await shared.lock;
    if (typeof lock === 'number') {
      warn(`another Node-RED (pid ${lock}) uses ${folder}: give each of them a user directory of its own`);
      return { ...NOTHING, close };
    }
    return { ...(await remember(options, shared, lock)), close };
  } catch (error) {
    warn(`${folder}: what this Node-RED is called there cannot be kept (${errorText(error)})`);
    return { ...NOTHING, close };
  }
}

async function remember(
  options: PastOptions,
  shared: Shared,
  lock: FolderLock,
): Promise<Omit<Past, 'close'>> {
  const { place, requester, instance, warn } = options;
  await shared.written();
  const last = (await readLives(options.folder))[place];
  const former = last === undefined ? [] : formerOf(last, requester, lock);
  const note = (change: Partial<Life>) =>
    shared.write((lives) => ({ ...lives, [place]: { ...here, ...lives[place], ...change } }));
  const here = { requester, instance, former };
  await note(here);
  const keep = ({ othersMayHold: others, tokenFloor }: Remembered) =>
    void note({ others, tokenFloor }).catch((error: unknown) => warn(said(options, error)));
  const isKnownDead = last?.requester === requester && lock.isSuccessor;
  let isSettled = former.length === 0;
  return {
    before: { former, ...(isKnownDead && { instance: last.instance }) },
    async settle() {
      if (isSettled) return;
      isSettled = true;
      await note({ former: [] }).catch((error: unknown) => warn(said(options, error)));
    },
    memory: memoryOf({ othersMayHold: last?.others ?? false, tokenFloor: last?.tokenFloor ?? 0 }, keep),
  };
}

function said({ folder }: PastOptions, error: unknown): string {
  return `${folder}: ${errorText(error)}`;
}

/** Only what changes is written. */
function memoryOf(last: Remembered, write: (known: Remembered) => void): Memory {
  let known = last;
  return {
    get othersMayHold() {
      return known.othersMayHold;
    },
    get tokenFloor() {
      return known.tokenFloor;
    },
    note(change) {
      const now = { ...known, ...change };
      const isNews = now.othersMayHold !== known.othersMayHold || now.tokenFloor !== known.tokenFloor;
      known = now;
      if (isNews) write(now);
    },
  };
}

/** The instance counts only where it is known to be dead: else whoever has it may be alive. */
function formerOf({ requester, instance, former }: Life, now: string, { isSuccessor }: FolderLock) {
  const last = { name: requester, instance: isSuccessor ? instance : '' };
  return [...former.filter(({ name }) => name !== requester), last].filter(({ name }) => name !== now);
}

/** A folder of this process, with how many registries use it. */
interface Shared {
  readonly lock: Promise<FolderLock | number>;
  uses: number;
  /** Changes what is kept of all places, one after the other. */
  write(change: (lives: Lives) => Lives): Promise<void>;
  /** What was to be written so far is, or cannot be. */
  written(): Promise<void>;
}

const sharedFolders = new Map<string, Shared>();

function share({ folder, clock }: PastOptions): Shared {
  const there = sharedFolders.get(folder);
  if (there !== undefined) {
    there.uses++;
    return there;
  }
  let writing: Promise<void> = Promise.resolve();
  const shared: Shared = {
    lock: makeFolder(folder).then(() => lockFolder(folder, clock)),
    uses: 1,
    write(change) {
      const written = writing.then(async () => writeLives(folder, change(await readLives(folder))));
      // Who wanted it is told that it failed; the next one tries for himself.
      writing = written.catch(() => undefined);
      return written;
    },
    written: () => writing,
  };
  sharedFolders.set(folder, shared);
  return shared;
}

async function leave(folder: string, shared: Shared): Promise<void> {
  shared.uses--;
  await shared.written();
  // Somebody may have come meanwhile, or others may have left with this one.
  if (shared.uses > 0 || sharedFolders.get(folder) !== shared) return;
  sharedFolders.delete(folder);
  // Why there is none was said when it was opened.
  const lock = await shared.lock.catch(() => undefined);
  if (typeof lock === 'object') await lock.release();
}

async function readLives(folder: string): Promise<Lives> {
  try {
    const lives: unknown = JSON.parse(await readFile(join(folder, FILE), 'utf8'));
    return isRecord(lives) ? Object.fromEntries(Object.entries(lives).filter(isLifeEntry)) : {};
  } catch {
    // Not there yet, or not ours: nothing is known.
    return {};
  }
}

async function writeLives(folder: string, lives: Lives): Promise<void> {
  const [file, draft] = [join(folder, FILE), join(folder, `${FILE}.new`)];
  await writeFile(draft, `${JSON.stringify(lives, undefined, 2)}\n`);
  await rename(draft, file);
}

function isLifeEntry(entry: readonly [string, unknown]): entry is [string, Life] {
  const [, life] = entry;
  if (!isRecord(life)) return false;
  const { requester, instance, former, others = false, tokenFloor = 0 } = life;
  const isNamed = typeof requester === 'string' && typeof instance === 'string';
  return isNamed && isFormer(former) && typeof others === 'boolean' && Number.isSafeInteger(tokenFloor);
}

function isFormer(former: unknown): former is readonly FormerName[] {
  if (!Array.isArray(former)) return false;
  return former.every(
    (each) => isRecord(each) && typeof each.name === 'string' && typeof each.instance === 'string',
  );
}
