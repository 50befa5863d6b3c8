// A house for tests of faults: a broker, two processes that may decide and three that may not, each over a network of its
// own, and all of them change a state that only a lock guards, whatever happens meanwhile.
import assert from 'node:assert/strict';
import type { BrokerKind, FaultBroker } from './fault-broker';
import { FaultHistory } from './fault-history';
import type { LockSettings } from './fault-messages';
import { FaultQueue } from './fault-queue';
import { LockProcess } from './lock-process';
import { startProxy, type TcpProxy } from './mqtt-proxy';

/** For a machine that does much else. */
const PATIENCE_MS = 60_000;
/** Changes after which work is seen to go on. */
const ENOUGH = 3;
const MOST_LINES = 40;
const CANDIDATES = 2;
const PROGRAMS = 3;

/** A process, and the network between it and the broker. */
export interface Member {
  readonly process: LockProcess;
  readonly network: TcpProxy;
}

type Decide = NonNullable<LockSettings['decide']>;

let houses = 0;

export class FaultHouse {
  readonly #kind: BrokerKind;
  readonly #settings: Partial<LockSettings>;
  readonly #history = new FaultHistory();
  readonly #candidates: Member[] = [];
  readonly #programs: Member[] = [];
  /** Also those that are gone. */
  readonly #all: LockProcess[] = [];
  #names = 0;
  #scenes = 0;
  #broker: FaultBroker | undefined;

  constructor(kind: BrokerKind, settings: Partial<LockSettings>) {
    this.#kind = kind;
    this.#settings = {
      prefix: `house${++houses}`,
      protocolVersion: kind.protocolVersion,
      // Until its session is over, a hold is never taken from a silent holder.
      handoverTimeout: Infinity,
      connectTimeout: PATIENCE_MS,
      ...settings,
    };
  }

  get broker(): FaultBroker {
    if (this.#broker === undefined) throw new Error('there is no broker yet');
    return this.#broker;
  }

  /** All that are there. */
  get members(): readonly LockProcess[] {
    return [...this.#candidates, ...this.#programs].map(({ process }) => process);
  }

  /** Who decides at the moment. */
  get arbiter(): Member {
    return this.#candidateWho((role) => role === 'arbiter');
  }

  /** Who will decide when the arbiter is gone. */
  get heir(): Member {
    return this.#candidateWho((role) => role !== 'arbiter');
  }

  /** Who stands first at the door. */
  get holder(): Member {
    const [first] = this.#programs;
    if (first === undefined) throw new Error('settle first');
    return first;
  }

  async begin(): Promise<void> {
    this.#broker = await this.#kind.start();
  }

  /** A scene for a test: everybody is there, one decides, all work. */
  async settle(): Promise<void> {
    this.#scenes++;
    await Promise.all([
      this.#fill(this.#candidates, CANDIDATES, 'takeover'),
      this.#fill(this.#programs, PROGRAMS, 'never'),
    ]);
    await Promise.any(this.#candidates.map(({ process }) => process.decides()));
    const { process: arbiter } = this.arbiter;
    await Promise.all(this.members.filter((it) => it !== arbiter).map((it) => it.knows(arbiter)));
    for (const it of this.members) it.order({ do: 'work', resource: this.#set });
    await this.works();
  }

  /** All but one that decides stand at a door. */
  queue(): Promise<FaultQueue> {
    const [holder, first, second] = this.#programs.map(({ process }) => process);
    if (holder === undefined || first === undefined || second === undefined) throw new Error('settle first');
    return FaultQueue.form(`door${this.#scenes}`, { holder, first, second, urgent: this.heir.process });
  }

  /** Resolves when everybody, or each of those, has changed the state some more. */
  async works(those: readonly LockProcess[] = this.members): Promise<void> {
    await Promise.all(those.map((it) => it.changes(this.#set, ENOUGH)));
  }

  /** Ends a test. Nothing that must not happen has happened. */
  check(test: { readonly state?: string | undefined } | undefined): void {
    const faults = this.#history.faults();
    if (test?.state === 'failed' || faults.length > 0) console.error(this.#story());
    assert.deepEqual(faults, []);
  }

  async end(): Promise<void> {
    await Promise.all(this.members.map((it) => it.leave()));
    await Promise.all([...this.#candidates, ...this.#programs].map(({ network }) => network.close()));
    await this.#broker?.stop();
  }

  get #set(): string {
    return `set${this.#scenes}`;
  }

  #candidateWho(isSo: (role: string | undefined) => boolean): Member {
    const found = this.#candidates.find(({ process }) => isSo(process.last('role')?.role));
    if (found === undefined) throw new Error(`nobody is so:\n${this.#story()}`);
    return found;
  }

  /** New ones come at once for those that are gone, under other names: the old ones' sessions may not be over. */
  async #fill(members: Member[], count: number, decide: Decide): Promise<void> {
    const gone = members.filter(({ process }) => !process.isUnharmed);
    for (const member of gone) members.splice(members.indexOf(member), 1);
    await Promise.all(gone.map(({ network }) => network.close()));
    const kind = decide === 'never' ? 'program' : 'candidate';
    const names = Array.from({ length: count - members.length }, () => `${kind}${++this.#names}`);
    members.push(...(await Promise.all(names.map((name) => this.#member(name, decide)))));
  }

  /** Connected over a network of its own. */
  async #member(name: string, decide: Decide): Promise<Member> {
    const process = new LockProcess(name, this.#history);
    const network = await startProxy(this.broker.port);
    this.#all.push(process);
    await process.open({ url: network.url, ...this.#settings, decide });
    return { process, network };
  }

  /** What was said, for whoever reads of a test that has failed. */
  #story(): string {
    const linesOf = ({ name, said }: LockProcess) => [
      `${name}:`,
      ...said.slice(-MOST_LINES).map((it) => `  ${JSON.stringify(it)}`),
    ];
    return this.#all.flatMap(linesOf).join('\n');
  }
}
