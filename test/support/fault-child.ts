// Run by a test as a process of its own, to be killed, frozen and cut off: a program with locks over MQTT, which changes
// a state of the test's process that only a lock guards. It notes each moment at which it believes in a lock.
import { LockError, type ResourceSnapshot } from '../../src/library';
import { sleep } from '../../src/protocol';
import { type ConnectedLocks, connectLocks } from '../../src/registry/connect-locks';
import type { Happening, LockSettings, Order } from './fault-messages';

type Lock = Awaited<ReturnType<ConnectedLocks['acquire']>>;
type Marks = readonly string[] | undefined;

/** How often it looks whether it still has a lock. */
const LOOK_MS = 25;
/** How long a change takes at most, and how long the next one waits. */
const CHANGE_MS = 50;
/** After a denial. */
const PAUSE_MS = 50;

class Program {
  readonly #locks: ConnectedLocks;
  readonly #looking: NodeJS.Timeout;
  #isOpen = true;
  /** What it works on; `undefined`: it rests. */
  #work: string | undefined;
  #isAtWork = false;
  #questions = 0;
  #changes = 0;
  readonly #answers = new Map<number, (marks: Marks) => void>();
  readonly #taken = new Map<string, Lock>();
  /** Locks that are not over. */
  readonly #followed = new Set<Lock>();

  constructor(locks: ConnectedLocks) {
    this.#locks = locks;
    locks.onStatus(() => this.#tellRole());
    this.#tellRole();
    this.#looking = setInterval(() => {
      for (const lock of this.#followed) this.#believes(lock);
    }, LOOK_MS);
  }

  async work(wanted: string): Promise<void> {
    this.#work = wanted;
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    for (let resource = this.#work; resource !== undefined; resource = this.#work)
      await this.#workOn(resource);
    this.#isAtWork = false;
  }

  rest(): void {
    this.#work = undefined;
  }

  async take(resource: string, priority: number): Promise<void> {
    try {
      const lock = await this.#acquire(resource, priority);
      this.#taken.set(resource, lock);
      this.#believes(lock);
      this.#say({ is: 'taken', resource, token: lock.token, at: moment() });
      lock.onRelease(({ code }) => this.#say({ is: 'over', resource, code, at: moment() }));
    } catch (error) {
      this.#say({ is: 'denied', resource, code: codeOf(error) });
    }
  }

  give(resource: string): void {
    void this.#taken.get(resource)?.release();
  }

  watch(resource: string): void {
    this.#locks.watch(resource, ({ waitingCount }: ResourceSnapshot) => {
      this.#say({ is: 'waiting', resource, count: waitingCount });
    });
  }

  answer(question: number, marks: Marks): void {
    this.#answers.get(question)?.(marks);
    this.#answers.delete(question);
  }

  async close(): Promise<void> {
    this.rest();
    await this.#locks.close();
    clearInterval(this.#looking);
    this.#say({ is: 'closed' });
    this.#isOpen = false;
  }

  async #acquire(resource: string, priority: number): Promise<Lock> {
    const lock = await this.#locks.acquire(resource, this.#locks.requester, { priority });
    this.#followed.add(lock);
    lock.onRelease(() => this.#followed.delete(lock));
    return lock;
  }

  async #workOn(resource: string): Promise<void> {
    try {
      const lock = await this.#acquire(resource, 0);
      if (this.#believes(lock)) await this.#change(lock, resource);
      await lock.release();
      await sleep(Math.random() * CHANGE_MS);
    } catch (error) {
      this.#say({ is: 'denied', resource, code: codeOf(error) });
      await sleep(PAUSE_MS);
    }
  }

  /** Whether it says that it has the lock; notes when it says so. */
  #believes(lock: Lock): boolean {
    const before = moment();
    if (!lock.isHeld()) return false;
    const [resource = ''] = lock.resources;
    const { token } = lock;
    this.#say({ is: 'believed', belief: { resource, token, before, after: moment() } });
    return true;
  }

  /** Adds a mark to the state, by a read and a write of all of it. */
  async #change(lock: Lock, resource: string): Promise<void> {
    const marks = await this.#ask('read', lock, resource, []);
    if (marks === undefined) return;
    await sleep(Math.random() * CHANGE_MS);
    if (!this.#believes(lock)) return;
    const mark = `${this.#locks.requester} ${++this.#changes}`;
    const answer = await this.#ask('write', lock, resource, [...marks, mark]);
    if (answer !== undefined) this.#say({ is: 'changed', resource, mark });
  }

  #ask(is: 'read' | 'write', { token }: Lock, resource: string, marks: readonly string[]): Promise<Marks> {
    const question = ++this.#questions;
    return new Promise((resolve) => {
      this.#answers.set(question, resolve);
      this.#say({ is, question, resource, token, marks });
    });
  }

  #tellRole(): void {
    const { text } = this.#locks.status();
    this.#say({ is: 'role', role: this.#locks.role(), epoch: this.#locks.epoch(), text });
  }

  #say(happening: Happening): void {
    if (this.#isOpen) process.send?.(happening, ignoreEnd);
  }
}

// Whoever listened has ended, and this process will, too.
function ignoreEnd(): void {
  return;
}

/** Ms of the clock that all processes of this machine share. */
function moment(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function codeOf(error: unknown): string {
  return error instanceof LockError ? error.code : String(error);
}

async function open(settings: LockSettings): Promise<Program | undefined> {
  try {
    const opened = new Program(await connectLocks(settings));
    process.send?.({ is: 'open' } satisfies Happening);
    return opened;
  } catch (error) {
    process.send?.({ is: 'failed', text: String(error) } satisfies Happening);
    return undefined;
  }
}

let program: Program | undefined;

function obey(order: Order): void {
  switch (order.do) {
    case 'open':
      void open(order.settings).then((opened) => {
        program = opened;
      });
      return;
    case 'work':
      void program?.work(order.resource);
      return;
    case 'rest':
      program?.rest();
      return;
    case 'take':
      void program?.take(order.resource, order.priority);
      return;
    case 'give':
      program?.give(order.resource);
      return;
    case 'watch':
      program?.watch(order.resource);
      return;
    case 'close':
      void program?.close();
      return;
    case 'answer':
      program?.answer(order.question, order.marks);
  }
}

process.on('message', (order: Order) => obey(order));
// Nothing of a test may outlive it.
process.on('disconnect', () => process.exit());
