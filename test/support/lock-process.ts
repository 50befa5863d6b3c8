// A program with locks over MQTT in a process of its own, for a test to kill, freeze and cut off.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { bundleProgram } from './bundle-program';
import type { FaultHistory } from './fault-history';
import type { Happening, LockSettings, Order } from './fault-messages';

type Is = Happening['is'];
type Of<Kind extends Is> = Extract<Happening, { readonly is: Kind }>;

/** Those of earlier tests that nothing has happened to: to start one takes a while. */
const idle: ChildProcess[] = [];

export class LockProcess {
  readonly name: string;
  /** All that it has said, in order. */
  readonly said: Happening[] = [];
  readonly #child: ChildProcess;
  readonly #history: FaultHistory;
  readonly #looks = new Set<() => void>();
  readonly #hears = (happening: Happening) => this.#hear(happening);
  /** Nothing has happened to it. */
  #isUnharmed = true;
  #isOpen = false;

  constructor(name: string, history: FaultHistory) {
    this.name = name;
    this.#history = history;
    this.#child = idle.pop() ?? startChild();
    this.#child.on('message', this.#hears);
    this.#child.ref();
    this.#child.channel?.ref();
  }

  /** Connects, and resolves when it knows who decides. */
  async open(settings: LockSettings): Promise<void> {
    this.order({ do: 'open', settings: { ...settings, requester: this.name } });
    const [{ is, ...more }] = await Promise.race([this.next('open', 1, 0), this.next('failed', 1, 0)]);
    if (is === 'failed') throw new Error(`${this.name}: ${JSON.stringify(more)}`);
    this.#isOpen = true;
  }

  order(order: Order): void {
    this.#child.send(order, ignoreEnded);
  }

  /** Resolves with all of a kind that were said since `from`, when there are so many. */
  next<Kind extends Is>(
    kind: Kind,
    count = 1,
    from = this.said.length,
    wanted: (happening: Of<Kind>) => boolean = () => true,
  ): Promise<readonly [Of<Kind>, ...Of<Kind>[]]> {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.said
          .slice(from)
          .filter((happening): happening is Of<Kind> => happening.is === kind)
          .filter(wanted);
        const [first, ...rest] = found;
        if (first === undefined || found.length < count) return;
        this.#looks.delete(look);
        resolve([first, ...rest]);
      };
      this.#looks.add(look);
      look();
    });
  }

  /** The last of a kind, if there was one. */
  last<Kind extends Is>(
    kind: Kind,
    wanted: (happening: Of<Kind>) => boolean = () => true,
  ): Of<Kind> | undefined {
    return this.said.filter((happening): happening is Of<Kind> => happening.is === kind).findLast(wanted);
  }

  /** Resolves when it decides, also if it does already. */
  async decides(): Promise<void> {
    if (this.last('role')?.role === 'arbiter') return;
    await this.next('role', 1, undefined, ({ role }) => role === 'arbiter');
  }

  /** Resolves when it takes part under somebody else who decides. */
  async knows(arbiter: LockProcess): Promise<void> {
    const isSo = ({ role, text }: Of<'role'>) =>
      role === 'participant' && text.endsWith(`; ${arbiter.name} decides`);
    const last = this.last('role');
    if (last !== undefined && isSo(last)) return;
    await this.next('role', 1, undefined, isSo);
  }

  /** Resolves when it has changed this so many times more. */
  async changes(resource: string, count: number): Promise<void> {
    await this.next('changed', count, undefined, (change) => change.resource === resource);
  }

  /** It runs, and is not frozen. */
  get isUnharmed(): boolean {
    return this.#isUnharmed;
  }

  freeze(): void {
    this.#isUnharmed = false;
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#isUnharmed = true;
    this.#child.kill('SIGCONT');
  }

  /** Ends its locks as a user would: it says goodbye. */
  async close(): Promise<void> {
    this.order({ do: 'close' });
    await this.next('closed', 1, 0);
  }

  /** Ends it with -9, also a frozen one. */
  async kill(): Promise<void> {
    this.#isUnharmed = false;
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }

  /** Its test is over: another one may use it, unless something has happened to it. */
  async leave(): Promise<void> {
    if (!this.#isUnharmed || !this.#isOpen) {
      await this.kill();
      return;
    }
    await this.close();
    this.#child.off('message', this.#hears);
    this.#child.unref();
    this.#child.channel?.unref();
    idle.push(this.#child);
  }

  #hear(happening: Happening): void {
    if (happening.is === 'believed') this.#history.believed(this.name, happening.belief);
    else if (happening.is === 'read' || happening.is === 'write') {
      const marks = this.#history.answer(happening);
      this.order({ do: 'answer', question: happening.question, marks });
    } else {
      this.said.push(happening);
      for (const look of [...this.#looks]) look();
    }
  }
}

// The process may have ended meanwhile, which is what these tests are about.
function ignoreEnded(): void {
  return;
}

function startChild(): ChildProcess {
  const { NODE_V8_COVERAGE: _, ...env } = process.env;
  return fork(bundleProgram(require.resolve('./fault-child.ts')), {
    execArgv: [],
    serialization: 'advanced',
    env,
  });
}
