// What a broker retains: in memory, and in a file to which it is appended before it is acknowledged. What was
// acknowledged survives the end of the process, however it comes; a power cut may cost the last second, unless
// `syncEach` is set. Trouble with the file never stops anything: then it is memory alone, and said so.
import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock, Timer } from '../protocol/clock';
import { errorText } from './error-text';
import { GroupCommit } from './journal-commit';
import { encodeLine, type Retained, readJournal } from './journal-format';
import { type FolderLock, lockFolder } from './journal-lock';

export interface JournalOptions {
  /** A folder of its own; made when it is not there. */
  readonly directory: string;
  readonly clock: Clock;
  /** Acknowledges only what the disk has confirmed: safe from power cuts, at the price of a disk flush per batch. */
  readonly syncEach?: boolean;
  /** The file is written anew when it has grown by this, and by twice its size when new. Default 1 MiB. */
  readonly compactAfter?: number;
  /** Called when nothing can be kept any more, with why in words, and with `undefined` when it can again. */
  readonly onTrouble: (trouble: string | undefined) => void;
  /** Called with what somebody should read once. */
  readonly warn: (text: string) => void;
}

const COMPACT_AFTER_BYTES = 1024 * 1024;
const SYNC_MS = 1_000;
const RETRY_MS = 60_000;
/** How many messages are encoded in one go while the file is written anew. */
const CHUNK = 500;

