// Every program in examples/library, as a process of its own: what it prints, and that it ends by itself.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from '../support/repository';

const EXAMPLES = join(REPOSITORY, 'examples/library');

const STOLEN = 'Lock Stolen by Higher Priority';

/** What each prints. */
const OUTPUT: Readonly<Record<string, readonly string[]>> = {
  'atomic-transactions.js': ['A buncha operations of locker1', 'A buncha operations of locker2'],
  'prioritized-coordination.js': [
    'kitchen lights off',
    'kitchen lights on',
    'save energy: Interrupted by Admin',
    'meeting room lights on',
  ],
  'several-locks.js': [
    `fun kitchen app is over: ${STOLEN} (kitchen light): by sec, priority 100`,
    `fun bedroom app is over: ${STOLEN} (bedroom light): by sec, priority 100`,
    'security lights flash',
    'security has both: true',
  ],
  'office-lights.js': [
    'kitchen: off (save energy)',
    'kitchen: on (motion)',
    'meeting room: on (motion)',
    `save energy: ${STOLEN} (kitchen): by motion, priority 100`,
    'kitchen: flash (security alarm)',
    'meeting room: flash (security alarm)',
    `motion: ${STOLEN} (kitchen, meeting room): by security alarm, priority 900`,
    'kitchen: on (motion)',
    'meeting room: on (motion)',
    'it is quiet',
    'kitchen: off (save energy)',
    'meeting room: off (save energy)',
  ],
  'two-rooms.js': [
    'cook has the kitchen',
    'nap has the bedroom',
    'cleaning has kitchen and bedroom',
    'security has the bedroom',
    `cleaning is over: ${STOLEN} (kitchen, bedroom): by security, priority 900`,
    'the kitchen is free: true',
  ],
  'video-queue.js': [
    'first works on intro',
    'second leaves intro: Lock Already Aquired',
    'first has stored intro',
    'first works on main',
    'second works on main',
    'second has stored main',
    'first has deleted what it had of main',
  ],
};

describe('the example', () => {
  for (const [name, lines] of Object.entries(OUTPUT)) {
    it(name, async () => {
      assert.deepEqual(await run(name), lines);
    });
  }

  it('smart-bulb.js', async () => {
    const lines = await run('smart-bulb.js');
    const stop = lines.indexOf(`-- the party stops: ${STOLEN}`);
    const off = lines.indexOf('-- Alarm off, bulb status: red');
    assert(0 < stop && stop < off, lines.join('\n'));
    // The alarm's own commands are the only ones between.
    assert.deepEqual(
      lines.slice(stop + 1, off).filter((line) => line.startsWith('brightness')),
      ['brightness 50', 'brightness 100', 'brightness 50', 'brightness 100'],
    );
    const party = lines.filter(
      (line, index) => line.startsWith('color') && line !== '' && index !== stop - 1,
    );
    const colors = ['color red', 'color blue', 'color yellow'];
    assert.deepEqual(
      party,
      party.map((_, index) => colors[index % 3]),
    );
    assert.equal(lines.at(-1), 'Bulb broke, rainbow time is over :-( (the bulb has burnt out)');
  });

  it('is run, whichever it is', () => {
    const programs = readdirSync(EXAMPLES).filter((name) => name.endsWith('.js'));
    assert.deepEqual(programs.sort(), [...Object.keys(OUTPUT), 'smart-bulb.js'].sort());
  });
});

async function run(name: string): Promise<readonly string[]> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(EXAMPLES, name)], {
    timeout: 50_000,
  });
  return (stdout + stderr).trim().split('\n');
}
