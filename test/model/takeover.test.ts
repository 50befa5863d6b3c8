// The model of the protocol, searched by spin from end to end; and that it finds what it is there to find, by making the
// protocol wrong in one place at a time.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from '../support/repository';

const execute = promisify(execFile);

const MODEL = join(REPOSITORY, 'docs/model/takeover.pml');
/** Of pan: as many MB. */
const MOST_MEMORY = 1_900;

/** Under which faults, and how many of them, it is searched. */
const SAFE: Readonly<Record<string, readonly string[]>> = {
  'three terms': ['EPOCHS=3', 'TOKENS=2'],
  'three grants': ['EPOCHS=2', 'TOKENS=3'],
  'a runtime that dies and starts again': ['EPOCHS=2', 'TOKENS=2', 'CRASHES=1'],
  'tokens that no clock makes grow': ['EPOCHS=2', 'TOKENS=2', 'WRONG_CLOCKS'],
  'holders that are waited for no longer than some time': ['EPOCHS=2', 'TOKENS=2', 'FINITE'],
  'a broker that comes back with its store, an old one or none': [
    'EPOCHS=3',
    'TOKENS=2',
    'RESTARTS=1',
    'FEW',
  ],
};

/** After which faults everybody who waits is granted in the end. */
const LIVE: Readonly<Record<string, readonly string[]>> = {
  'takeovers, and contact that breaks off': ['EPOCHS=2', 'TOKENS=1'],
  'a runtime that dies and starts again': ['EPOCHS=1', 'TOKENS=1', 'CRASHES=1'],
  'a broker that comes back with its store, an old one or none': [
    'EPOCHS=2',
    'TOKENS=1',
    'RESTARTS=1',
    'FEW',
  ],
};

const FAULTS = ['EPOCHS=2', 'TOKENS=2'];
const RESTARTS = ['EPOCHS=3', 'TOKENS=2', 'RESTARTS=1', 'FEW'];

/** What is wrong, with how that is named in the model, and the faults that bring it to light. */
const WRONG: Readonly<Record<string, readonly [flag: string, faults: readonly string[]]>> = {
  'a hold is given on before its holder has yielded': ['NO_YIELD', FAULTS],
  'a hold is believed in for longer than its session': ['LONG_BELIEF', FAULTS],
  'belief counts from when a beat comes back, not from when it was sent': ['FROM_RECEIPT', FAULTS],
  'an arbiter tells its own runtime of a grant before its state has come back': ['NO_ECHO', FAULTS],
  'a grant is told before its state is published': ['TOLD_FIRST', FAULTS],
  'a new arbiter takes sessions for over that it has not heard of yet': ['NO_PATIENCE', FAULTS],
  'what was told before the last hello still counts': ['ANY_STREAM', FAULTS],
  'a hello lists a hold that is believed in no more': ['STALE_HELLO', FAULTS],
  'every store is trusted': ['NO_TRUST', RESTARTS],
  'a store is trusted by whoever has heard any arbiter': ['ANY_WITNESS', RESTARTS],
  'a store is trusted that is older than the last arbiter': ['OLDER_TERM', RESTARTS],
  'a store is trusted by a connection that may be dead': ['DEAD_WATCH', RESTARTS],
  'a term is shown before its states': ['TERM_FIRST', RESTARTS],
};

interface Search {
  readonly flags: readonly string[];
  /** Of what comes of it when faults have stopped. */
  readonly isLive?: boolean;
  /** How far pan is optimised: that takes longer than to search until something wrong is found. */
  readonly level?: '-O0';
}

/** At a time: each needs a core to itself. */
const LANES = Math.min(2, availableParallelism());

describe('the model of the protocol', function () {
  // It computes all the time; how long that takes is the machine's business.
  this.timeout(600_000);
  const searches: Search[] = [];
  const said = new Map<Search, Promise<string>>();
  let folder = '';

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'priority-redlock-model-'));
    const lanes = Array.from({ length: LANES }, () => Promise.resolve());
    for (const [index, search] of searches.entries()) {
      const lane = index % LANES;
      const result = (lanes[lane] ?? Promise.resolve()).then(() => run(search, join(folder, `${index}`)));
      said.set(search, result);
      // Whoever waits for it is told of its failure.
      lanes[lane] = result.then(
        () => undefined,
        () => undefined,
      );
    }
  });

  after(async () => {
    await Promise.allSettled(said.values());
    rmSync(folder, { recursive: true });
  });

  /** A test of what pan says of the model with these flags. */
  function searching(title: string, search: Search, check: (said: string) => void): void {
    searches.push(search);
    it(title, async () => check((await said.get(search)) ?? ''));
  }

  async function run({ flags, isLive = false, level }: Search, cwd: string): Promise<string> {
    mkdirSync(cwd);
    const defines = (isLive ? [...flags, 'CALM'] : flags).map((flag) => `-D${flag}`);
    await execute('spin', ['-a', '-o3', ...defines, MODEL], { cwd });
    const kind = isLive ? ['-DNOFAIR'] : ['-DSAFETY'];
    const limits = ['-DNOREDUCE', '-DREVERSE', `-DMEMLIM=${MOST_MEMORY}`];
    await execute('gcc', [level ?? '-O1', ...kind, ...limits, '-o', 'pan', 'pan.c'], { cwd });
    const { stdout } = await execute('./pan', [...(isLive ? ['-a'] : []), '-m100000', '-w24'], { cwd });
    return stdout;
  }

  function assertWhole(text: string): void {
    assert.match(text, /Full statespace search/);
    assert.match(text, /errors: 0\n/);
    assert.doesNotMatch(text, /not completed|too small|reached -DMEMLIM|out of memory/i);
    const [, states = '0'] = /(\d+) states, stored/.exec(text) ?? [];
    assert.ok(Number(states) > 10_000, text);
  }

  for (const [faults, flags] of Object.entries(SAFE)) {
    searching(
      `never lets two believe that they hold, nor a hold that is believed in be lost: ${faults}`,
      { flags },
      assertWhole,
    );
  }

  for (const [faults, flags] of Object.entries(LIVE)) {
    searching(`grants everybody who waits once faults stop: ${faults}`, { flags, isLive: true }, assertWhole);
  }

  for (const [wrong, [flag, faults]] of Object.entries(WRONG)) {
    searching(`is found wrong where ${wrong}`, { flags: [...faults, flag], level: '-O0' }, assertWrong);
  }

  searching(
    'would be found wrong where a waiter is never granted',
    { flags: ['EPOCHS=1', 'TOKENS=1', 'DEAF'], isLive: true, level: '-O0' },
    assertWrong,
  );

  function assertWrong(text: string): void {
    assert.match(text, /assertion violated.*errors: 1\n/s);
  }
});
