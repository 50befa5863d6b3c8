import assert from 'node:assert/strict';
import { Editor } from '../support/editor';
import { acquire, TAB } from '../support/lock-flow';

const REGISTRY = { id: 'registry', type: 'lock-registry', broker: 'none' };

describe('the editor in German', function () {
  this.timeout(120_000);
  let editor: Editor;

  before(async () => {
    // Without the helpers, which no Node-RED but that of the node tests knows.
    const nodes = acquire('motion', { wires: [] }).filter(({ type }) => type === 'acquire');
    editor = await Editor.open([TAB, REGISTRY, ...nodes], 'de');
  });

  after(() => editor?.close());

  it('shows statuses of the runtime in German', async () => {
    const label = '[id="motion"] .red-ui-flow-node-status-label';
    await editor.page.waitForFunction(`document.querySelector('${label}')?.textContent === 'bereit'`);
  });

  it('shows dialogs in German', async () => {
    await editor.edit('motion');
    assert.equal(await editor.page.textContent('label[for="node-input-level"] span'), 'Stufe');
    assert.equal(
      await editor.page.textContent('#node-input-whenLost option:first-child'),
      'warten, bis sie zurückkommt',
    );
    await editor.save();
    assert.deepEqual(editor.complaints, []);
  });

  it('shows help in German', async () => {
    const help = String(await editor.page.evaluate(`RED.nodes.getNodeHelp('acquire')`));
    assert.match(help, /<h3>Ausgangsdaten<\/h3>/);
  });
});
