import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Claim, type ClaimListener, createMemoryProtocol, type Notice } from '../../src/protocol';
import { holds, seed } from '../support/core-fast-check';
import { HandClock, promisesSettled } from '../support/hand-clock';
import { describeOutcome, TableProtocol } from '../support/table-protocol';

type Step =
  | { readonly do: 'obtain'; readonly claim: Omit<Claim, 'id'> }
  | { readonly do: 'release' | 'yield'; readonly which: number }
  | {
      readonly do: 'extend';
      readonly which: number;
      readonly priority: number;
      readonly ttl: number | undefined;
    }
  | { readonly do: 'hand over'; readonly resource: string }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'look' };

const common = {
  type: fc.constant('claim' as const),
  locker: fc.constantFrom('s', 't', 'u', 'v', 'w', 'x', 'y', 'z'),
  priority: fc.nat(2),
  value: fc.constantFrom(undefined, 'on'),
  holding: fc.constant(undefined),
};

const simple = fc.record({
  ...common,
  resources: fc.constantFrom(['a'], ['b']),
  ttl: fc.constant(Infinity),
  timeout: fc.constant(Infinity),
  grace: fc.constant(undefined),
  preempt: fc.constant(undefined),
});

const more = {
  resources: fc.constantFrom(['a'], ['b'], ['c'], ['a', 'b'], ['c', 'a']),
  ttl: fc.constantFrom(Infinity, 5, 20),
  timeout: fc.constantFrom(Infinity, 0, 10),
  grace: fc.constantFrom(undefined, 8),
  preempt: fc.constantFrom(undefined, false),
};

/** As a simple one in all but one thing, or in nothing. */
const special = fc.oneof(
  fc.tuple(simple, fc.record(more)).map(([like, other]) => ({ ...like, ...other })),
  ...Object.entries(more).map(([name, values]) =>
    fc.tuple(simple, values).map(([like, value]) => ({ ...like, [name]: value })),
  ),
);

const claim = fc.oneof({ weight: 3, arbitrary: simple }, special);

const which = fc.nat(7);

const obtain = (wanted: typeof claim) => fc.record({ do: fc.constant('obtain' as const), claim: wanted });
const release = fc.record({ do: fc.constant('release' as const), which });
const handOver = fc.record({
  do: fc.constant('hand over' as const),
  resource: fc.constantFrom('a', 'b'),
});

/** Nobody asks for more than simple claims have, so that queues of them grow and shrink. */
const simpleStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: obtain(simple) },
  { weight: 4, arbitrary: handOver },
  release,
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: obtain(claim) },
  { weight: 3, arbitrary: release },
  { weight: 3, arbitrary: handOver },
  fc.record({ do: fc.constant('yield' as const), which }),
  fc.record({
    do: fc.constant('extend' as const),
    which,
    priority: fc.nat(2),
    ttl: fc.constantFrom(undefined, 10),
  }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(10) }) },
  fc.record({ do: fc.constant('look' as const) }),
);

/** Ends with all that wait being handed their resource, one after the other. */
const history = fc
  .tuple(
    fc.array(simpleStep, { maxLength: 30 }),
    fc.array(step, { maxLength: 20 }),
    fc.array(fc.oneof(handOver, release), { minLength: 10, maxLength: 20 }),
  )
  .map((parts) => parts.flat());

describe(`simple claims, which the table does not know of (FC_SEED=${seed})`, function () {
  this.timeout(120_000);

  it('are seen by nobody: grants, tokens and losses are those of the table', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const pair = new Pair();
        for (const each of steps) {
          await pair.run(each);
          // Who is told first of those who are told in one step is not what counts.
          assert.deepEqual([...pair.told].sort(), [...pair.table.told].sort());
        }
      }),
      { seed, numRuns: 1_000 },
    );
  });

  it('leave nothing behind when all are released', () => {
    holds(
      fc.property(fc.array(fc.nat(200), { maxLength: 400 }), (names) => {
        const pair = new Pair();
        for (const name of names) pair.passBy(`resource ${name}`);
        assert.deepEqual(pair.look(), []);
      }),
      0.2,
    );
  });
});