export class Journal {
  readonly #options: JournalOptions;
  readonly #path: string;
  readonly #commit = new GroupCommit((bytes) => this.#write(bytes));
  #retained = new Map<string, Retained>();
  #lock: FolderLock | undefined;
  /** `undefined` while nothing can be written. */
  #file: FileHandle | undefined;
  #bytes = 0;
  #bytesWhenNew = 0;
  #rewriting: Promise<void> | undefined;
  /** What was appended since the file began to be written anew. */
  #tail: Buffer[] = [];
  #syncTimer: Timer | undefined;
  #retryTimer: Timer | undefined;
  #hasTrouble = false;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#path = join(options.directory, 'retained.journal');
  }

  /** The last message of each topic. */
  get retained(): ReadonlyMap<string, Retained> {
    return this.#retained;
  }

  /** Reads what is there, and opens it for more. Never rejects: what cannot be read or written is told. */
  async start(): Promise<void> {
    const holder = await this.#takeFolder();
    if (holder !== undefined) this.#tell(`is in use by another process (pid ${holder})`);
    else await this.#read();
  }

  /** Retains a message, or forgets the topic of an empty one; calls back when that and all before it is written. */
  append(entry: Retained, done: () => void): void {
    if (entry.payload.length === 0) this.#retained.delete(entry.topic);
    else this.#retained.set(entry.topic, entry);
    this.#commit.append(encodeLine(entry), done);
  }

  /** Calls back when everything before it is written: at once when nothing is under way. */
  after(done: () => void): void {
    this.#commit.after(done);
  }

  /** Writes what is left, and lets go of the folder. */
  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.after(resolve));
    await this.#rewriting;
    this.#syncTimer?.cancel();
    this.#retryTimer?.cancel();
    await this.#commit.between(() => this.#close());
    await this.#lock?.release();
    this.#lock = undefined;
  }

  /** Gives the pid of the process that has it, if one has. */
  async #takeFolder(): Promise<number | undefined> {
    const { directory, clock } = this.#options;
    try {
      await makeFolder(directory);
      const lock = await lockFolder(directory, clock);
      if (typeof lock === 'number') return lock;
      this.#lock = lock;
    } catch (error) {
      this.#tell(`cannot be written (${errorText(error)})`);
    }
    return undefined;
  }

  async #read(): Promise<void> {
    try {
      const bytes = await readOrNothing(this.#path);
      const { retained, damaged, torn } = readJournal(bytes);
      this.#retained = retained;
      if (damaged > 0) this.#options.warn(`${this.#path}: damaged lines were left out: ${damaged}`);
      if (this.#lock === undefined) return;
      if (damaged > 0 || torn) await this.#rewriteNow();
      else this.#adopt(await open(this.#path, 'a'), bytes.length, 0);
    } catch (error) {
      this.#tell(`cannot be read (${errorText(error)})`);
    }
  }

  #adopt(file: FileHandle, bytes: number, bytesWhenNew: number): void {
    this.#file = file;
    this.#bytes = bytes;
    this.#bytesWhenNew = bytesWhenNew;
  }

  async #write(bytes: Buffer): Promise<void> {
    if (this.#rewriting !== undefined) this.#tail.push(bytes);
    const file = this.#file;
    if (file === undefined) return;
    try {
      await file.appendFile(bytes);
      if (this.#options.syncEach) await file.datasync();
    } catch (error) {
      await this.#fail(error);
      return;
    }
    this.#syncSoon();
    this.#bytes += bytes.length;
    const { compactAfter = COMPACT_AFTER_BYTES } = this.#options;
    const isLong = this.#bytes > compactAfter + 3 * this.#bytesWhenNew;
    if (isLong && this.#retryTimer === undefined) void this.#rewriteNow();
  }

  #syncSoon(): void {
    this.#syncTimer ??= this.#options.clock.setTimer(SYNC_MS, () => {
      this.#syncTimer = undefined;
      void this.#sync();
    });
  }

  /** Flushes to the disk while appending goes on; and looks whether the folder is still ours. */
  async #sync(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    try {
      await file.datasync();
      if (!(await this.#isMine())) throw new Error('another process has taken it over');
    } catch (error) {
      if (file === this.#file) void this.#commit.between(() => this.#fail(error));
    }
  }

  async #isMine(): Promise<boolean> {
    return this.#lock !== undefined && (await this.#lock.isMine());
  }

  /** Writes the file anew, with only what is retained now; appending goes on meanwhile. Never rejects. */
  #rewriteNow(): Promise<void> {
    this.#rewriting ??= this.#rewrite().finally(() => {
      this.#rewriting = undefined;
      this.#tail = [];
    });
    return this.#rewriting;
  }

  async #rewrite(): Promise<void> {
    const draft = `${this.#path}.new`;
    try {
      if (!(await this.#isMine())) throw new Error('another process has taken it over');
      await rm(draft, { force: true });
      const file = await open(draft, 'a');
      try {
        await this.#writeAll(file);
        await this.#commit.between(() => this.#swap(draft, file));
      } finally {
        if (file !== this.#file) await file.close();
      }
    } catch (error) {
      await this.#postpone(error);
    }
  }

  /** Goes on with the file as it is, if there is one and it is ours. */
  async #postpone(error: unknown): Promise<void> {
    if (this.#file === undefined || !(await this.#isMine())) {
      await this.#commit.between(() => this.#fail(error));
      return;
    }
    this.#options.warn(`${this.#path} cannot be written anew (${errorText(error)}), and grows`);
    this.#retryLater();
  }

  async #writeAll(file: FileHandle): Promise<void> {
    const entries = [...this.#retained.values()];
    for (let start = 0; start < entries.length; start += CHUNK) {
      await file.appendFile(Buffer.concat(entries.slice(start, start + CHUNK).map(encodeLine)));
    }
    await file.sync();
  }

  /** Between two batches: puts the new file in the place of the old one. */
  async #swap(draft: string, file: FileHandle): Promise<void> {
    try {
      await file.appendFile(Buffer.concat(this.#tail));
      await file.datasync();
      await this.#close();
      await rename(draft, this.#path);
      await syncFolder(this.#options.directory);
      const { size } = await file.stat();
      this.#adopt(file, size, size);
      this.#tell(undefined);
    } catch (error) {
      await this.#fail(error);
    }
  }

  /** Goes on in memory alone, and tries again later to write all of it. */
  async #fail(error: unknown): Promise<void> {
    await this.#close();
    this.#tell(`cannot be written (${errorText(error)})`);
    if (await this.#isMine()) this.#retryLater();
  }

  #retryLater(): void {
    this.#retryTimer ??= this.#options.clock.setTimer(RETRY_MS, () => {
      this.#retryTimer = undefined;
      void this.#rewriteNow();
    });
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    try {
      await file?.datasync();
    } catch (error) {
      this.#options.warn(`${this.#path}: ${errorText(error)}`);
    } finally {
      // Of a file that is broken nothing more can be said than that.
      await file?.close().catch(() => undefined);
    }
  }

  #tell(what: string | undefined): void {
    if (what === undefined && !this.#hasTrouble) return;
    this.#hasTrouble = what !== undefined;
    const { directory, onTrouble } = this.#options;
    onTrouble(what && `${directory} ${what}: what the broker retains is not kept over a restart`);
  }
}

/** Makes it with all above it. (Node's own way to do so never ends where the system allows no folders, as in /proc.) */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path);
  }
}

async function readOrNothing(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return Buffer.alloc(0);
    throw error;
  }
}

/** So that the new name of a file survives a power cut. */
async function syncFolder(directory: string): Promise<void> {
  // Windows has no such thing.
  if (process.platform === 'win32') return;
  const folder = await open(directory, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
