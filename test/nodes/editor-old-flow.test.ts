import assert from 'node:assert/strict';
import { presentVersion } from '../../nodes/shared/settings-version';
import { Editor } from '../support/editor';
import { Hand } from '../support/editor-hand';
import { TAB } from '../support/lock-flow';
import type { FlowNode } from '../support/node-red';

const ATTIC: FlowNode = { id: 'attic', type: 'tab', label: 'Attic', locked: true };
const PLACE = { z: 'tab', registry: 'registry', x: 500 };

/** As the nodes were saved before their settings had numbers. */
const FLOW: readonly FlowNode[] = [
  TAB,
  ATTIC,
  {
    ...{ id: 'registry', type: 'lock-registry', name: 'office', broker: 'none', brokerNode: '', url: '' },
    ...{ bind: '127.0.0.1', port: '1883', prefix: 'locks', requester: '' },
    ...{ levels: [{ id: 'motion', name: 'motion', priority: 100 }], values: [], policy: [] },
  },
  {
    ...{ id: 'go', type: 'inject', z: 'tab', name: '', props: [], repeat: '', crontab: '', once: false },
    ...{ onceDelay: 0.1, topic: '', x: 340, y: 100, wires: [['motion']] },
  },
  {
    ...{ ...PLACE, id: 'motion', type: 'acquire', name: 'Motion', y: 100, wires: [[], [], [], []] },
    ...{ resources: [{ v: 'lamp', t: 'str' }], level: 'motion', levelType: 'level' },
    ...{ value: 'on', valueType: 'str', ttl: '', ttlType: 'none', ttlUnit: 'min', whenLost: 'wait' },
    ...{ whenTaken: 'wait', timeout: '10', timeoutUnit: 's', further: 'renew', owner: '', grace: '0' },
    ...{ graceUnit: 's', several: 'together', restarts: 'auto', announce: true, override: false },
    ...{ maxAttempts: '' },
  },
  {
    ...{ ...PLACE, id: 'release', type: 'release', name: '', mode: 'lock', nodes: ['motion'], y: 200 },
    ...{ resource: '', resourceType: 'str', owner: '', nothing: 'pass', wires: [[]] },
  },
  { ...PLACE, id: 'guard', type: 'lock-guard', name: '', y: 300, wires: [[], []] },
  {
    ...{ ...PLACE, id: 'status', type: 'lock-status', name: '', z: 'attic', y: 100, wires: [[]] },
    ...{ resource: 'lamp', resourceType: 'str', content: 'state', onChange: true },
  },
];

describe('a flow from before settings had numbers', function () {
  this.timeout(120_000);
  let editor: Editor;
  const isDirty = () => editor.page.evaluate('RED.nodes.dirty()');

  before(async () => {
    editor = await Editor.open(FLOW);
  });

  after(() => editor?.close());

  it('opens with nothing to deploy', async () => {
    const all = [...(await editor.nodes()), ...(await editor.nodes('eachConfig'))];
    const odd = all.filter(({ changed, valid }) => changed === true || valid === false);
    assert.deepEqual(odd, []);
    assert.equal(await isDirty(), false);
    assert.deepEqual(editor.complaints, []);
  });

  it('works as it is', async () => {
    const hand = new Hand(editor);
    await hand.press('go');
    await hand.reads('motion', 'mine');
  });

  it('has dialogs that show what is usual where there was nothing, and change nothing', async () => {
    const { page } = editor;
    await editor.edit('motion');
    await page.click('.redlock-more summary');
    await page.check('#node-input-manual');
    assert.equal(await page.inputValue('#node-input-settle'), '2');
    assert.equal(await page.inputValue('#node-input-settleUnit'), 's');
    assert.equal(await page.inputValue('#node-input-reported'), 'payload');
    await page.click('#node-dialog-cancel');
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
    for (const id of ['motion', 'release', 'guard']) {
      await editor.edit(id);
      await editor.save();
      assert.equal((await editor.node(id)).changed ?? false, false, id);
    }
    await editor.editConfig('lock-registry', 'registry');
    assert.equal(await page.inputValue('#node-config-input-decide'), 'alone');
    await page.click('#node-config-dialog-cancel');
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
    assert.equal(await isDirty(), false);
  });

  it('is saved with the numbers by the next deploy, over which it keeps what it has', async () => {
    const { page } = editor;
    await editor.edit('guard');
    await page.fill('#node-input-name', 'still mine?');
    await editor.save();
    await editor.deploy();
    const { flows } = (await page.evaluate('$.getJSON("flows")')) as { readonly flows: readonly FlowNode[] };
    const numbers = Object.fromEntries(flows.map(({ id, version }) => [id, version]));
    const present = (type: string) => presentVersion(type);
    assert.deepEqual(
      [numbers.motion, numbers.release, numbers.guard, numbers.registry],
      [present('acquire'), present('release'), present('lock-guard'), present('lock-registry')],
    );
    // Nothing may change in a flow that is locked.
    assert.equal(numbers.status, undefined);
    await new Hand(editor).reads('motion', 'mine');
    assert.deepEqual(editor.complaints, []);
  });
});
