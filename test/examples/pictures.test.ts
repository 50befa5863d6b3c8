import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OFFICE_LIGHTS, SIDEBAR, takeOfficeLights, takeSidebar } from '../support/pictures';
import { REPOSITORY } from '../support/repository';

const MOST_BYTES = 200_000;

describe('the pictures of the README', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'redlock-pictures-'));

  after(() => rmSync(folder, { recursive: true }));

  it('show the office lights: the alarm has both rooms, the others wait', async () => {
    const file = join(folder, 'office-lights.png');
    const { statuses, covers } = await takeOfficeLights(file);
    const example: readonly { readonly id: string; readonly z?: string }[] = JSON.parse(
      readFileSync(join(REPOSITORY, 'examples/office-lights.json'), 'utf8'),
    );
    const nodes = example.filter(({ z }) => z === 'office-tab').map(({ id }) => id);
    assert.deepEqual(Object.keys(statuses).sort(), nodes.sort());
    assert.equal(statuses['alarm-acquire'], 'mine');
    assert.equal(statuses['motion-acquire'], 'security al… has it');
    assert.equal(statuses['energy-acquire'], 'waits for security…');
    assert.match(String(statuses['kitchen-status']), /^flashing: security/);
    assert.equal(covers, 0);
    checkFile(file, 'office-lights.png', OFFICE_LIGHTS);
  });

  it('show the sidebar: who has what, who waits, and what is held by hand', async () => {
    const file = join(folder, 'sidebar.png');
    const { statuses, rows, covers } = await takeSidebar(file);
    assert.equal(Object.keys(statuses).length, 12);
    assert.match(String(statuses.motion), /^mine until \d\d:\d\d$/);
    assert.equal(statuses.energy, 'waits for Motion');
    assert.equal(statuses.music, 'editor has it');
    assert.equal(rows.length, 4);
    const kitchen = String(rows.find((row) => row.startsWith('kitchen light')));
    assert.match(kitchen, /Motion.*motion.*on .*left.*Evening schedule.*schedule.*Save energy.*energy/);
    const speakers = String(rows.find((row) => row.startsWith('living room speakers')));
    assert.match(speakers, /editor, by hand.*manual.*pause.*3 h 59 min left.*Music/);
    assert.equal(covers, 0);
    checkFile(file, 'sidebar.png', SIDEBAR);
  });
});

/** The new one, and the one of the README, which is to be like it. */
function checkFile(file: string, name: string, { width, height }: Size): void {
  for (const path of [file, join(REPOSITORY, 'docs/pictures', name)]) {
    const png = readFileSync(path);
    assert.equal(png.toString('latin1', 1, 4), 'PNG');
    assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [width, height], path);
    assert.ok(png.length < MOST_BYTES, `${path} has ${png.length} bytes`);
  }
}

type Size = typeof SIDEBAR;