/** The memory protocol and a plain table, given the same. */
class Pair {
  readonly told: string[] = [];
  readonly #clock = new HandClock(1_000);
  readonly table = new TableProtocol(this.#clock);
  readonly #memory = createMemoryProtocol({ clock: this.#clock });
  readonly #claims: Claim[] = [];

  async run(each: Step): Promise<void> {
    switch (each.do) {
      case 'obtain':
        this.#obtain({ id: `claim ${this.#claims.length}`, ...each.claim });
        break;
      case 'release':
      case 'yield':
        this.#end(each.which, each.do);
        break;
      case 'hand over':
        this.#handOver(each.resource);
        break;
      case 'extend':
        this.#extend(each.which, { priority: each.priority, ttl: each.ttl });
        break;
      case 'wait':
        await this.#clock.advance(each.ms);
        this.table.tick();
        break;
      case 'look':
        assert.deepEqual([...this.look()].sort(), [...this.table.states].sort());
    }
    await promisesSettled();
  }

  /** Holds a resource for a moment. */
  passBy(resource: string): void {
    const passing: Claim = {
      ...{ type: 'claim', id: `passing ${this.#claims.length}`, resources: [resource], locker: 'x' },
      ...{ priority: 0, value: undefined, ttl: Infinity, timeout: Infinity },
      ...{ grace: undefined, preempt: undefined, holding: undefined },
    };
    void this.#memory.obtain(passing);
    void this.#memory.release(passing, 'release');
  }

  look(): readonly string[] {
    const seen: string[] = [];
    const stop = this.#memory.watch('#', ({ resource, state, holder, token, since, waitingCount }) => {
      seen.push(`${resource} ${state} ${holder} ${token} ${since} ${waitingCount}`);
    });
    assert(typeof stop === 'function');
    stop();
    return seen;
  }

  #obtain(wanted: Claim): void {
    this.#claims.push(wanted);
    this.table.obtain(wanted);
    this.#memory.listen(wanted, new Ear(wanted.id, this.told));
    const answer = this.#memory.obtain(wanted);
    assert(!(answer instanceof Promise));
    if (answer !== undefined) this.told.push(describeOutcome(wanted.id, answer));
  }

  #end(index: number, how: 'release' | 'yield'): void {
    const ending = this.#claims.at(-1 - index);
    if (ending !== undefined) this.#endOne(ending, how);
  }

  #handOver(resource: string): void {
    const id = this.table.holderOf(resource);
    const holder = this.#claims.find((claim) => claim.id === id);
    if (holder !== undefined) this.#endOne(holder, 'release');
  }

  #endOne(ending: Claim, how: 'release' | 'yield'): void {
    this.table.release(ending, how);
    void this.#memory.release(ending, how);
  }

  #extend(index: number, change: { readonly priority: number; readonly ttl: number | undefined }): void {
    const changing = this.#claims.at(-1 - index);
    if (changing === undefined) return;
    this.table.extend(changing, change);
    void this.#memory.extend(changing, change);
  }
}

class Ear implements ClaimListener {
  readonly #id: string;
  readonly #told: string[];

  constructor(id: string, told: string[]) {
    this.#id = id;
    this.#told = told;
  }

  hear(notice: Notice): void {
    switch (notice.type) {
      case 'granted':
      case 'denied':
        if (notice.type === 'denied' && notice.reason === 'withdrawn') return;
        this.#told.push(describeOutcome(this.#id, notice));
        return;
      case 'lost':
        this.#told.push(`${this.#id} lost: ${notice.reason} ${notice.by?.locker}`);
        return;
      case 'revoking':
        this.#told.push(`${this.#id} revoking by ${notice.by.locker}`);
    }
  }
}
