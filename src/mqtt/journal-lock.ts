// Who uses a folder: a lock file that names a living process. A process that was killed does not stand in the way of the
// next one, also where its number was given to another one since.
import { randomUUID } from 'node:crypto';
import { link, readFile, readlink, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../protocol/clock';

/** Identifies a process beyond its number, which the system uses again. */
interface Holder {
  readonly pid: number;
  /** Where the number counts: a container has numbers of its own. */
  readonly place: string;
  /** The boot of the machine, and on Linux the tick of it at which the process started. */
  readonly start: string;
  /** Of this very lock. */
  readonly id: string;
}

export interface FolderLock {
  /** Whoever had it before has gone for certain: has let go of it, or was seen to be dead. */
  readonly isSuccessor: boolean;
  /** Whether the lock file is still ours: where numbers cannot be compared, another process may have taken it. */
  isMine(): Promise<boolean>;
  release(): Promise<void>;
}

/** What comes of a try: the pid of the living process that has it, or the lock. */
type Taken = { readonly holder: number } | Pick<FolderLock, 'isSuccessor'>;

const BOOT = 'boot at ';
/** The clock may have been set a little since. */
const SAME_BOOT_S = 120;

/** Locks that this process has, by their file: its own number proves nothing. */
const own = new Set<string>();

/**
 * Locks a folder by a file in it. Resolves to the lock, or to the pid of the living process that has it. Rejects when
 * nothing can be written there.
 */
export async function lockFolder(directory: string, clock: Clock): Promise<FolderLock | number> {
  const file = join(await realpath(directory), 'in-use.json');
  if (own.has(file)) return process.pid;
  own.add(file);
  const id = randomUUID();
  const isMine = async () => (await readHolder(file))?.id === id;
  let taken: Taken;
  try {
    taken = await tryToLock(file, id, clock);
  } catch (error) {
    own.delete(file);
    throw error;
  }
  if ('holder' in taken) {
    own.delete(file);
    return taken.holder;
  }
  return {
    ...taken,
    isMine,
    async release() {
      own.delete(file);
      if (await isMine()) await rm(file, { force: true });
    },
  };
}

async function tryToLock(file: string, id: string, clock: Clock): Promise<Taken> {
  const { pid } = process;
  const mine: Holder = { pid, place: await place(), start: await startOf(pid, clock), id };
  const draft = `${file}.${id}`;
  await writeFile(draft, JSON.stringify(mine));
  try {
    return await take(draft, file, clock);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Puts the draft in the place of the lock file, unless somebody who lives has it. */
async function take(draft: string, file: string, clock: Clock): Promise<Taken> {
  let isSuccessor = true;
  for (;;) {
    try {
      await link(draft, file);
      return { isSuccessor };
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') return takeWithoutLinks(draft, file, clock);
    }
    const holder = await readHolder(file);
    if (holder !== undefined && (await isAlive(holder, clock))) return { holder: holder.pid };
    isSuccessor = isOfThisMachine(holder);
    await putAside(file, holder);
  }
}

/** File systems that know no links, such as FAT: two starts in the same instant could both win there. */
async function takeWithoutLinks(draft: string, file: string, clock: Clock): Promise<Taken> {
  const holder = await readHolder(file);
  if (holder !== undefined && (await isAlive(holder, clock))) return { holder: holder.pid };
  await rename(draft, file);
  return { isSuccessor: isOfThisMachine(holder) };
}

/** Or of this container before it was started again: what is found dead there is dead. */
function isOfThisMachine(holder: Holder | undefined): boolean {
  return holder?.place.split(' ')[0] === hostname();
}

/** Removes a dead lock, and only that one: between looking and removing somebody else may have taken it over. */
async function putAside(file: string, dead: Holder | undefined): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  const moved = await readHolder(aside);
  // It goes back to its place; where a third one has taken that already, there is nothing to give back.
  if (moved?.id !== dead?.id) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    const holder: unknown = JSON.parse(await readFile(file, 'utf8'));
    return isHolder(holder) ? holder : undefined;
  } catch {
    // Not there, or torn by a crash: nobody has it.
    return undefined;
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, place, start, id }: Partial<Record<keyof Holder, unknown>> = value;
  const areTexts = typeof place === 'string' && typeof start === 'string' && typeof id === 'string';
  return areTexts && typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0;
}

async function isAlive({ pid, place: where, start }: Holder, clock: Clock): Promise<boolean> {
  // Of another container nothing can be known, but that it is usually this one before it was made anew.
  if (where !== (await place())) return false;
  // Ours by number, but no lock of ours: left by a process that had the number before.
  if (pid === process.pid || !exists(pid)) return false;
  const now = await startOf(pid, clock);
  return now === start || Math.abs(bootSeconds(now) - bootSeconds(start)) < SAME_BOOT_S;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

async function place(): Promise<string> {
  try {
    return `${hostname()} ${await readlink('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** On Linux which boot and the tick since it at which the process started; elsewhere roughly when the boot was. */
async function startOf(pid: number, clock: Clock): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    // Behind the name, which may hold anything: the 20th of what follows.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return `${boot.trim()} ${ticks}`;
  } catch {
    return `${BOOT}${Math.round(clock.now().wall / 1000 - uptime())}`;
  }
}

/** `NaN` for a start on Linux, which is near no other. */
function bootSeconds(start: string): number {
  return start.startsWith(BOOT) ? Number(start.slice(BOOT.length)) : Number.NaN;
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
